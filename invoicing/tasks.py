"""Background work of invoicing. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

# With a broker one run may take most of the two minutes between runs. In the process of the
# embedded portal it shares the processor with the pages, so it does little at a time.
_RUN_SECONDS = 100
_IN_PROCESS_LIMIT = 20


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=8)  # type: ignore[untyped-decorator]
def render_invoice_pdf(*, invoice_id: int) -> None:
    """The PDF of one invoice; queue it with `delay_on_commit` after the invoice is written."""
    from invoicing import documents  # noqa: PLC0415 -- leaf

    documents.ensure_invoice_pdf(invoice_id=invoice_id, at=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def render_new_invoices() -> None:
    """PDFs of the newest invoices that have none yet: after an import, and every two minutes.

    A feed of 100 000 invoices thus queues one task, not 100 000. Older ones are made when
    somebody opens them.
    """
    from invoicing import documents  # noqa: PLC0415 -- leaf

    documents.render_newest(
        at=timezone.now(),
        max_seconds=_RUN_SECONDS,
        limit=None if settings.REDIS_URL else _IN_PROCESS_LIMIT,
    )

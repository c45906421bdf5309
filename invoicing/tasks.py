"""Background work of invoicing. Each task calls one service and is safe to run twice."""

from __future__ import annotations

import datetime as dt

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from eboks import clock

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
    """PDFs that are missing: after an import or an issue of invoices, and every two minutes.

    A feed of 100 000 invoices thus queues one task (or PDF_WORKERS of them), not 100 000.
    """
    if not settings.REDIS_URL:
        render_invoices(part=0)
        return
    for part in range(settings.PDF_WORKERS):
        render_invoices.delay(part=part)


@shared_task  # type: ignore[untyped-decorator]
def render_invoices(*, part: int) -> None:
    """Every PDF_WORKERS-th of the missing PDFs, for most of the two minutes between runs.

    One task for each part at a time; a second one would only do the same work beside it.
    """
    from eboks.documents.press import Press  # noqa: PLC0415 -- leaf
    from invoicing import pdf_batches  # noqa: PLC0415

    at = timezone.now()
    if not settings.REDIS_URL:
        pdf_batches.render_missing(at=at, max_seconds=_RUN_SECONDS, limit=_IN_PROCESS_LIMIT)
        return
    turn = f"render-invoices-{part}"
    if not cache.add(turn, True, timeout=_RUN_SECONDS + 10):
        return
    try:
        with Press() as press:
            pdf_batches.render_missing(
                at=at,
                max_seconds=_RUN_SECONDS,
                part=pdf_batches.Part(part, settings.PDF_WORKERS),
                press=press,
            )
    finally:
        cache.delete(turn)


@shared_task(soft_time_limit=3_000, time_limit=3_300)  # type: ignore[untyped-decorator]
def issue_invoices(*, on: str = "") -> None:
    """What is due on day `on` (today by default), where the portal is the issuer; then PDFs.

    Stopped half-way, the next run goes on where it was.
    """
    from invoicing.issuing import running  # noqa: PLC0415 -- leaf

    at = timezone.now()
    day = dt.date.fromisoformat(on) if on else clock.today(at)
    try:
        outcome = running.issue(on=day, at=at)
    except running.AlreadyRunningError:
        return
    if outcome.count or outcome.corrections:
        render_new_invoices.delay()


@shared_task  # type: ignore[untyped-decorator]
def look_after_payments() -> None:
    """Every morning: reports and promises are decided, then due dates are reminded of."""
    from invoicing import paying, reminders  # noqa: PLC0415 -- leaf

    at = timezone.now()
    on = clock.today(at)
    paying.settle_reports_and_promises(company_ids=None, on=on, at=at)
    reminders.send_due_reminders(on=on, at=at)


@shared_task  # type: ignore[untyped-decorator]
def charge_paper_fees() -> None:
    """Every day: the month that is over is charged from the first working day of the next, once.

    Only where the portal issues invoices: elsewhere nothing would ever put the fee on one.
    """
    from invoicing import paper_invoices  # noqa: PLC0415 -- leaf
    from invoicing.issuing.mode import issuer_from  # noqa: PLC0415

    if issuer_from() is None:
        return
    at = timezone.now()
    month = paper_invoices.month_to_charge(clock.today(at))
    if month is not None:
        paper_invoices.charge_paper_fees(month=month, at=at)


@shared_task(soft_time_limit=3_000, time_limit=3_300)  # type: ignore[untyped-decorator]
def import_statements() -> None:
    """Every minute: the bank's files that have arrived in the watched folder are booked."""
    from invoicing.bank import folder  # noqa: PLC0415 -- leaf

    if settings.STATEMENTS_DIR is not None:
        folder.take_over(folder=settings.STATEMENTS_DIR, at=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def ask_balances(*, as_of: str, answer_by: str, actor_id: int | None = None) -> None:
    """Balance confirmations as at a day, of every client that has not been asked yet."""
    from eboks.accounts.models import User  # noqa: PLC0415 -- leaf
    from invoicing import balance_confirmations  # noqa: PLC0415

    balance_confirmations.ask(
        as_of=dt.date.fromisoformat(as_of),
        answer_by=dt.date.fromisoformat(answer_by),
        at=timezone.now(),
        actor=User.objects.filter(pk=actor_id).first() if actor_id else None,
    )


@shared_task  # type: ignore[untyped-decorator]
def settle_what_was_said() -> None:
    """After a feed with payments: reported transfers and promises that they decide."""
    from invoicing import paying  # noqa: PLC0415 -- leaf

    at = timezone.now()
    paying.settle_reports_and_promises(company_ids=None, on=clock.today(at), at=at)


@shared_task  # type: ignore[untyped-decorator]
def follow_feed() -> None:
    """After each feed: entries of the bank's statements are linked to payments that it brought."""
    from invoicing.bank import feed_links  # noqa: PLC0415 -- leaf

    feed_links.follow_feed(at=timezone.now())

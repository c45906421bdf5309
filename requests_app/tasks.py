"""Background work of requests. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task  # type: ignore[untyped-decorator]
def produce(*, request_id: int) -> None:
    """Papers of an approved request; what fails here the sweeper makes."""
    from eboks.documents.pdf import PdfError  # noqa: PLC0415 -- leaf
    from requests_app import producing, sweeping  # noqa: PLC0415

    try:
        producing.produce(request_id=request_id, at=timezone.now())
    except PdfError as error:
        sweeping.log.warning(
            "papers of a request are not made", request=request_id, reason=str(error)
        )


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)  # type: ignore[untyped-decorator]
def scan(*, file_id: int) -> None:
    from requests_app import scanning  # noqa: PLC0415 -- leaf

    scanning.scan(file_id=file_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    from requests_app import sweeping  # noqa: PLC0415 -- leaf

    sweeping.sweep(at=timezone.now())

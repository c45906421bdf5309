"""Background work of the fleet. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from celery import shared_task


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)  # type: ignore[untyped-decorator]
def scan_photo(*, reading_id: int) -> None:
    from contracts.fleet.models import MileageReading  # noqa: PLC0415 -- leaf
    from eboks.documents import antivirus  # noqa: PLC0415

    antivirus.scan(MileageReading.objects.select_related("photo").get(pk=reading_id))


@shared_task  # type: ignore[untyped-decorator]
def scan_photos() -> None:
    """Photos that wait because the antivirus was down."""
    from contracts.fleet.models import MileageReading  # noqa: PLC0415 -- leaf
    from eboks.documents import antivirus  # noqa: PLC0415

    antivirus.scan_waiting(MileageReading.objects.all())

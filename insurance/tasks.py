"""Background work of insurance. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from eboks import clock


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)  # type: ignore[untyped-decorator]
def scan_policy_file(*, file_id: int) -> None:
    """A file that was replaced before its turn is gone, and there is nothing to scan."""
    from eboks.documents import antivirus  # noqa: PLC0415 -- leaf
    from insurance.models import PolicyFile  # noqa: PLC0415

    row = PolicyFile.objects.select_related("document").filter(pk=file_id).first()
    if row is not None:
        antivirus.scan(row)


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)  # type: ignore[untyped-decorator]
def scan_claim_file(*, file_id: int) -> None:
    from insurance import claim_files  # noqa: PLC0415 -- leaf

    claim_files.scan(file_id=file_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Files of policies and claims that wait because the antivirus was down."""
    from eboks.documents import antivirus  # noqa: PLC0415 -- leaf
    from insurance.models import ClaimFile, PolicyFile  # noqa: PLC0415

    if settings.CLAMD_URL:
        antivirus.scan_waiting(PolicyFile.objects.all())
        antivirus.scan_waiting(ClaimFile.objects.all())


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=8)  # type: ignore[untyped-decorator]
def send_policy_alerts() -> None:
    """Each morning: alerts of policies that end, required risks that nobody covers, and a fresh
    copy of the page of claim contacts."""
    from insurance import alerts, claim_page, lapses  # noqa: PLC0415 -- leaf

    at = timezone.now()
    on = clock.today(at)
    alerts.send_policy_alerts(on=on, at=at)
    lapses.look_after_cover(on=on, at=at)
    claim_page.refresh()

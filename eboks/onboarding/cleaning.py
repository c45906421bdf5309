"""Data of people who did not become anybody's: kept for a set time, then gone."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from eboks.audit.services import record
from eboks.documents import storage
from eboks.events import security_event
from eboks.onboarding.models import AccessApplication, ApplicationState


def delete_old_applications(*, at: dt.datetime) -> int:
    """Deletes refused and abandoned applications with their scans; returns how many.

    Refused ones, and those whose author never sent what was missing, go
    `settings.APPLICATION_KEEP_DAYS` after the last change. Accepted ones stay: they are the
    ground of somebody's access.
    """
    before = at - dt.timedelta(days=settings.APPLICATION_KEEP_DAYS)
    over = Q(state__in=[ApplicationState.REFUSED, ApplicationState.NEEDS_MORE])
    rows = AccessApplication.objects.filter(over, changed_at__lt=before)
    with transaction.atomic():
        doomed = list(rows.select_for_update().values_list("pk", "scan_name"))
        if not doomed:
            return 0
        AccessApplication.objects.filter(pk__in=[pk for pk, _scan in doomed]).delete()
        record(event="applications_deleted", at=at, facts={"count": len(doomed)})
    for _pk, scan in doomed:
        if scan:
            storage.delete(scan)
    security_event("applications_deleted", result="ok", count=len(doomed))
    return len(doomed)


def is_scan(name: str) -> bool:
    """Whether a stored file belongs to an application (asked by the check of the store)."""
    return AccessApplication.objects.filter(scan_name=name).exists()

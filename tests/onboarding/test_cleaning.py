"""Personal data of strangers are not kept for ever."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from eboks.audit.models import AuditEntry
from eboks.documents import storage
from eboks.onboarding import applications, cleaning, services, tasks
from eboks.onboarding.applications import ApplicationData
from eboks.onboarding.models import AccessApplication, ApplicationState, Invitation
from eboks.onboarding.scans import Scan
from tests.onboarding.conftest import PHONE

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def application(state):
    row = applications.submit(
        data=ApplicationData("7740001454", "", "ŻUBR", "Ewa", "Lis", "ewa@example.com", PHONE),
        form_key=uuid.uuid4(),
        scan=Scan(b"%PDF-1.4\n%%EOF", "application/pdf", "pdf"),
        language="pl",
        at=START,
    )
    AccessApplication.objects.filter(pk=row.pk).update(state=state)
    return row


def test_refused_and_abandoned_applications_go_with_their_scans(settings):
    rows = {state: application(state) for state in ApplicationState}
    keep = dt.timedelta(days=settings.APPLICATION_KEEP_DAYS)
    assert cleaning.delete_old_applications(at=START + keep) == 0
    assert cleaning.delete_old_applications(at=START + keep + dt.timedelta(seconds=1)) == 2

    left = set(AccessApplication.objects.values_list("state", flat=True))
    assert left == {"submitted", "proposed", "accepted"}
    stored = dict(storage.names())
    gone = {ApplicationState.REFUSED, ApplicationState.NEEDS_MORE}
    assert {state for state, row in rows.items() if row.scan_name not in stored} == gone
    entry = AuditEntry.objects.get(event="applications_deleted")
    assert entry.facts == {"count": 2}


def test_daily_task_closes_links_and_deletes_applications():
    application(ApplicationState.REFUSED)
    user = services.invite(
        email="jan@example.com",
        phone=PHONE,
        first_name="Jan",
        last_name="Nowak",
        invited_by=None,
        at=START,
    )
    tasks.clean()

    assert not AccessApplication.objects.exists()
    assert Invitation.objects.get(user=user).voided_at is not None

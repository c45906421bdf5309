"""A new due day: a new version of the schedule at once, or the core system's business."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from contracts.due_days import keep_due_days
from contracts.models import ScheduleVersion
from eboks.tenancy.rights import Role
from requests_app import deciding
from requests_app.catalogue import RequestError
from requests_app.drafts import form_of
from requests_app.enums import Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed
from tests.requests_app.scheduled import NOW, TODAY, in_force, invoice, lines_of, with_schedule

pytestmark = pytest.mark.django_db
KIND = "due-date-change"
TYPED = {"due_day": "20", "first": "14"}


@pytest.fixture
def here(lessee, settings, time_machine):
    """The portal invoices the contract and makes its schedule."""
    time_machine.move_to(NOW, tick=False)
    settings.ISSUER_CONTRACTS_FROM = dt.date(2025, 1, 1)
    settings.REPRICE_HERE = False
    settings.ISSUE_DAYS_BEFORE_DUE = 14
    return with_schedule(lessee)


def _errors(lessee, **typed):
    form = form_of(draft(KIND, lessee, TYPED | typed), on=TODAY)
    assert not form.is_valid()
    return form.errors


def test_new_schedule_is_there_at_once(here, commits):
    before = in_force(here)
    with commits():
        row = filed(KIND, here, TYPED)

    row.refresh_from_db()
    assert (row.status, row.fee_gross) == (Status.CLOSED, 0)
    after = in_force(here)
    assert (after.number, after.source_system) == (before.number + 1, "portal")
    assert after.reason == "zmiana dnia płatności na 20."
    assert after.annual_rate_pct == before.annual_rate_pct
    old = {(r.kind, r.n): r for r in before.rows.all()}
    new = {(r.kind, r.n): r for r in after.rows.all()}
    assert old.keys() == new.keys()
    assert new["instalment", 13].nominal_due_on == dt.date(2026, 12, 10)
    assert new["instalment", 14].nominal_due_on == dt.date(2027, 1, 20)
    # 20 February 2027 is a Saturday.
    assert new["instalment", 15].effective_due_on == dt.date(2027, 2, 22)
    assert new["buyout", 36].nominal_due_on == dt.date(2028, 10, 20)
    for key, was in old.items():
        now = new[key]
        assert (now.payment, now.interest, now.balance, now.gross) == (
            was.payment,
            was.interest,
            was.balance,
            was.gross,
        )
    here.contract.refresh_from_db()
    assert here.contract.due_day == 20
    assert here.contract.end_on == dt.date(2028, 10, 20)


def test_summary_says_old_and_new_days(here):
    lines = lines_of(filed(KIND, here, TYPED))
    assert lines["Dzień płatności"] == "20. dzień miesiąca zamiast 10."
    assert lines["Pierwsza zmieniona rata"] == "nr 14: 20 stycznia 2027 zamiast 10 stycznia 2027"
    assert lines["Ostatnia rata"] == "nr 35: 20 października 2028 zamiast 10 października 2028"
    assert "nie zmieniają" in lines["Kwoty"]


def test_day_of_today_and_an_invoiced_instalment_are_refused(here):
    assert "due_day" in _errors(here, due_day="10")
    assert "due_day" in _errors(here, due_day="29")
    invoice(here, 14)
    assert "first" in _errors(here)


def test_day_that_comes_before_the_invoice_can_is_refused(here):
    text = str(_errors(here, due_day="5", first="13"))
    assert "za wcześnie" in text
    assert form_of(draft(KIND, here, {"due_day": "5", "first": "14"}), on=TODAY).is_valid()


def test_arrears_are_for_staff(here):
    f.ReceivableItemFactory(
        invoice=invoice(here, 12),
        effective_due_on=dt.date(2026, 11, 10),
        nominal_due_on=dt.date(2026, 11, 10),
    )
    row = filed(KIND, here, TYPED)
    assert (row.status, row.why_review) == (Status.SUBMITTED, "Na umowie jest zaległość.")
    assert in_force(here).number == 1


def test_second_change_in_a_year_is_for_staff(here, commits, clerk):
    with commits():
        filed(KIND, here, TYPED)
    row = filed(KIND, here, {"due_day": "25", "first": "15"})
    assert row.status == Status.SUBMITTED
    assert "w ostatnim roku" in row.why_review
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert in_force(here).number == 3


@pytest.mark.parametrize("who", ["invoices", "schedule"])
def test_what_the_core_system_keeps_is_changed_there(here, settings, commits, clerk, who):
    if who == "invoices":
        settings.ISSUER_CONTRACTS_FROM = None
    else:
        ScheduleVersion.objects.update(source_system="core")
    with commits():
        row = filed(KIND, here, TYPED)
    assert row.status == Status.SUBMITTED
    assert "system główny" in row.why_review

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.APPROVED  # until it has come with the feed
    assert in_force(here).number == 1
    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now())


def test_instalment_that_was_invoiced_meanwhile_stops_the_approval(here, clerk):
    f.ReceivableItemFactory(
        invoice=invoice(here, 12),
        effective_due_on=dt.date(2026, 11, 10),
        nominal_due_on=dt.date(2026, 11, 10),
    )
    row = filed(KIND, here, TYPED)
    invoice(here, 14)
    with pytest.raises(RequestError, match="już na fakturze"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    assert in_force(here).number == 1


def test_twice_is_one_request(here, settings):
    settings.ISSUER_CONTRACTS_FROM = None
    filed(KIND, here, TYPED)
    with pytest.raises(AssertionError, match="w toku"):
        filed(KIND, here, TYPED)


def test_feed_does_not_bring_the_old_day_back(here, commits):
    with commits():
        filed(KIND, here, TYPED)
    contract = here.contract
    type(contract).objects.update(due_day=10, end_on=dt.date(2028, 10, 10))
    load: Any = SimpleNamespace(
        staged={"contracts": 1}, manifest=SimpleNamespace(source_system=contract.source_system)
    )

    keep_due_days(load)

    contract.refresh_from_db()
    assert (contract.due_day, contract.end_on) == (20, dt.date(2028, 10, 20))
    ScheduleVersion.objects.filter(is_current=True).update(source_system="core")
    type(contract).objects.update(due_day=10)
    keep_due_days(load)
    contract.refresh_from_db()
    assert contract.due_day == 10


def test_only_who_may_sign_files_it(client, here):
    clerk = f.MembershipFactory(company=here.company, role=Role.ACCOUNTANT)
    client.force_login(clerk.user)
    assert client.get(f"/wnioski/nowy/{KIND}/").status_code == 403
    client.force_login(f.MembershipFactory().user)
    form_url = f"/wnioski/{draft(KIND, here, TYPED).public_id}/formularz/"
    assert client.get(form_url).status_code == 404
    client.force_login(here.user)
    page = client.get(form_url)
    assert "rata 14, dziś płatna" in page.content.decode()

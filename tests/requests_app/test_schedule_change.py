"""A change of schedule: simulated figures are signed, staff decide, a refusal has its fee."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from contracts.models import ScheduleVersion
from eboks.authorisation.registry import Facts, operation
from eboks.tenancy.rights import Role
from invoicing.models import Charge, FeeLine
from requests_app import deciding, filing
from requests_app.catalogue import RequestError
from requests_app.drafts import form_of
from requests_app.enums import FeeState, Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed, zl
from tests.requests_app.scheduled import NOW, TODAY, in_force, invoice, lines_of, with_schedule

pytestmark = pytest.mark.django_db
KIND = "schedule-change"
TYPED = {
    "wish": "lower",
    "extra": "10000",
    "extra_on": "2026-12-01",
    "count": "",
    "reason": "Sprzedaliśmy halę.",
}


@pytest.fixture
def here(lessee, settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.ISSUER_CONTRACTS_FROM = dt.date(2025, 1, 1)
    return with_schedule(lessee)


def test_what_is_signed_says_the_figures_and_both_fees(here):
    row = filed(KIND, here, TYPED)

    lines = {label: value.replace("\xa0", " ") for label, value in lines_of(row).items()}
    assert lines["Kapitał po racie 13 (10 grudnia 2026)"] == "58 889,87 zł"
    assert lines["Nadpłata tego dnia"] == "−10 000,00 zł"
    assert lines["Rata netto"].endswith("zamiast 2 803,79 zł")
    assert "Ostatnia rata" not in lines  # it stays
    assert lines["Powód"] == "Sprzedaliśmy halę."
    assert lines["Opłata po zgodzie"] == "najwyżej 615,00 zł brutto"
    assert lines["Opłata przy odmowie"] == "246,00 zł brutto (200,00 zł netto), za rozpatrzenie"
    assert (row.status, row.fee_net, row.fee_state) == (Status.SUBMITTED, zl("500"), FeeState.DUE)
    assert row.amount == zl("58889.87")


def test_agreed_fee_lies_within_the_range(here, clerk, commits, settings):
    settings.REQUESTS_TWO_PEOPLE_FROM = zl("100000")
    row = filed(KIND, here, TYPED)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now(), fee=zl("350"))

    row.refresh_from_db()
    assert (row.status, row.fee_state) == (Status.APPROVED, FeeState.CHARGED)
    assert (row.fee_net, row.charge.net) == (zl("350"), zl("350"))
    # The annex and the schedule are staff's to make.
    assert in_force(here).number == 1
    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now())


def test_large_capital_takes_two_of_the_staff(here, clerk, second_clerk, settings):
    settings.REQUESTS_TWO_PEOPLE_FROM = zl("58889.87")
    row = filed(KIND, here, TYPED)
    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.proposed_by) == (Status.SUBMITTED, clerk)
    deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.APPROVED


def test_refusal_costs_the_examination_once(here, clerk):
    row = filed(KIND, here, TYPED)
    deciding.reject(request_id=row.pk, text="Brak zdolności.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.fee_state) == (Status.REJECTED, FeeState.CHARGED)
    assert row.fee_line.code == "request_examined"
    assert (row.fee_net, row.fee_gross) == (zl("200"), zl("246"))
    charge = Charge.objects.get()
    assert (charge.net, charge.contract, charge.fee_line.code) == (
        zl("200"),
        here.contract,
        "request_examined",
    )
    with pytest.raises(RequestError, match="odmowa"):
        deciding.reject(request_id=row.pk, text="Znów.", actor=clerk, at=timezone.now())
    assert Charge.objects.count() == 1


def test_staff_may_waive_the_fee_of_a_refusal(here, clerk):
    row = filed(KIND, here, TYPED)
    deciding.reject(
        request_id=row.pk, text="Nie tym razem.", actor=clerk, at=timezone.now(), waive=True
    )

    row.refresh_from_db()
    assert (row.fee_state, Charge.objects.count()) == (FeeState.WAIVED, 0)


def test_refusal_where_the_core_system_invoices_is_charged_there(here, clerk, settings):
    settings.ISSUER_CONTRACTS_FROM = None
    row = filed(KIND, here, TYPED)
    deciding.reject(request_id=row.pk, text="Nie.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.fee_state, row.fee_net) == (FeeState.CORE, zl("200"))


def test_withdrawn_costs_nothing(here):
    row = filed(KIND, here, TYPED)
    filing.withdraw(request=row, actor=here.user, at=timezone.now())
    row.refresh_from_db()
    assert (row.fee_state, Charge.objects.count()) == (FeeState.FREE, 0)


def test_price_page_shows_the_range_and_the_refusal(client, here):
    client.force_login(here.user)
    page = client.get(f"/wnioski/nowy/{KIND}/?umowa={here.contract.public_id}")
    text = page.content.decode().replace("\xa0", " ")
    assert "najwyżej" in text
    assert "615,00 zł" in text
    assert "246,00 zł" in text
    assert "nie podpiszesz" in text


def test_without_a_price_of_refusal_nobody_starts(client, here):
    FeeLine.objects.filter(code="request_examined").delete()
    client.force_login(here.user)
    page = client.get(f"/wnioski/nowy/{KIND}/", follow=True)
    assert "nie znamy jej ceny" in page.content.decode()


def test_what_cannot_be_counted_cannot_be_filed(here):
    form = form_of(draft(KIND, here, TYPED | {"extra": "99999"}), on=TODAY)
    assert not form.is_valid()
    assert "musi być niższa" in str(form.errors["extra"])
    row = draft(KIND, here, TYPED | {"reason": ""})
    with pytest.raises(RequestError):
        filing.ready(row, at=timezone.now())


def test_new_schedule_meanwhile_makes_the_signature_stale(here):
    row = draft(KIND, here, TYPED)
    prepared = filing.ready(row, at=timezone.now())
    version = in_force(here)
    ScheduleVersion.objects.filter(pk=version.pk).update(is_current=False)
    ScheduleVersion.objects.create(
        contract=here.contract,
        number=2,
        valid_from=TODAY,
        annual_rate_pct=version.annual_rate_pct,
        source_system="portal",
        source_id="2",
        as_of=TODAY,
    )
    with pytest.raises(RequestError):
        filing.ready(row, at=timezone.now())
    assert prepared.facts["kept"] == 13


def test_invoice_meanwhile_changes_what_is_signed(here):
    row = draft(KIND, here, TYPED)
    facts = Facts(user=here.user, company=here.company, payload={"request": str(row.public_id)})
    before = operation(f"request_{KIND}").basis(facts)
    invoice(here, 14)
    after = operation(f"request_{KIND}").basis(facts)
    assert (before["own"]["result"]["kept"], after["own"]["result"]["kept"]) == (13, 14)


def test_second_open_one_is_refused(here):
    filed(KIND, here, TYPED)
    with pytest.raises(AssertionError, match="w toku"):
        filed(KIND, here, TYPED)


def test_stranger_and_a_member_who_does_not_sign(client, here):
    url = f"/wnioski/{draft(KIND, here, TYPED).public_id}/formularz/"
    client.force_login(f.MembershipFactory().user)
    assert client.get(url).status_code == 404
    client.force_login(f.MembershipFactory(company=here.company, role=Role.FINANCE).user)
    assert client.get(f"/wnioski/nowy/{KIND}/").status_code == 403

"""An authorisation to collect a claim payout: signed, decided by staff, with a paper to check."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from eboks import clock
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts
from requests_app.catalogue import RequestError
from requests_app.enums import FeeState, Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed, signed, zl
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db

KIND = "claim-payout"


def day(n: int) -> dt.date:
    """`n` days from today."""
    return clock.today() + dt.timedelta(days=n)


def typed(**other):
    return {
        "claim_number": "PL/2026/77",
        "insurer": "Ubezpieczenia Przykład SA",
        "damaged_on": day(-3).isoformat(),
        "amount": "4 300,50",
        **other,
    }


def owes(lessee, due_on: dt.date) -> None:
    invoice = f.InvoiceFactory(contract=lessee.contract)
    f.ReceivableItemFactory(invoice=invoice, nominal_due_on=due_on, effective_due_on=due_on)


def test_request_is_signed_and_waits_for_staff(lessee):
    row = filed(KIND, lessee, typed())

    assert (row.status, row.why_review) == (Status.SUBMITTED, "")
    assert (row.fee_net, row.amount) == (zl("50"), zl("4300.50"))
    assert row.is_financial
    assert row.instruction.state == "executed"
    assert "WX 12345" in row.instruction.sms_text


def test_arrears_are_the_reason_that_staff_and_client_see(lessee):
    owes(lessee, day(-20))

    row = filed(KIND, lessee, typed())

    assert row.status == Status.SUBMITTED
    assert "zaległości" in row.why_review


def test_what_is_not_due_yet_is_no_arrears(lessee):
    owes(lessee, day(0))

    assert filed(KIND, lessee, typed()).why_review == ""


def test_approval_gives_the_paper_once(lessee, clerk, commits):
    row = filed(KIND, lessee, typed())

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert row.fee_state in {FeeState.CHARGED, FeeState.CORE}
    paper = row.papers.get()
    assert (paper.valid_from, paper.valid_to) == (day(0), None)
    assert paper.document is not None
    assert [line["value"] for line in paper.about] == [str(lessee.asset), "PL/2026/77"]
    text = text_of(paper)
    for words in ("PL/2026/77", "Ubezpieczenia Przykład SA", lessee.company.name, "WX 12345"):
        assert words in text
    assert "4 300,50" in text.replace("\xa0", " ")
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    assert row.papers.count() == 1


def test_large_payout_is_decided_by_two(lessee, clerk, second_clerk):
    row = filed(KIND, lessee, typed(amount="10000"))
    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.proposed_by) == (Status.SUBMITTED, clerk)
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.APPROVED


def test_refusal_gives_no_paper_and_costs_nothing(lessee, clerk):
    row = filed(KIND, lessee, typed(amount=""))
    assert row.amount is None

    deciding.reject(request_id=row.pk, text="Zaległość.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.fee_state, row.charge) == (Status.REJECTED, FeeState.WAIVED, None)
    assert not row.papers.exists()


def test_signed_twice_is_one_request(lessee):
    row = draft(KIND, lessee, typed())

    states = [signed(row, lessee.user).state for _n in range(2)]

    assert states[0] == "executed"
    assert states[1] != "executed"
    assert row.steps.filter(after=Status.SUBMITTED).count() == 1


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"claim_number": " "}, "claim_number"),
        ({"insurer": ""}, "insurer"),
        ({"damaged_on": day(1).isoformat()}, "damaged_on"),
        ({"damaged_on": "2001-01-01"}, "damaged_on"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "dużo"}, "amount"),
    ],
)
def test_form_says_what_is_wrong(lessee, other, field):
    form = drafts.form_of(draft(KIND, lessee, typed(**other)), on=clock.today())

    assert list(form.errors) == [field]


@pytest.mark.parametrize("written", ["4300,50", "4 300,50", "4300.50"])
def test_amount_is_read_as_people_write_it(lessee, written):
    form = drafts.form_of(draft(KIND, lessee, typed(amount=written)), on=clock.today())

    assert form.is_valid()
    assert form.cleaned_data["amount"] == Decimal("4300.50")


def test_stranger_and_who_may_not_see_money_find_nothing(client, lessee):
    row = filed(KIND, lessee, typed())
    address = f"/wnioski/{row.public_id}/"
    client.force_login(f.MembershipFactory(role=Role.OWNER).user)
    assert client.get(address).status_code == 404
    client.force_login(f.MembershipFactory(company=lessee.company, role=Role.FLEET).user)
    assert client.get(address).status_code == 403
    assert client.get(f"/wnioski/nowy/{KIND}/").status_code == 403
    client.force_login(lessee.user)
    assert client.get(address).status_code == 200

"""An authorisation for a claim that was reported in the portal: chosen, authorised, withheld."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from eboks import clock
from eboks.clock import today
from insurance.enums import ClaimStatus
from invoicing.models import ReceivableItem
from requests_app import deciding, drafts
from requests_app.catalogue import RequestError
from requests_app.enums import Status
from tests import factories as f
from tests.insurance.factories import ClaimFactory, InsurerFactory
from tests.requests_app.conftest import draft, filed
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db

KIND = "claim-payout"


@pytest.fixture
def claim(lessee):
    return ClaimFactory(
        asset=lessee.asset,
        author=lessee.user,
        status=ClaimStatus.PARTIAL,
        insurer=InsurerFactory(),
        insurer_number="U/2026/77",
    )


def owes(lessee):
    day = today() - dt.timedelta(days=20)
    invoice = f.InvoiceFactory(contract=lessee.contract)
    f.ReceivableItemFactory(invoice=invoice, nominal_due_on=day, effective_due_on=day)


def by_hand(**other):
    return {
        "claim_number": "PL/1",
        "insurer": "Inne TU",
        "damaged_on": (today() - dt.timedelta(days=3)).isoformat(),
        **other,
    }


def test_chosen_claim_fills_in_the_rest(lessee, claim, clerk, commits):
    row = filed(KIND, lessee, {"claim": str(claim.public_id)})

    assert row.facts["claim_number"] == "U/2026/77"
    assert row.facts["insurer"] == claim.insurer.name
    assert row.facts["damaged_on"] == clock.today(claim.happened_at).isoformat()
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    claim.refresh_from_db()
    row.refresh_from_db()
    assert (claim.status, row.status) == (ClaimStatus.AUTHORISED, Status.CLOSED)
    step = claim.steps.get()
    assert (step.actor, step.by_client) == (clerk, False)
    assert "U/2026/77" in text_of(row.papers.get())


def test_start_from_the_claim_keeps_the_choice(login, lessee, claim):
    address = f"/wnioski/nowy/{KIND}/?przedmiot=WX+12345&claim={claim.public_id}"
    browser = login(lessee.user)
    form = browser.get(address).context["form"]

    page = browser.post(
        address, {"form_key": form["form_key"].value(), "subject": form["subject"].value()}
    )

    shown = browser.get(page.url)
    assert shown.context["form"]["claim"].value() == str(claim.public_id)
    assert shown.context["form"].is_valid()


def test_arrears_stop_an_approval_and_a_refusal_withholds(lessee, claim, clerk):
    row = filed(KIND, lessee, {"claim": str(claim.public_id)})
    owes(lessee)

    with pytest.raises(RequestError, match="zaległości"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    claim.refresh_from_db()
    row.refresh_from_db()
    assert (claim.status, row.status) == (ClaimStatus.PARTIAL, Status.SUBMITTED)
    deciding.reject(request_id=row.pk, text="Zaległość.", actor=clerk, at=timezone.now())

    claim.refresh_from_db()
    assert claim.status == ClaimStatus.WITHHELD
    # Paid since: asked for again, it is authorised.
    ReceivableItem.objects.update(open_amount=0)
    again = filed(KIND, lessee, {"claim": str(claim.public_id)})
    deciding.approve(request_id=again.pk, actor=clerk, at=timezone.now())
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.AUTHORISED


def test_refusal_for_another_reason_leaves_the_claim(lessee, claim, clerk):
    row = filed(KIND, lessee, {"claim": str(claim.public_id)})

    deciding.reject(request_id=row.pk, text="Brak faktury.", actor=clerk, at=timezone.now())

    claim.refresh_from_db()
    assert claim.status == ClaimStatus.PARTIAL


def test_number_typed_by_hand_finds_the_claim_or_stays_as_it_is(lessee, claim, clerk):
    own = filed(KIND, lessee, by_hand(claim_number="u/2026/77"))
    other = filed(KIND, lessee, by_hand())

    assert own.facts["claim"] == str(claim.public_id)
    assert other.facts["claim"] == ""
    deciding.approve(request_id=other.pk, actor=clerk, at=timezone.now())
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.PARTIAL


def test_nothing_chosen_and_nothing_typed_is_wrong(lessee, claim):
    form = drafts.form_of(draft(KIND, lessee, {"amount": "10"}), on=today())

    assert set(form.errors) == {"claim_number", "insurer", "damaged_on"}


def test_only_own_open_partial_claims_of_the_vehicle_are_offered(lessee, claim):
    ClaimFactory(status=ClaimStatus.PARTIAL, insurer=InsurerFactory(), insurer_number="X")
    for status in (ClaimStatus.TOTAL, ClaimStatus.REPORTED, ClaimStatus.CLOSED):
        ClaimFactory(
            asset=lessee.asset, status=status, insurer=InsurerFactory(), insurer_number="Y"
        )
    form = drafts.form_of(draft(KIND, lessee, {"amount": "10"}), on=today())

    offered: Any = form.fields["claim"]
    assert [value for value, _label in offered.choices] == ["", str(claim.public_id)]
    stranger = ClaimFactory(status=ClaimStatus.PARTIAL)
    wrong = drafts.form_of(draft(KIND, lessee, {"claim": str(stranger.public_id)}), on=today())
    assert "claim" in wrong.errors


def test_claim_that_moved_on_meanwhile_stops_the_approval(lessee, claim, clerk):
    row = filed(KIND, lessee, {"claim": str(claim.public_id)})
    claim.status = ClaimStatus.TOTAL
    claim.save()

    with pytest.raises(RequestError, match="całkowita"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.SUBMITTED

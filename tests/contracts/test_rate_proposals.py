"""Reference rates by hand: one proposes, another decides, once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from contracts import rate_proposals
from contracts.enums import RateProposalKind
from contracts.models import IndexFixing, RateProposal
from contracts.rate_proposals import RateProposalError, Wish
from tests import factories as f
from tests.contracts.reset_rows import AT, fix, rate

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 30)


@pytest.fixture
def people():
    return f.UserFactory(is_staff=True), f.UserFactory(is_staff=True)


def wish(**changes):
    values: dict[str, Any] = {
        "kind": RateProposalKind.FIXING,
        "rate": rate("WIBOR_1M"),
        "on": DAY,
        "value": Decimal("4.05"),
        "source": "GPW Benchmark",
    }
    return Wish(**values | changes)


def test_second_person_makes_it_a_fixing(people):
    first, second = people
    proposal = rate_proposals.propose(wish=wish(), staff=first, at=AT)
    assert not IndexFixing.objects.exists()

    rate_proposals.accept(proposal_id=proposal.pk, staff=second, at=AT)

    fixing = IndexFixing.objects.get()
    assert (fixing.entered_by, fixing.accepted_by) == (first, second)
    assert (fixing.on, fixing.value) == (DAY, Decimal("4.05"))


def test_nobody_decides_about_their_own(people):
    proposal = rate_proposals.propose(wish=wish(), staff=people[0], at=AT)

    for decide in (rate_proposals.accept, rate_proposals.refuse):
        with pytest.raises(RateProposalError, match="inna osoba"):
            decide(proposal_id=proposal.pk, staff=people[0], at=AT)

    assert RateProposal.objects.get().state == "open"
    assert not IndexFixing.objects.exists()


def test_decided_is_decided(people):
    proposal = rate_proposals.propose(wish=wish(), staff=people[0], at=AT)
    rate_proposals.refuse(proposal_id=proposal.pk, staff=people[1], at=AT)

    with pytest.raises(RateProposalError, match="już rozstrzygnięte"):
        rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)

    assert not IndexFixing.objects.exists()


def test_value_that_came_by_file_meanwhile_is_not_replaced(people):
    proposal = rate_proposals.propose(wish=wish(), staff=people[0], at=AT)
    fix("WIBOR_1M", (str(DAY), "4.00"))

    with pytest.raises(RateProposalError, match="z pliku"):
        rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)

    assert IndexFixing.objects.get().value == Decimal("4.00")
    assert RateProposal.objects.get().state == "open"


def test_end_of_an_index_takes_two_people_too(people):
    polstr = rate("POLSTR_1M", kind="compound", tenor_months=1)
    end = wish(kind=RateProposalKind.REPLACEMENT, value=Decimal("0.10"), replaced_by=polstr)
    proposal = rate_proposals.propose(wish=end, staff=people[0], at=AT)
    rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)

    ended = rate("WIBOR_1M")
    assert (ended.valid_to, ended.replaced_by, ended.spread_pp) == (DAY, polstr, Decimal("0.10"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"on": dt.date(2026, 12, 2)}, "przyszłości"),
        ({"value": Decimal(405)}, "zakresie"),
        ({"source": " "}, "źródło"),
        ({"compound_index": Decimal(0)}, "dodatni"),
        ({"kind": RateProposalKind.REPLACEMENT}, "następuje"),
    ],
)
def test_what_cannot_be_is_refused_at_once(people, changes, reason):
    with pytest.raises(RateProposalError, match=reason):
        rate_proposals.propose(wish=wish(**changes), staff=people[0], at=AT)

    assert not RateProposal.objects.exists()


def test_same_wish_waits_once(people):
    rate_proposals.propose(wish=wish(), staff=people[0], at=AT)

    with pytest.raises(RateProposalError, match="już czeka"):
        rate_proposals.propose(wish=wish(), staff=people[1], at=AT)

"""The bank's file and the feed tell of the same transfers: each is booked once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.models import Contract
from eboks.feeds.models import FeedStatus
from invoicing.bank.feed_links import follow_feed
from invoicing.enums import EntryState, MatchRule
from invoicing.models import BankEntry, Payment, ReceivableItem
from tests import factories as f
from tests.feeds.conftest import AT
from tests.invoicing import bank_files
from tests.invoicing.bank_files import Row, mt940, take

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 16)


@pytest.fixture
def bank(feed, load):
    """The sample is in the books; its client has an account of its own."""
    load(feed)
    bank_files.account()
    return feed


def following(feed, **cells):
    """The next feed with one payment more, like the first of the sample."""
    values = {
        "source_id": "W9",
        "contract": "",
        "indicates": "",
        "reverses": "",
        "amount": "70.00",
        "booked_on": DAY.isoformat(),
        "bank_reference": "REF-9",
        **cells,
    }
    return feed.add("payments", like=2, **values).seal(sequence=feed.manifest["sequence"] + 1)


def booked(row, number=1, opening="0.00"):
    take(mt940([row], number=number, opening=opening, day=DAY), at=AT)
    return BankEntry.objects.order_by("-pk").first()


@pytest.fixture
def entry(bank):
    """70,00 of the sample's client, booked from the bank before the feed tells of it."""
    found = booked(Row("70.00", "REF-9", title="FV/1 ?", to=_account()))
    assert found.state == EntryState.MATCHED
    return found


def _account():
    """An account of the sample's client, known by a contract of theirs."""
    number = "40116022027777000000010001"
    item = ReceivableItem.objects.get(source_id="F2")
    assert item.contract_id is not None
    Contract.objects.filter(pk=item.contract_id).update(virtual_account=number)
    return number


def test_payment_booked_from_the_bank_is_not_doubled_by_the_feed(entry, bank, load):
    before = Payment.objects.count()

    (outcome,) = load(following(bank))

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert Payment.objects.count() == before
    entry.refresh_from_db()
    assert (entry.core_system, entry.core_id) == ("core", "W9")


def test_the_same_row_may_come_again(entry, bank, load):
    load(following(bank))
    before = Payment.objects.count()

    (outcome,) = load(bank.seal(sequence=bank.manifest["sequence"] + 1))

    assert outcome.status == FeedStatus.APPLIED
    assert Payment.objects.count() == before


def test_each_of_two_equal_transfers_stands_for_one(entry, bank, load):
    before = Payment.objects.count()
    feed = following(bank)
    feed.add("payments", like=len(feed.rows("payments")) + 1, source_id="W10").seal()

    load(feed)

    assert Payment.objects.count() == before + 1  # the second is another transfer


@pytest.mark.parametrize(
    "cells",
    [{"amount": "70.01"}, {"bank_reference": "REF-8"}, {"booked_on": "2026-11-17"}],
)
def test_another_transfer_is_booked(entry, bank, load, cells):
    before = Payment.objects.count()

    load(following(bank, **cells))

    assert Payment.objects.count() == before + 1


def test_reversal_in_the_feed_finds_the_payment_of_the_bank(entry, bank, load):
    load(following(bank))
    feed = bank.add(
        "payments",
        like=len(bank.rows("payments")) + 1,
        source_id="W10",
        reverses="W9",
        amount="-70.00",
        bank_reference="REF-10",
    ).seal(sequence=bank.manifest["sequence"] + 1)

    (outcome,) = load(feed)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert entry.payment.reversed_by.source_id == "W10"
    back = booked(Row("70.00", "REF-10", mark="RC"), number=2, opening="70.00")
    assert (back.payment, back.rule) == (entry.payment.reversed_by, MatchRule.FEED)


def test_entry_that_waits_is_explained_by_the_feed(bank, load):
    waiting = booked(Row("70.00", "REF-9", title="?"))
    assert waiting.state == EntryState.QUEUED
    load(following(bank))

    assert follow_feed(at=AT) == 1
    assert follow_feed(at=AT) == 0

    waiting.refresh_from_db()
    assert (waiting.state, waiting.rule) == (EntryState.MATCHED, MatchRule.FEED)
    assert waiting.payment.source_id == "W9"


def test_booking_for_another_client_than_the_core_s_is_taken_back(bank, load):
    wrong = f.ContractFactory(virtual_account="36116022027777000123450042")
    entry = booked(Row("70.00", "REF-9", to=wrong.virtual_account))
    first = entry.payment
    load(following(bank))

    assert follow_feed(at=AT) == 1

    entry.refresh_from_db()
    assert first.reversed_by.amount == Decimal("-70.00")
    assert entry.payment.source_id == "W9"
    assert "innego klienta" in entry.note
    assert follow_feed(at=AT) == 0

"""The demo shows a bank statement of this morning: booked, visible to clients, one entry left."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.test import Client

from eboks.accounts.models import User
from eboks.jobs import nights
from eboks.jobs.models import BALANCES_JOB
from eboks.portal.demo.bank import load_bank
from eboks.portal.demo.loading import load_demo
from invoicing.bank.suggestions import suggest
from invoicing.enums import EntryState, MatchRule, ReportState, StatementState
from invoicing.models import (
    BalanceDifference,
    BankEntry,
    BankFile,
    BankStatement,
    Payment,
    PaymentBasket,
    PaymentReport,
    ReceivableItem,
)

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 11, 26)
AT = dt.datetime(2026, 11, 26, 8, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
OWN = "K900001"


@pytest.fixture(autouse=True)
def _own_directory(settings, tmp_path):
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "documents"


def _load(on: dt.date = ON) -> None:
    load_demo(at=dt.datetime.combine(on, AT.time(), tzinfo=dt.UTC), on=on, contracts=16)


def _paid(rule: MatchRule) -> Payment:
    return Payment.objects.get(bank_entry__rule=rule)


@pytest.mark.parametrize(
    "on", [ON, dt.date(2026, 11, 22), dt.date(2028, 2, 29), dt.date(2027, 1, 1)]
)
def test_statement_of_this_morning_is_booked_on_any_day(on):
    _load(on)

    statement = BankStatement.objects.get()
    assert (statement.state, statement.closed_on) == (StatementState.BOOKED, on)
    assert set(statement.entries.values_list("rule", "state")) == {
        (MatchRule.VIRTUAL_ACCOUNT, EntryState.MATCHED),
        (MatchRule.INVOICE_NUMBER, EntryState.MATCHED),
        (MatchRule.CONTRACT_NUMBER, EntryState.MATCHED),
        (MatchRule.PAYER_AND_AMOUNT, EntryState.MATCHED),
        (MatchRule.BANK_FEE, EntryState.IGNORED),
        ("", EntryState.QUEUED),
    }
    assert statement.entry_count == 6
    call_command("verify_ledger")


def test_each_transfer_closes_what_it_means_to_the_grosz():
    _load()

    paid = Payment.objects.filter(bank_entry__isnull=False)
    closed = {}
    for payment in paid.select_related("bank_entry"):
        allocation = payment.allocations.select_related("item__contract").get()
        assert allocation.amount == payment.amount
        assert allocation.item.open_amount == payment.unallocated_amount == 0
        closed[payment.bank_entry.rule] = (allocation.item, payment.title)
    assert len(closed) == 4
    item, title = closed[MatchRule.INVOICE_NUMBER]
    assert title == f"faktura {item.label.replace('/', ' ')}"
    item, title = closed[MatchRule.CONTRACT_NUMBER]
    assert title == f"czynsz, umowa {item.contract.number}"


def test_owner_sees_this_morning_what_was_paid():
    _load()
    payment = _paid(MatchRule.INVOICE_NUMBER)
    assert payment.company.source_id == OWN
    client = Client()
    client.force_login(User.objects.get(username="demo-wlasciciel"))

    response = client.get("/rozrachunki/", {"tab": "payments"}, follow=True)

    page = response.content.decode()
    assert payment.title in page
    assert "26.11.2026" in page


def test_one_transfer_waits_with_suggestions_and_is_the_one_reported():
    _load()

    entry = BankEntry.objects.get(state=EntryState.QUEUED)
    first = suggest(entry)[0]
    report = PaymentReport.objects.get(company__source_id=OWN)
    assert first.company.source_id == OWN
    assert len(first.reasons) > 1
    assert report.state == ReportState.OPEN
    assert [first.item] == list(report.items.all())
    assert report.amount == entry.amount


def test_what_the_visitor_is_to_pay_stays():
    _load()

    left = ReceivableItem.objects.filter(company__source_id=OWN, open_amount__gt=0)
    assert left.filter(effective_due_on__lt=ON).count() == 1
    assert left.filter(effective_due_on__range=(ON, ON + 7 * DAY)).exists()
    basket = PaymentBasket.objects.get(company__source_id=OWN, payment=None)
    assert set(basket.items.all()) <= set(left)


def test_again_books_nothing():
    _load()
    before = (Payment.objects.count(), BankEntry.objects.count(), BankFile.objects.count())

    load_bank(at=AT + DAY, on=ON + DAY)

    after = (Payment.objects.count(), BankEntry.objects.count(), BankFile.objects.count())
    assert after == before


def test_next_night_finds_no_difference_that_the_statement_made():
    _load()

    tomorrow = dt.datetime.combine(ON + DAY, dt.time(4, 20), tzinfo=dt.UTC)
    nights.attempt(nights.duty(BALANCES_JOB), on=ON + DAY, now=lambda: tomorrow)

    difference = BalanceDifference.objects.get()
    assert difference.core_open - difference.our_open == 150

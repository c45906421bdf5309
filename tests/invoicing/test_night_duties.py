"""What else invoicing does at night: the ledger is checked, old balances go."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from eboks.jobs import nights
from eboks.jobs.nights import Result
from eboks.notifications.models import OutgoingMessage
from invoicing.models import Balance, CoreBalance
from tests.factories import ContractFactory
from tests.invoicing.night_world import DAY, contract_owing, moment

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 11, 22)


def run(name, on=ON):
    outcome = nights.attempt(nights.duty(name), on=on, now=lambda: moment(on))
    assert outcome.result == Result.DONE, outcome.reason
    return outcome.report


def test_old_balances_go_except_the_ends_of_months(django_assert_max_num_queries):
    contract = ContractFactory()
    days = [ON - n * DAY for n in range(120)]
    Balance.objects.bulk_create(
        Balance(
            contract=contract,
            as_of=day,
            open_amount=1,
            overdue_amount=0,
            overpaid_amount=0,
            refreshed_at=moment(day),
        )
        for day in days
    )
    CoreBalance.objects.bulk_create(
        CoreBalance(contract=contract, as_of=day, currency="PLN", open_amount=1, overpaid_amount=0)
        for day in days
    )

    report = run("balance-history")

    kept = set(Balance.objects.values_list("as_of", flat=True))
    ends = {dt.date(2026, 7, 31), dt.date(2026, 8, 31), dt.date(2026, 9, 30)}
    assert kept == {ON - n * DAY for n in range(41)} | ends
    assert set(CoreBalance.objects.values_list("as_of", flat=True)) == {
        ON - n * DAY for n in range(41)
    }
    assert report == {"balances": 120 - 41 - 3, "core_balances": 120 - 41}
    with django_assert_max_num_queries(30):
        run("balance-history", ON + DAY)


def test_ledger_that_adds_up_is_reported(settings):
    settings.OPERATOR_EMAIL = "operator@example.com"

    assert run("ledger-check") == {"mismatches": 0, "named": []}
    assert not OutgoingMessage.objects.exists()


def test_operator_is_told_once_when_the_ledger_does_not_add_up(settings, mailoutbox):
    settings.OPERATOR_EMAIL = "operator@example.com"
    contract_owing("5.00", gross=Decimal("9.00"))  # four were paid by nobody

    report = run("ledger-check")

    assert report["mismatches"] >= 1
    assert any("receivableitem" in name for name in report["named"])
    mail = OutgoingMessage.objects.get()
    assert mail.facts["found"] == report["mismatches"]


def test_balances_come_first_and_history_last():
    order = [one.name for one in nights.duties()]

    assert order[0] == "balances"
    assert order[-1] == "balance-history"
    assert order.index("ledger-check") == 1

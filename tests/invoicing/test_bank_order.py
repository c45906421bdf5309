"""Statements in their order: gaps wait, whatever comes first (REL-05, FI-06)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import permutations

import pytest

from eboks.audit.models import AuditEntry
from invoicing.bank import holding
from invoicing.bank.holding import HoldingError
from invoicing.enums import EntryState, StatementState, WaitReason
from invoicing.models import (
    Allocation,
    BankEntry,
    BankFile,
    BankStatement,
    LessorAccount,
    Payment,
    ReceivableItem,
)
from tests import factories as f
from tests.invoicing import bank_files
from tests.invoicing.bank_files import AT, DAY, Row, mt940, sample, take

pytestmark = pytest.mark.django_db

ACCOUNT = "40116022027777000000010001"


@pytest.fixture
def contract():
    bank_files.account()
    contract = f.ContractFactory(virtual_account=ACCOUNT)
    for n in (1, 2, 3):
        f.ReceivableItemFactory(
            invoice__contract=contract,
            invoice__number=f"FV/{n}/2026",
            account="",
            effective_due_on=dt.date(2026, 9, 10 + n),
        )
    return contract


def statement(number, amount="100.00", *, opening=None, year=2026, part=1, title="wpłata"):
    """The statement `number` of a chain in which each has one payment of 100."""
    first = Decimal(opening) if opening is not None else 100 * (number - 1)
    day = DAY if year == 2026 else dt.date(year, 1, 5)
    return mt940(
        [Row(amount, to=ACCOUNT, title=title)],
        number=number,
        opening=f"{first:.2f}",
        day=day,
        part=part,
    )


def numbers(state):
    rows = BankStatement.objects.filter(state=state).order_by("year", "number", "part")
    return [str(row) for row in rows]


def picture():
    """All that must be the same whatever the order of the files."""
    return {
        "payments": list(
            Payment.objects.order_by("pk").values_list("source_id", "amount", "unallocated_amount")
        ),
        "allocations": list(
            Allocation.objects.order_by("pk").values_list(
                "payment__source_id", "item__label", "amount", "rule"
            )
        ),
        "open": list(ReceivableItem.objects.order_by("label").values_list("label", "open_amount")),
        "entries": list(
            BankEntry.objects.order_by("reference_key").values_list(
                "reference_key", "state", "rule", "payment__source_id"
            )
        ),
        "statements": list(
            BankStatement.objects.order_by("number").values_list("number", "state", "wait_reason")
        ),
    }


def test_gap_waits_and_is_booked_when_the_missing_one_comes(contract):
    take(statement(1))

    third = take(statement(3))
    assert third.is_waiting
    assert BankEntry.objects.filter(state=EntryState.WAITING).count() == 1
    assert Payment.objects.count() == 1
    second = take(statement(2))

    assert [str(one) for one in second.followers] == ["3/2026"]
    assert numbers(StatementState.BOOKED) == ["1/2026", "2/2026", "3/2026"]
    assert Payment.objects.count() == 3
    assert not BankEntry.objects.filter(state=EntryState.WAITING).exists()


# Payments of the second and third statement meet at the same item: order decides who pays it.
FOUR = [
    statement(2),
    statement(3, title="FV/1/2026"),
    statement(4, "5000.00"),
    mt940(
        [Row("5000.00", title="zwrot", to=ACCOUNT, mark="RC"), Row("7.00", title="?")],
        number=5,
        opening="5300.00",
    ),
]


@pytest.fixture(scope="module")
def in_order():
    return {}


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda o: "".join(map(str, o)))
def test_every_order_of_four_files_ends_alike(contract, in_order, order):
    take(statement(1))

    for place in order:
        take(FOUR[place])

    assert numbers(StatementState.WAITING) == []
    found = picture()
    # Keys carry the account's id, which differs from test to test.
    account = str(LessorAccount.objects.get().pk)
    found = repr(found).replace(f"'{account}:", "'A:")
    assert in_order.setdefault("all", found) == found


def test_files_given_together_are_taken_in_their_order(contract, tmp_path):
    from invoicing.bank.importing import import_ready, prepare

    paths = []
    for place, number in enumerate([3, 1, 2]):
        path = tmp_path / f"{place}.sta"
        path.write_bytes(statement(number))
        paths.append(path)

    over, ready = prepare(paths, at=AT)
    outcomes = [import_ready(one, at=AT) for one in ready]

    assert over == []
    assert [str(outcome.statements[0]) for outcome in outcomes] == ["1/2026", "2/2026", "3/2026"]
    assert numbers(StatementState.WAITING) == []


def test_opening_that_differs_from_the_last_closing_waits(contract):
    take(statement(1))

    outcome = take(statement(2, opening="100.01"))

    assert outcome.statements[0].wait_reason == WaitReason.OPENING
    assert Payment.objects.count() == 1


def test_older_than_the_last_is_refused(contract):
    take(statement(5))

    outcome = take(statement(4))

    assert "starszy" in outcome.problems[0].reason
    assert numbers(StatementState.BOOKED) == ["5/2026"]


def test_first_statement_may_be_set(contract):
    bank = LessorAccount.objects.get()
    bank.first_year, bank.first_number = 2026, 2
    bank.save()

    assert take(statement(3)).is_waiting
    assert take(statement(1)).is_refused
    outcome = take(statement(2))

    assert numbers(StatementState.BOOKED) == ["2/2026", "3/2026"]
    assert len(outcome.followers) == 1


@pytest.mark.parametrize(
    ("last", "following", "goes_on"),
    [
        ({"number": 1}, {"number": 2}, True),
        ({"number": 1}, {"number": 1, "part": 2}, True),
        ({"number": 1, "part": 2}, {"number": 2}, True),
        ({"number": 1}, {"number": 2, "part": 2}, False),
        ({"number": 250}, {"number": 1, "year": 2027}, True),
        ({"number": 250}, {"number": 251, "year": 2027}, True),
        ({"number": 250}, {"number": 2, "year": 2027}, False),
    ],
)
def test_what_follows_what(contract, last, following, goes_on):
    take(statement(**last, opening="0"))
    at = dt.datetime(2027, 1, 6, 9, tzinfo=dt.UTC)

    outcome = take(statement(**following, opening="100"), at=at)

    assert outcome.problems == ()
    assert outcome.is_waiting != goes_on


def test_one_file_may_carry_the_statements_of_many_days(contract):
    outcome = take(statement(1) + statement(2) + statement(3))

    assert [str(one) for one in outcome.statements] == ["1/2026", "2/2026", "3/2026"]
    assert Payment.objects.count() == 3


def test_one_bad_statement_refuses_the_whole_file(contract):
    bad = mt940([Row("1.00")], number=2, opening="100.00", closing="1.00")

    outcome = take(statement(1) + bad)

    assert outcome.is_refused
    assert not BankStatement.objects.exists()
    assert not Payment.objects.exists()


def test_two_accounts_go_each_in_their_own_order(contract):
    other = "61109010140000071219812874"
    bank_files.account(number=other)

    take(statement(1))
    outcome = take(mt940([Row("1.00")], number=40, of=other))

    assert not outcome.is_waiting


# --- what people do with those that wait ------------------------------------------------------


@pytest.fixture
def staff():
    return f.UserFactory(is_staff=True)


@pytest.fixture
def waiting(contract):
    take(statement(1))
    take(statement(3))
    take(statement(4))
    return BankStatement.objects.get(number=3)


def test_accepted_gap_books_the_statement_and_those_after_it(waiting, staff):
    count = holding.accept(statement_id=waiting.pk, reason="bank nie wyda", actor=staff, at=AT)

    assert count == 2
    assert numbers(StatementState.BOOKED) == ["1/2026", "3/2026", "4/2026"]
    facts = AuditEntry.objects.get(event="statement_accepted").facts
    assert facts["reason"] == "bank nie wyda"


def test_only_the_earliest_that_waits_is_accepted(waiting, staff):
    later = BankStatement.objects.get(number=4)

    with pytest.raises(HoldingError, match="wcześniejszy"):
        holding.accept(statement_id=later.pk, reason="x", actor=staff, at=AT)


def test_accepting_needs_a_reason_and_something_that_waits(waiting, staff):
    with pytest.raises(HoldingError):
        holding.accept(statement_id=waiting.pk, reason="", actor=staff, at=AT)
    holding.accept(statement_id=waiting.pk, reason="x", actor=staff, at=AT)
    with pytest.raises(HoldingError, match="nie czeka"):
        holding.accept(statement_id=waiting.pk, reason="x", actor=staff, at=AT)
    assert Payment.objects.count() == 3


def test_withdrawn_statement_may_come_again(waiting, staff):
    holding.withdraw(statement_id=waiting.pk, reason="pomyłka banku", actor=staff, at=AT)

    assert not BankStatement.objects.filter(number=3).exists()
    assert "pomyłka" in BankFile.objects.get(pk=waiting.file_id).problems
    assert not take(statement(3)).is_known


def test_booked_statement_cannot_be_withdrawn(waiting, staff):
    booked = BankStatement.objects.get(number=1)

    with pytest.raises(HoldingError):
        holding.withdraw(statement_id=booked.pk, reason="x", actor=staff, at=AT)


def test_trying_again_changes_nothing_while_the_gap_is_there(waiting):
    assert holding.try_again(statement_id=waiting.pk, at=AT) == 0

    waiting.refresh_from_db()
    assert (waiting.state, waiting.wait_reason) == (StatementState.WAITING, WaitReason.GAP)


def test_sample_goes_on_from_the_day_before(contract):
    before = mt940([Row("152340.18", to=ACCOUNT)], number=216, day=dt.date(2026, 11, 9))

    take(sample("camt053_001_02.xml"))
    assert take(before).is_refused  # the first one that came is the first one booked
    assert numbers(StatementState.BOOKED) == ["217/2026"]

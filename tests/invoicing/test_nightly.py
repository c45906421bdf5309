"""The night of balances: whole days only, picked up where it broke off, poison apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from eboks.jobs import leases
from eboks.jobs.models import JobFailure, JobRun, JobState
from eboks.jobs.nights import Result
from eboks.money import ZERO
from invoicing import nightly
from invoicing.balances import published_day, refresh_balances
from invoicing.models import Balance, ReceivableItem
from tests.factories import TODAY, ContractFactory, PaymentFactory
from tests.invoicing.night_world import (
    DAY,
    add_item,
    contract_owing,
    figures,
    finished,
    moment,
    night,
    published,
)

pytestmark = pytest.mark.django_db
TOO_MUCH = "999999999999.99"  # fits a column; two of them do not


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(nightly, "PART", 2)


def test_night_writes_and_shows_the_balances_of_all_contracts():
    late, due = contract_owing("10.10", due=TODAY - DAY), contract_owing("5.00")
    nothing = ContractFactory()
    PaymentFactory(contract=due, company=due.company, unallocated_amount="7.00")

    report = finished()

    zero = Decimal(0)
    assert published() == {
        late.pk: (Decimal("10.10"), Decimal("10.10"), zero),
        due.pk: (Decimal("5.00"), zero, Decimal("7.00")),
        nothing.pk: (zero, zero, zero),
    }
    assert (report["contracts"], report["changed"], report["skipped"]) == (3, 3, 0)
    run = JobRun.objects.get()
    assert (run.state, run.done, run.total, run.report) == (JobState.DONE, 3, 3, report)
    assert Balance.objects.filter(refreshed_at=moment(TODAY)).count() == 3


def test_readers_see_the_old_day_until_the_new_one_is_whole(monkeypatch):
    contracts = [contract_owing(f"{n}.00", due=TODAY) for n in range(1, 6)]
    finished()
    old, seen = published(), []
    write = getattr(nightly, "write_range")  # noqa: B009 -- it only passes through there

    def watch(*args, **kwargs):
        written = write(*args, **kwargs)
        seen.append(published())
        return written

    monkeypatch.setattr(nightly, "write_range", watch)

    finished(TODAY + DAY)

    assert seen == [old, old, old]
    assert published() == {
        contract.pk: (Decimal(n), Decimal(n), Decimal(0)) for n, contract in enumerate(contracts, 1)
    }


def test_broken_off_night_goes_on_behind_the_last_part(monkeypatch):
    for n in range(1, 6):
        contract_owing(f"{n}.00")
    write = getattr(nightly, "write_range")  # noqa: B009 -- it only passes through there
    written = []

    def stop_at_the_third(*args, **kwargs):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(kwargs["first"])
        return write(*args, **kwargs)

    monkeypatch.setattr(nightly, "write_range", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        night()
    run = JobRun.objects.get()
    assert (run.state, run.done) == (JobState.RUNNING, 4)
    assert published_day() is None
    monkeypatch.setattr(nightly, "write_range", write)
    later = moment(TODAY) + 2 * leases.LEASE

    assert night().result == Result.RUNNING
    report = finished(at=later)

    assert len(published()) == report["contracts"] == 5
    assert Balance.objects.filter(refreshed_at=moment(TODAY)).count() == 4
    assert Balance.objects.filter(refreshed_at=later).count() == 1


def test_report_counts_contracts_that_stand_otherwise_than_the_day_before():
    contract_owing("5.00", due=TODAY)
    contract_owing("5.00", due=TODAY + 9 * DAY)
    paid_in_euro = contract_owing("5.00", due=TODAY + 9 * DAY, currency="EUR")
    finished()
    ReceivableItem.objects.filter(contract=paid_in_euro).update(open_amount=0)

    report = finished(TODAY + DAY)

    assert report["changed"] == 2  # one is late now, one paid its only currency


def test_missed_day_is_written_as_it_stood():
    from tests.factories import AllocationFactory

    contract = ContractFactory()
    item = add_item(
        contract, "100.00", due=TODAY - 5 * DAY, issued_on=TODAY - 9 * DAY, open_amount="60.00"
    )
    payment = PaymentFactory(
        company=contract.company,
        contract=contract,
        amount="50.00",
        unallocated_amount="10.00",
        booked_on=TODAY - 3 * DAY,
    )
    AllocationFactory(item=item, payment=payment, amount="40.00", allocated_on=TODAY - 2 * DAY)
    stood = []
    for back in (10, 9, 4, 3, 2, 1):
        finished(TODAY - back * DAY, at=moment(TODAY))
        stood.append(tuple(int(amount) for amount in published()[contract.pk]))
    finished(TODAY)

    assert stood == [
        (0, 0, 0),  # not issued yet
        (100, 0, 0),
        (100, 100, 0),  # late
        (100, 100, 50),  # booked
        (60, 60, 10),  # allocated
        (60, 60, 10),
    ]
    assert published() == {contract.pk: (Decimal(60), Decimal(60), Decimal(10))}


def test_contract_that_cannot_be_counted_is_left_out_and_named():
    fine = [contract_owing("1.00") for _n in range(3)]
    poison = contract_owing(TOO_MUCH)
    fine += [contract_owing("1.00") for _n in range(4)]
    add_item(poison, TOO_MUCH)

    report = finished()

    assert sorted(published()) == sorted(contract.pk for contract in fine)
    assert (report["contracts"], report["skipped"]) == (8, 1)
    failure = JobFailure.objects.get()
    assert (failure.job, failure.object_ref) == ("balances", f"contract:{poison.pk}")
    assert (failure.tries, failure.is_set_aside) == (1, False)
    assert failure.reason


def test_poison_is_set_aside_after_three_nights_and_comes_back_when_mended(monkeypatch):
    poison = contract_owing(TOO_MUCH)
    second = add_item(poison, TOO_MUCH)
    contract_owing("1.00")
    for n in range(3):
        finished(TODAY + n * DAY)
    assert JobFailure.objects.get().is_set_aside
    asked = []
    write = getattr(nightly, "write_range")  # noqa: B009 -- it only passes through there

    def noted(*args, **kwargs):
        asked.append((kwargs["first"], kwargs["last"]))
        return write(*args, **kwargs)

    monkeypatch.setattr(nightly, "write_range", noted)

    report = finished(TODAY + 3 * DAY)

    assert report["skipped"] == 1
    assert all(not first <= poison.pk <= last for first, last in asked)
    ReceivableItem.objects.filter(pk=second.pk).update(open_amount=0)
    JobFailure.objects.all().delete()  # what „Spróbuj ponownie” does
    assert finished(TODAY + 4 * DAY)["skipped"] == 0
    assert poison.pk in published()


def test_failure_that_does_not_come_back_is_forgotten():
    poison = contract_owing(TOO_MUCH)
    second = add_item(poison, TOO_MUCH)
    finished()
    ReceivableItem.objects.filter(pk=second.pk).update(open_amount=0)

    finished(TODAY + DAY)

    assert not JobFailure.objects.exists()


def test_poison_found_before_the_night_broke_off_is_remembered(monkeypatch):
    poison = contract_owing(TOO_MUCH)
    add_item(poison, TOO_MUCH)
    mended = contract_owing(TOO_MUCH)
    second = add_item(mended, TOO_MUCH)
    finished(TODAY - DAY)
    ReceivableItem.objects.filter(pk=second.pk).update(open_amount=0)
    last = contract_owing("1.00")
    write = getattr(nightly, "write_range")  # noqa: B009 -- it only passes through there

    def stop_at_the_last(*args, **kwargs):
        if kwargs["last"] >= last.pk:
            raise KeyboardInterrupt
        return write(*args, **kwargs)

    monkeypatch.setattr(nightly, "write_range", stop_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        night()
    monkeypatch.setattr(nightly, "write_range", write)

    report = finished(at=moment(TODAY) + 2 * leases.LEASE)

    failure = JobFailure.objects.get()
    assert (failure.object_ref, failure.tries) == (f"contract:{poison.pk}", 2)
    assert report["skipped"] == 1
    assert sorted(published()) == sorted([mended.pk, last.pk])


def test_much_poison_is_no_matter_of_single_contracts(monkeypatch):
    monkeypatch.setattr(nightly, "POISON_LIMIT", 2)
    for _n in range(3):
        add_item(contract_owing(TOO_MUCH), TOO_MUCH)

    outcome = night()

    assert outcome.result == Result.FAILED
    assert "ponad 2 umów" in outcome.reason
    assert published_day() is None


def test_by_hand_again_mends_a_wrong_row_and_stays_a_run_of_its_own():
    contract = contract_owing("5.00")
    finished()
    Balance.objects.update(open_amount=1)

    finished(by_hand=True, at=moment(TODAY) + DAY / 4)

    assert published() == {contract.pk: (Decimal(5), ZERO, ZERO)}
    runs = JobRun.objects.order_by("pk").values_list("shard", "state")
    assert list(runs) == [("", JobState.DONE), ("2", JobState.DONE)]


def test_posting_after_the_night_shows_at_once_even_with_an_earlier_date():
    contract, other = contract_owing("5.00"), contract_owing("6.00")
    finished()
    ReceivableItem.objects.filter(contract=contract).update(open_amount=2)

    refresh_balances(on=TODAY - DAY, at=moment(TODAY) + DAY / 4, contract_ids=[contract.pk])

    assert published() == {
        contract.pk: (Decimal(2), ZERO, ZERO),
        other.pk: (Decimal(6), ZERO, ZERO),
    }
    earlier = Balance.objects.filter(as_of=TODAY - DAY)
    assert figures(earlier) == {contract.pk: (Decimal(2), ZERO, ZERO)}


def test_posting_before_the_night_is_not_shown_for_a_day_that_is_not_whole():
    contract, other = contract_owing("5.00"), contract_owing("6.00")
    finished()
    ReceivableItem.objects.filter(contract=contract).update(open_amount=2)

    refresh_balances(on=TODAY + DAY, at=moment(TODAY + DAY) - DAY / 8, contract_ids=[contract.pk])

    assert published() == {
        contract.pk: (Decimal(5), ZERO, ZERO),
        other.pk: (Decimal(6), ZERO, ZERO),
    }
    finished(TODAY + DAY)
    assert published()[contract.pk][0] == 2


def test_number_of_queries_does_not_grow_with_contracts(monkeypatch):
    from django.test.utils import CaptureQueriesContext

    monkeypatch.setattr(nightly, "PART", 100)
    counts = []
    for n in range(2):
        for _contract in range(1 + 10 * n):
            contract_owing("5.00")
        with CaptureQueriesContext(connection) as queries:
            finished(TODAY + n * DAY)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_command_says_what_the_night_says(capsys, time_machine):
    time_machine.move_to(moment(TODAY), tick=False)
    contract_owing("5.00")

    call_command("refresh_balances")
    call_command("refresh_balances", "--as-of", (TODAY - DAY).isoformat())

    out = capsys.readouterr().out
    assert f"Salda na dzień {TODAY} policzone." in out
    assert "  umów: 1\n" in out
    assert f"Salda na dzień {TODAY - DAY} policzone." in out
    assert JobRun.objects.filter(state=JobState.DONE).count() == 2


def test_command_leaves_when_the_night_is_running(capsys, time_machine):
    time_machine.move_to(moment(TODAY), tick=False)
    leases.take(job="balances", business_on=TODAY, at=moment(TODAY))

    with pytest.raises(SystemExit) as stopped:
        call_command("refresh_balances")

    assert stopped.value.code == 4
    assert "już działa" in capsys.readouterr().err


def test_command_refuses_a_day_to_come_and_tells_why_it_failed(monkeypatch, time_machine):
    time_machine.move_to(moment(TODAY), tick=False)
    with pytest.raises(CommandError, match="nie nadszedł"):
        call_command("refresh_balances", "--as-of", (TODAY + DAY).isoformat())
    contract_owing("5.00")
    monkeypatch.setattr(nightly, "write_range", lambda *a, **k: 1 / 0)

    with pytest.raises(CommandError, match="division by zero"):
        call_command("refresh_balances")


def test_history_and_present_agree_on_a_ledger_that_a_feed_made(tmp_path):
    """Everything of the sample lies before its business date, so both ways say the same."""
    from eboks.feeds.importer import import_feeds
    from tests.feeds.feed_files import Feed

    on = dt.date(2026, 11, 20)
    feed = Feed(tmp_path / "feed")
    import_feeds(directories=[feed.directory], now=lambda: moment(on + DAY))
    present = figures(Balance.objects.filter(as_of=on))
    assert len(present) == 2

    finished(on, at=moment(on + 30 * DAY))

    assert published() == present

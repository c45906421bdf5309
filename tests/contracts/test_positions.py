"""Where contracts stand: right when first read, when a day passes, when something ends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from contracts import positions
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.selectors import list_totals, next_rows_of
from tests import factories as f

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 22)


def contract_with_rows(**values):
    version = f.ScheduleVersionFactory(contract=f.ContractFactory(**values))
    for n, day in enumerate((10, 22, 30), start=1):
        f.ScheduleRowFactory(
            version=version,
            n=n,
            effective_due_on=dt.date(2026, 11, day),
            balance=Decimal(90000 - n * 1000),
        )
    return version.contract


def position(contract):
    contract.refresh_from_db()
    return contract.capital_left, contract.next_due_on


def test_position_is_worked_out_from_the_schedule_in_force():
    contract = contract_with_rows()
    old = f.ScheduleVersionFactory(contract=contract, number=2, is_current=False)
    f.ScheduleRowFactory(version=old, n=1, effective_due_on=DAY, balance=Decimal(1))

    assert positions.refresh(on=DAY) == 1
    assert position(contract) == (Decimal("89000.00"), DAY)


def test_nothing_is_done_twice():
    contract_with_rows()
    positions.refresh(on=DAY)

    assert positions.refresh(on=DAY) == 0


def test_a_day_that_passes_moves_the_position():
    contract = contract_with_rows()
    positions.refresh(on=DAY)

    assert positions.refresh(on=DAY + dt.timedelta(days=1)) == 1
    assert position(contract) == (Decimal("88000.00"), dt.date(2026, 11, 30))
    assert positions.refresh(on=dt.date(2026, 12, 1)) == 1
    assert position(contract) == (Decimal("87000.00"), None)
    assert positions.refresh(on=dt.date(2027, 1, 1)) == 0


def test_before_the_first_payment_all_capital_is_left():
    contract = contract_with_rows()
    bare = f.ContractFactory(financed=Decimal("555.00"))

    positions.refresh(on=dt.date(2026, 11, 1))

    assert position(contract) == (Decimal("90000.00"), dt.date(2026, 11, 10))
    assert position(bare) == (Decimal("555.00"), None)


@pytest.mark.parametrize("status", [ContractStatus.CLOSED, ContractStatus.TERMINATED])
def test_nothing_is_left_of_a_contract_that_is_over(status):
    contract = contract_with_rows(status=status)

    positions.refresh(on=DAY)

    assert position(contract) == (Decimal(0), None)


@pytest.mark.parametrize("kept_on", [None, DAY - dt.timedelta(days=1), DAY])
def test_readers_see_the_day_they_ask_for_and_write_nothing(kept_on):
    """Whether the task has not run yet, ran before the day passed, or is up to date."""
    contract, over = contract_with_rows(), contract_with_rows(status=ContractStatus.CLOSED)
    if kept_on:
        positions.refresh(on=kept_on)
    kept = [position(contract), position(over)]

    rows = positions.standing(Contract.objects.all(), on=DAY + dt.timedelta(days=1)).order_by("pk")

    assert [(row.left_now, row.due_now) for row in rows] == [
        (Decimal("88000.00"), dt.date(2026, 11, 30)),
        (Decimal(0), None),
    ]
    (total,) = list_totals(rows)
    assert (total.count, total.capital_left) == (2, Decimal("88000.00"))
    assert next_rows_of(rows)[contract.pk].effective_due_on == dt.date(2026, 11, 30)
    assert [position(contract), position(over)] == kept


def test_refresh_is_done_in_batches(monkeypatch):
    monkeypatch.setattr(positions, "_BATCH", 2)
    for _n in range(5):
        contract_with_rows()

    assert positions.refresh(on=DAY) == 5
    assert not Contract.objects.filter(capital_left=None).exists()


@pytest.mark.django_db(transaction=True)
def test_refresh_passes_by_what_a_feed_holds():
    free, held = contract_with_rows(), contract_with_rows()
    feed = connection.copy()
    locks = connection.vendor == "postgresql"  # SQLite has one writer at a time instead
    try:
        if locks:
            feed.set_autocommit(False)
            with feed.cursor() as cursor:
                cursor.execute(
                    "UPDATE contracts_contract SET as_of = as_of WHERE id = %s", [held.pk]
                )
        assert positions.refresh(on=DAY) == (1 if locks else 2)
    finally:
        if locks:
            feed.rollback()  # closing alone lets go a moment later
        feed.close()

    assert position(free) == (Decimal("89000.00"), DAY)
    positions.refresh(on=DAY)
    assert position(held) == (Decimal("89000.00"), DAY)


def test_feed_forgets_what_it_made_wrong():
    from eboks.feeds.applying import Load
    from eboks.feeds.manifest import Manifest

    new_schedule, same, ended = contract_with_rows(), contract_with_rows(), contract_with_rows()
    positions.refresh(on=DAY)
    Contract.objects.filter(pk=ended.pk).update(status=ContractStatus.TERMINATED)
    manifest = Manifest(**{**_blank(Manifest), "source_system": "core", "business_date": DAY})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE feed_schedule_versions (contract varchar(64))")
        cursor.execute("INSERT INTO feed_schedule_versions VALUES (%s)", [new_schedule.source_id])
        at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
        load = Load(cursor, manifest, at, {"schedule_versions": 1})
        positions.forget_changed(load)
        cursor.execute("DROP TABLE feed_schedule_versions")

    assert position(new_schedule) == (None, None)
    assert position(ended) == (None, None)
    assert position(same) == (Decimal("89000.00"), DAY)


def _blank(manifest):
    from dataclasses import fields

    return {field.name: None for field in fields(manifest)}

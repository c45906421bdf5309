"""The core system's own balances: kept beside ours for the night, replaced, refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from eboks.feeds.models import FeedStatus
from invoicing.models import Balance, CoreBalance

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 11, 20)
HEADER = "contract,currency,open_amount,overpaid_amount\n"


def with_balances(feed, *lines):
    """The feed with a file of balances; totals are made to fit."""
    feed.path("core_balances").write_text(HEADER + "".join(f"{line}\n" for line in lines), "utf-8")
    manifest = feed.manifest
    files = [entry for entry in manifest["files"] if entry["kind"] != "core_balances"]
    entry = {
        "name": "core_balances.csv",
        "kind": "core_balances",
        "totals": {"open_amount": "", "overpaid_amount": ""},
    }
    return feed.seal(files=[*files, entry])


def kept():
    rows: Any = CoreBalance.objects.order_by("contract", "as_of", "currency")
    return [
        (row.contract.source_id, row.as_of, row.currency, row.open_amount, row.overpaid_amount)
        for row in rows.select_related("contract")
    ]


def test_figures_are_kept_as_of_the_business_date_beside_ours(feed, load):
    [outcome] = load(with_balances(feed, "U1,PLN,218.73,0.00", "U2,PLN,0.00,100.00"))

    assert outcome.status == FeedStatus.APPLIED
    assert outcome.counts["core_balances"] == {"new": 2}
    assert kept() == [
        ("U1", ON, "PLN", Decimal("218.73"), Decimal(0)),
        ("U2", ON, "PLN", Decimal(0), Decimal(100)),
    ]
    assert Balance.objects.filter(as_of=ON).count() == 2


def test_later_feed_of_the_same_day_replaces_the_figures_of_its_contracts(feed, load, tmp_path):
    from tests.feeds.feed_files import Feed

    load(with_balances(feed, "U1,PLN,218.73,0.00", "U2,PLN,0.00,100.00"))
    second = Feed(tmp_path / "feed-2", source=feed.directory)
    second.keep(core_balances=[2])
    with_balances(second, "U1,EUR,5.00,0.00").seal(sequence=2)

    [outcome] = load(second)

    assert outcome.status == FeedStatus.APPLIED, list(map(str, outcome.problems.found))
    assert [(row[0], row[2]) for row in kept()] == [("U1", "EUR"), ("U2", "PLN")]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("U1,PLN,-1.00,0.00", "open_amount"),
        ("U1,PLN,0.00,-1.00", "overpaid_amount"),
        ("U9,PLN,1.00,0.00", "contract"),
        ("U1,pln,1.00,0.00", "currency"),
    ],
)
def test_odd_figures_refuse_the_feed(feed, load, line, column):
    [outcome] = load(with_balances(feed, line))

    assert outcome.status == FeedStatus.REFUSED
    assert [(problem.line, problem.column) for problem in outcome.problems.found] == [(2, column)]
    assert not CoreBalance.objects.exists()


def test_contract_comes_once_in_each_currency(feed, load):
    [outcome] = load(with_balances(feed, "U1,PLN,1.00,0.00", "U1,PLN,2.00,0.00"))

    assert outcome.status == FeedStatus.REFUSED

"""The made-up portfolio: the same bytes for a seed, right check digits, life-like shares."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from contracts.fleet.models import FuelTransaction
from contracts.models import Contract
from eboks.feeds.importer import import_feeds
from eboks.feeds.models import FeedStatus
from eboks.portal.demo.portfolio import clients_of, make_portfolio
from eboks.tenancy.identifiers import validate_nip, validate_nrb, validate_regon, validate_vin
from insurance.models import Policy
from invoicing.models import Balance, Invoice, Payment, ReceivableItem
from tests.feeds.conftest import AT

ON = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("made") / "feed"
    make_portfolio(out=out, contracts=60, seed=3, business_dates=[ON])
    return out


def _rows(directory: Path, kind: str) -> list[dict[str, str]]:
    with (directory / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _hashes(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()
    }


def test_same_seed_gives_the_same_bytes(portfolio, tmp_path):
    again, other = tmp_path / "again", tmp_path / "other"
    make_portfolio(out=again, contracts=60, seed=3, business_dates=[ON])
    make_portfolio(out=other, contracts=60, seed=4, business_dates=[ON])

    assert _hashes(again) == _hashes(portfolio)
    assert _hashes(other)["contracts.csv"] != _hashes(portfolio)["contracts.csv"]


def test_shares_are_those_of_the_sizing_table(portfolio):
    contracts = _rows(portfolio, "contracts")
    by_company = Counter(row["company"] for row in contracts)

    assert len(contracts) == 60
    assert len(_rows(portfolio, "companies")) == clients_of(60) == 26
    assert by_company["K000001"] == 6  # the fleet has a tenth
    assert clients_of(70_000) == 30_000


def test_identifiers_have_right_check_digits(portfolio):
    for row in _rows(portfolio, "companies"):
        validate_nip(row["nip"])
        validate_regon(row["regon"])
    accounts = {row["virtual_account"] for row in _rows(portfolio, "contracts")}
    assert len(accounts) == 60  # one for each contract
    for account in accounts:
        validate_nrb(account)
        assert account[2:10] == "99900009"  # a bank that does not exist
    vehicles = [row for row in _rows(portfolio, "assets") if row["category"] == "vehicle"]
    for row in vehicles:
        validate_vin(row["vin"])
        assert re.fullmatch(r"[A-Z]{2,3}[0-9A-Z]{4,5}", row["plate"])
    assert len({row["vin"] for row in vehicles}) == len(vehicles)


def test_portfolio_has_the_kinds_of_a_real_one(tmp_path):
    out = tmp_path / "feed"
    make_portfolio(out=out, contracts=400, seed=1, business_dates=[ON])
    contracts, invoices = _rows(out, "contracts"), _rows(out, "invoices")

    def values(column: str) -> set[str]:
        return {row[column] for row in contracts}

    assert values("product") == {"operating", "financial", "loan"}
    assert values("rate_type") == {"fixed", "floating"}
    assert values("currency") == {"PLN", "EUR"}
    assert values("in_advance") == {"true", "false"}
    assert values("pattern") == {"annuity", "equal_principal", "custom"}
    assert {"active", "closed", "early_ended", "terminated_for_cause"} <= values("status")
    assert {row["kind"] for row in invoices} == {"invoice", "correction", "interest_note"}
    kinds = {row["cost_kind"] for row in _rows(out, "invoice_rows")}
    assert kinds >= {"initial_fee", "instalment", "insurance", "service", "fee", "buyout"}
    payments = _rows(out, "payments")
    assert {row["kind"] for row in payments} == {"transfer", "refund"}
    assert any(row["reverses"] for row in payments)
    assert any(", " in row["title"] for row in payments)  # one transfer for several invoices


@pytest.mark.django_db
def test_portfolio_imports_cleanly_and_leaves_debts_and_overpayments(portfolio):
    (outcome,) = import_feeds(directories=[portfolio], now=lambda: AT)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert Contract.objects.count() == 60
    assert Invoice.objects.count() == len(_rows(portfolio, "invoices"))
    overdue = ReceivableItem.objects.filter(open_amount__gt=0, effective_due_on__lt=ON)
    assert overdue.exists()
    assert Payment.objects.filter(unallocated_amount__gt=0).exists()
    assert Balance.objects.filter(as_of=ON).values("contract").distinct().count() == 60


def test_money_that_comes_in_is_less_than_what_is_billed(portfolio):
    billed = sum(Decimal(row["gross"]) for row in _rows(portfolio, "invoices"))
    paid = sum(Decimal(row["amount"]) for row in _rows(portfolio, "payments"))

    assert billed * Decimal("0.8") < paid < billed


def test_command_writes_several_days_and_refuses_an_old_directory(tmp_path, capsys):
    out = tmp_path / "days"
    call_command("make_portfolio", contracts=5, seed=1, out=out, feeds=3)

    shown = capsys.readouterr().out.split()
    assert shown == [str(out / name) for name in ("0001", "0002", "0003")]
    with pytest.raises(CommandError, match="już istnieje"):
        call_command("make_portfolio", contracts=5, seed=1, out=out)
    with pytest.raises(CommandError, match="co najmniej 5"):
        call_command("make_portfolio", contracts=4, seed=1, out=tmp_path / "few")


RECORDS = (
    *("policies", "policy_covers", "policy_instalments", "claims", "mileage_terms", "tolls"),
    *("service_visits", "fuel_transactions", "tyre_sets", "mileage_readings", "damages"),
)


def test_policies_have_gaps_second_oc_and_ends_that_nobody_has_taken_care_of(tmp_path):
    out = tmp_path / "feed"
    make_portfolio(out=out, contracts=400, seed=1, business_dates=[ON])
    policies = _rows(out, "policies")
    risks = {}
    for row in _rows(out, "policy_covers"):
        risks.setdefault(row["policy"], set()).add(row["risk"])
    by_asset = {}
    for row in policies:
        by_asset.setdefault(row["asset"], []).append(row)
    main = {
        asset: sorted(
            (row["valid_from"], row["valid_to"])
            for row in rows
            if risks[row["source_id"]] & {"ac", "all_risks"}
        )
        for asset, rows in by_asset.items()
    }

    assert {row["placement"] for row in policies} == {"lessor", "own"}
    assert {frozenset({"oc"}), frozenset({"gap"})} <= set(map(frozenset, risks.values()))
    assert any({"oc", "ac", "nnw", "ass"} <= some for some in risks.values())
    assert any("machinery" in some for some in risks.values())
    day = dt.timedelta(days=1)
    assert any(
        dt.date.fromisoformat(after[0]) > dt.date.fromisoformat(before[1]) + day
        for terms in main.values()
        for before, after in pairwise(terms)
    )
    last = Counter((dt.date.fromisoformat(terms[-1][1]) - ON).days for terms in main.values())
    assert {10, 25, 40} <= set(last)
    statuses = {row["status"] for row in _rows(out, "claims")}
    assert statuses >= {"paid", "closed"}
    assert len(statuses) >= 4


def test_fleet_client_has_a_life_and_others_less_often(tmp_path):
    out = tmp_path / "feed"
    make_portfolio(out=out, contracts=400, seed=1, business_dates=[ON])
    contracts = {row["source_id"]: row["company"] for row in _rows(out, "contracts")}
    company = {row["source_id"]: contracts[row["contract"]] for row in _rows(out, "assets")}
    fuel = _rows(out, "fuel_transactions")
    owners = Counter(company[row["asset"]] for row in fuel)

    assert owners["K000001"] == max(owners.values())
    assert len(owners) > 5
    terms = {row["asset"]: row for row in _rows(out, "mileage_terms")}
    tanks = [
        Decimal(row["quantity"]) / Decimal(terms[row["asset"]]["tank_litres"])
        for row in fuel
        if row["unit"] == "l" and terms[row["asset"]]["tank_litres"]
    ]
    assert sum(tank > Decimal("1.05") for tank in tanks) >= 3  # more than the tank holds
    assert sum(tank <= 1 for tank in tanks) > len(tanks) * 0.95
    first = ON - dt.timedelta(days=366)
    assert all(row["at"][:10] >= first.isoformat() for row in fuel)
    assert all(re.fullmatch(r"…\d{4}", row["card"]) for row in fuel)


def test_large_portfolio_has_records_of_the_fleet_and_of_one_contract_in_twenty(tmp_path):
    out = tmp_path / "feed"
    make_portfolio(out=out, contracts=1_200, seed=1, business_dates=[ON])
    contracts = {row["source_id"]: row for row in _rows(out, "contracts")}
    assets = {row["source_id"]: contracts[row["contract"]] for row in _rows(out, "assets")}
    others = {
        row["asset"]
        for row in _rows(out, "policies")
        if assets[row["asset"]]["company"] != "K000001"
    }

    count = sum(row["company"] != "K000001" for row in contracts.values())
    assert 0 < len(others) <= count / 20 + 1


def test_plain_portfolio_is_the_same_without_records(portfolio, tmp_path):
    out = tmp_path / "plain"
    make_portfolio(out=out, contracts=60, seed=3, business_dates=[ON], plain=True)

    plain, full = _hashes(out), _hashes(portfolio)
    del plain["manifest.json"]
    assert plain.items() <= full.items()
    assert {f"{kind}.csv" for kind in RECORDS} <= full.keys() - plain.keys()


@pytest.mark.django_db
def test_records_of_several_days_import_in_their_feeds(tmp_path):
    days = [ON - dt.timedelta(days=back) for back in (14, 7, 0)]
    directories = make_portfolio(out=tmp_path / "days", contracts=30, seed=5, business_dates=days)

    outcomes = import_feeds(directories=directories, now=lambda: AT)

    assert [(one.status, one.problems.found) for one in outcomes] == [(FeedStatus.APPLIED, [])] * 3
    every = sum(len(_rows(one, "fuel_transactions")) for one in directories)
    assert FuelTransaction.objects.count() == every > 0
    assert Policy.objects.count() == len(_rows(directories[-1], "policies"))

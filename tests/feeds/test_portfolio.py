"""The made-up portfolio: the same bytes for a seed, right check digits, life-like shares."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from contracts.models import Contract
from eboks.feeds.importer import import_feeds
from eboks.feeds.models import FeedStatus
from eboks.portal.demo.portfolio import clients_of, make_portfolio
from eboks.tenancy.identifiers import validate_nip, validate_nrb, validate_regon, validate_vin
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

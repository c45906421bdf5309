"""What a fee costs by the table in force, and charging it once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from eboks.audit.models import AuditEntry
from invoicing import fees
from invoicing.models import Charge, FeeLine, FeeTable
from tests.factories import CompanyFactory, ContractFactory, InvoiceRowFactory, UserFactory
from tests.invoicing.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def issuer(settings):
    settings.ISSUER_CONTRACTS_FROM = dt.date(2020, 1, 1)


def make_table(version="2026-01", **kwargs):
    kwargs.setdefault("valid_from", dt.date(2026, 1, 1))
    return FeeTable.objects.create(version=version, title="Tabela opłat", **kwargs)


def make_line(table=None, **kwargs):
    kwargs = {
        "code": "opinion",
        "title": "Opinia",
        "channel": "online",
        "base": "fixed",
        "net": Decimal("50.00"),
        "position": 1,
        **kwargs,
    }
    return FeeLine.objects.create(table=table or make_table(), **kwargs)


def found(**kwargs):
    kwargs = {"code": "opinion", "channel": "online", "on": TODAY, **kwargs}
    return fees.line(**kwargs).table.version


# --- which table ---------------------------------------------------------------------------------


def test_table_of_the_day_counts():
    make_line(make_table("old", valid_from=dt.date(2024, 1, 1), valid_to=dt.date(2025, 12, 31)))
    make_line(make_table("new"))
    make_line(make_table("next", valid_from=dt.date(2027, 1, 1)))

    assert found(on=dt.date(2025, 12, 31)) == "old"
    assert found(on=dt.date(2026, 1, 1)) == "new"
    assert found(on=dt.date(2027, 1, 1)) == "next"
    with pytest.raises(fees.FeeError):
        found(on=dt.date(2023, 12, 31))


def test_later_of_two_tables_in_force_counts():
    make_line(make_table("one", valid_from=dt.date(2025, 1, 1)))
    make_line(make_table("two"))

    assert found() == "two"


def test_table_of_the_contracts_day_counts():
    make_line(make_table("lump", signed_to=dt.date(2023, 12, 31)))
    make_line(make_table("each", signed_from=dt.date(2024, 1, 1)))

    assert found(signed_on=dt.date(2023, 12, 31)) == "lump"
    assert found(signed_on=dt.date(2024, 1, 1)) == "each"
    assert found() == "each"  # of no contract: as if signed today


def test_channels_have_their_own_price_and_unknown_fees_are_named():
    table = make_table()
    make_line(table, net=0)
    make_line(table, channel="paper", net=50)

    assert fees.line(code="opinion", channel="paper", on=TODAY).net == 50
    with pytest.raises(fees.FeeError, match="sublease"):
        fees.line(code="sublease", channel="online", on=TODAY)


@pytest.mark.parametrize(
    ("count", "net"), [(1, 15), (4, 15), (5, 20), (19, 20), (20, 25), (900, 25)]
)
def test_tiers_go_by_the_number_of_contracts(count, net):
    table = make_table()
    for low, high, price in ((1, 4, 15), (5, 19, 20), (20, None, 25)):
        make_line(table, base="per_month", net=price, contracts_from=low, contracts_to=high)

    line = fees.line(code="opinion", channel="online", on=TODAY, contract_count=count)

    assert line.net == net


# --- what it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "asked", "net"),
    [
        ({"base": "fixed", "net": "50.00"}, {}, "50.00"),
        ({"base": "fixed", "net": "50.00"}, {"quantity": 3}, "150.00"),
        ({"base": "per_year", "net": "200.00"}, {"quantity": 2}, "400.00"),
        ({"base": "per_month", "net": "15.00"}, {}, "15.00"),
        ({"base": "lump_sum", "net": None}, {}, "0.00"),
        ({"base": "range", "net": "300.00", "net_to": "500.00"}, {"base": "400.00"}, "400.00"),
        ({"base": "percent", "net": None, "percent": "3"}, {"base": "1000.00"}, "30.00"),
        ({"base": "percent", "net": None, "percent": "3", "minimum": "15"}, {"base": "10"}, "15"),
        (
            {"base": "percent", "net": None, "percent": "3", "maximum": "100"},
            {"base": "9999"},
            "100",
        ),
        (
            {"base": "percent", "net": None, "percent": "20", "minimum": "990"},
            {"base": "5000"},
            "1000",
        ),
        ({"base": "percent", "net": None, "percent": "0.5"}, {"base": "33.33"}, "0.17"),
    ],
)
def test_price_by_the_base(line, asked, net):
    values = {name: Decimal(v) if name != "base" and v else v for name, v in line.items()}
    asked = {name: Decimal(v) if name == "base" else v for name, v in asked.items()}

    assert fees.price(make_line(**values), **asked) == Decimal(net)


@pytest.mark.parametrize(
    ("line", "base"),
    [
        ({"base": "percent", "net": None, "percent": Decimal(3)}, None),
        ({"base": "range", "net": Decimal(300), "net_to": Decimal(500)}, None),
        ({"base": "range", "net": Decimal(300), "net_to": Decimal(500)}, Decimal("299.99")),
        ({"base": "range", "net": Decimal(300), "net_to": Decimal(500)}, Decimal("500.01")),
        ({"base": "fixed", "net": None}, None),
    ],
)
def test_price_that_cannot_be_told_is_refused(line, base):
    with pytest.raises(fees.FeeError):
        fees.price(make_line(**line), base=base)


# --- charging ------------------------------------------------------------------------------------


def charge(line, company, key="request:1", **kwargs):
    kwargs = {"contract": None, "on": TODAY, "at": NOW, **kwargs}
    return fees.charge(key=key, company=company, line=line, **kwargs)


def test_charge_names_the_version_and_is_made_once():
    line, company = make_line(), CompanyFactory.create()

    made = charge(line, company)

    assert (made.net, made.vat_code, made.fee_line.table.version) == (50, "23", "2026-01")
    assert made.description == "Opinia"
    assert charge(line, company).pk == made.pk
    assert Charge.objects.count() == 1
    entry = AuditEntry.objects.get(event="fee_charged")
    assert entry.facts == {"title": "Opinia", "version": "2026-01"}


def test_free_fee_and_anothers_key_are_refused():
    line, company = make_line(), CompanyFactory.create()
    charge(line, company)

    with pytest.raises(fees.FeeError):
        charge(line, CompanyFactory.create())
    with pytest.raises(fees.FeeError):
        charge(make_line(make_table("free"), net=Decimal(0)), company, key="request:2")


def test_charge_keeps_its_contract_and_amount():
    contract = ContractFactory.create()
    line = make_line(base="range", net=Decimal(300), net_to=Decimal(500))

    made = charge(
        line, contract.company, contract=contract, base=Decimal(400), description="Zmiana rat"
    )

    assert (made.contract, made.net, made.description) == (contract, 400, "Zmiana rat")


def test_contract_that_the_core_invoices_is_refused(settings):
    contract = ContractFactory.create()
    line = make_line()
    settings.ISSUER_CONTRACTS_FROM = contract.signed_on + dt.timedelta(days=1)

    with pytest.raises(fees.FeeError, match="fakturuje system główny"):
        charge(line, contract.company, contract=contract)
    assert not Charge.objects.exists()
    assert charge(line, contract.company).contract is None


def test_waiting_charge_is_cancelled_once_and_with_a_reason():
    made = charge(make_line(), CompanyFactory.create())
    actor = UserFactory.create(is_staff=True)

    with pytest.raises(fees.FeeError):
        fees.cancel(charge=made, reason=" ", actor=actor, at=NOW)
    fees.cancel(charge=made, reason="pomyłka", actor=actor, at=NOW)
    with pytest.raises(fees.FeeError):
        fees.cancel(charge=made, reason="pomyłka", actor=actor, at=NOW)

    made.refresh_from_db()
    assert (made.cancelled_at, made.cancel_reason) == (NOW, "pomyłka")
    assert AuditEntry.objects.get(event="fee_cancelled").actor == actor


def test_invoiced_charge_is_not_cancelled():
    made = charge(make_line(), CompanyFactory.create())
    made.invoice_row = InvoiceRowFactory.create()
    made.save()

    with pytest.raises(fees.FeeError):
        fees.cancel(charge=made, reason="pomyłka", actor=None, at=NOW)

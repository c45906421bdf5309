"""Price of an early end: case con-01 to the grosz, and what stands beside it in the ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.enums import ContractStatus, Product
from contracts.rate_terms import terms_of
from contracts.repricing_reading import instalments
from contracts.stored_schedules import as_schedule
from eboks.accounts.staff import StaffRole, create_staff
from eboks.money import ZERO, to_grosz
from invoicing.models import LateInterestRate
from requests_app import quoting
from requests_app.catalogue import RequestError
from requests_app.models.settlements import SettlementRule
from requests_app.settlements import Claims, Part, settle_on
from tests import factories as f
from tests.requests_app.con_01 import DUE, TODAY, con_01, make_rule
from tests.requests_app.conftest import zl

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(db):
    return make_rule()


@pytest.fixture
def leased(lessee):
    """`lessee` with the contract of con-01."""
    lessee.version = con_01(lessee.contract)
    return lessee


@pytest.fixture
def engine(leased):
    version = leased.version.pk
    return as_schedule(terms_of(leased.contract), instalments([version])[version])


def priced(contract, day=DUE):
    return quoting.quote(quoting.ground_of(contract, on=TODAY), settle=day)


# --- arithmetic ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discount_pct", "price"),
    [("0", "65487.05"), ("3.90", "62966.85"), ("6.50", "61361.30")],
)
def test_case_con_01_after_instalment_12(engine, discount_pct, price):
    found = settle_on(
        engine, on=DUE, discount_pct=zl(discount_pct), vat_pct=zl("23"), claims=Claims()
    )

    assert engine.rows[11].balance == zl("61361.29")
    assert (found.after, found.left, found.discounted_to) == (12, 23, DUE)
    assert found.net == found.price == zl(price)
    assert found.price_vat == to_grosz(zl(price) * zl("0.23"))
    assert found.amount(Part.ACCRUED) == 0


def test_without_a_discount_the_parts_are_plain_sums(engine):
    found = settle_on(engine, on=DUE, discount_pct=ZERO, vat_pct=None, claims=Claims())

    assert found.amount(Part.INSTALMENTS) == 22 * zl("2803.79") + zl("2803.67")
    assert found.amount(Part.BUYOUT) == zl("1000.00")
    assert found.vat == 0


def test_lines_add_up_with_what_stands_beside_the_price(engine):
    claims = Claims(
        overdue=zl("3448.66"),
        late_interest=zl("12.34"),
        fee=zl("750.00"),
        fee_vat=zl("172.50"),
        prepaid=zl("100.00"),
    )
    found = settle_on(engine, on=DUE, discount_pct=zl("3.90"), vat_pct=zl("23"), claims=claims)

    assert found.net == zl("62966.85") + zl("3448.66") + zl("12.34") + 750 - 100
    assert found.vat == zl("14482.38") + zl("172.50")
    assert found.gross == found.net + found.vat


@pytest.mark.parametrize(
    ("discount_pct", "accrued"),
    # Of 31 days from 10 December, 15 have passed: 61361.30 x 6.5 % / 12 x 15/31, and so on.
    [("0", "0.00"), ("3.90", "99.02"), ("6.50", "160.83")],
)
def test_price_grows_by_the_discount_rate_between_due_dates(engine, discount_pct, accrued):
    day = dt.date(2026, 12, 25)
    found = settle_on(engine, on=day, discount_pct=zl(discount_pct), vat_pct=None, claims=Claims())

    assert found.discounted_to == DUE
    assert found.amount(Part.ACCRUED) == zl(accrued)


def test_before_the_first_due_date_all_instalments_count_from_the_start(engine):
    on = dt.date(2025, 12, 10)
    found = settle_on(engine, on=on, discount_pct=zl("6.50"), vat_pct=None, claims=Claims())

    assert (found.after, found.left, found.discounted_to) == (0, 35, on)
    assert abs(found.price - 90000) <= zl("0.05")  # d = r: the capital
    assert found.amount(Part.ACCRUED) == 0


@pytest.mark.parametrize("day", [dt.date(2025, 12, 9), dt.date(2028, 11, 10)])
def test_day_outside_the_schedule_has_no_price(engine, day):
    with pytest.raises(ValueError, match=r"start|instalment"):
        settle_on(engine, on=day, discount_pct=ZERO, vat_pct=None, claims=Claims())


# --- the quote -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "price"),
    [
        ({"discount": "none"}, "65487.05"),
        ({"discount": "index"}, "62966.85"),
        ({"discount": "contract"}, "61361.30"),
        ({"discount": "index_less", "less_pp": 10}, "65487.05"),  # never below zero
    ],
)
def test_rule_chooses_the_discount(leased, values, price):
    make_rule(**values)

    assert priced(leased.contract).settlement.price == zl(price)


def test_index_less_x_lies_between(leased):
    make_rule(discount="index_less", less_pp=Decimal("1.5"))
    found = priced(leased.contract).settlement

    assert found.discount_pct == Decimal("2.4")
    assert zl("62966.85") < found.price < zl("65487.05")


@pytest.mark.parametrize(
    ("product", "price_vat", "vat_pct", "vat", "gross"),
    [
        (Product.OPERATING, "contract_rate", 23, "14113.10", "76396.90"),
        (Product.OPERATING, "contract_rate", 8, "4908.90", "67192.70"),
        (Product.FINANCIAL, "none", 23, "0.00", "62283.80"),
        (Product.LOAN, "none", 23, "0.00", "62283.80"),
    ],
)
def test_vat_by_kind_of_contract(leased, product, price_vat, vat_pct, vat, gross):
    make_rule(product=product, price_vat=price_vat)
    contract = leased.contract
    contract.product, contract.vat_pct = product, Decimal(vat_pct)
    contract.save()
    found = priced(contract).settlement

    assert found.price_vat == zl(vat)
    assert (found.amount(Part.FEE), found.fee_vat) == (zl("750.00"), zl("172.50"))
    assert found.gross == zl(gross)


def test_overdue_documents_and_their_interest_join_the_price(leased, rule):
    LateInterestRate.objects.all().delete()
    LateInterestRate.objects.create(
        debtor="general", valid_from=dt.date(2020, 1, 1), rate_pct=Decimal("13.5")
    )
    invoice = f.InvoiceFactory(contract=leased.contract, instalment_n=11)
    f.ReceivableItemFactory(
        invoice=invoice,
        gross=zl("3448.66"),
        nominal_due_on=dt.date(2026, 11, 10),
        effective_due_on=dt.date(2026, 11, 10),
    )
    found = priced(leased.contract).settlement

    assert found.amount(Part.OVERDUE) == zl("3448.66")
    # 30 days to 10 December: 3448.66 x 13.5 % x 30/365.
    assert found.amount(Part.LATE_INTEREST) == zl("38.27")
    assert found.gross == zl("76396.90") + zl("3448.66") + zl("38.27")


def test_what_was_paid_ahead_comes_off(leased, rule):
    invoice = f.InvoiceFactory(contract=leased.contract, instalment_n=13)
    f.ReceivableItemFactory(
        invoice=invoice,
        gross=zl("3448.66"),
        open_amount=zl("448.66"),
        nominal_due_on=dt.date(2027, 1, 10),
        effective_due_on=dt.date(2027, 1, 11),
    )
    f.PaymentFactory(company=leased.company, contract=leased.contract, amount=zl("100.00"))
    found = priced(leased.contract)

    assert found.settlement.amount(Part.PREPAID) == -zl("3100.00")
    # Instalment 13 is in the price; 12 falls due by the day and is paid as ever.
    assert found.meanwhile == zl("3448.66")
    assert found.altogether == found.gross + zl("3448.66")


def test_quote_is_valid_for_days_of_the_rule_and_never_after_its_day(leased, rule):
    assert priced(leased.contract).valid_until == dt.date(2026, 12, 8)
    assert priced(leased.contract, dt.date(2026, 12, 6)).valid_until == dt.date(2026, 12, 6)


@pytest.mark.parametrize(("pct", "needed"), [(None, False), (30, False), (40, True)])
def test_expert_is_needed_before_a_part_of_the_term(leased, pct, needed):
    make_rule(expert_valuation_below_pct=pct)

    assert priced(leased.contract).needs_expert is needed  # 365 days of 1066: 34 %


@pytest.mark.parametrize("days", [0, -1, 61])
def test_day_outside_sixty_days_has_no_quote(leased, rule, days):
    with pytest.raises(RequestError, match="Wybierz dzień od 6 grudnia 2026 do 3 lutego 2027"):
        priced(leased.contract, TODAY + dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": ContractStatus.CLOSED}, "tylko umowę, która trwa"),
        ({"currency": "EUR"}, "w walucie EUR"),
        ({"product": Product.LOAN}, "nie ma obowiązujących zasad"),
    ],
)
def test_contract_that_cannot_be_quoted_says_why(leased, rule, values, reason):
    for name, value in values.items():
        setattr(leased.contract, name, value)

    with pytest.raises(RequestError, match=reason):
        quoting.ground_of(leased.contract, on=TODAY)


def test_rule_that_is_over_is_no_rule(leased):
    make_rule(valid_to=dt.date(2026, 12, 4))

    with pytest.raises(RequestError, match="nie ma obowiązujących zasad"):
        quoting.ground_of(leased.contract, on=TODAY)


def test_contract_without_schedule_or_index_says_so(lessee):
    make_rule(discount="index")
    with pytest.raises(RequestError, match="nie ma jeszcze harmonogramu"):
        quoting.ground_of(lessee.contract, on=TODAY)
    con_01(lessee.contract)
    lessee.contract.index_value = None
    with pytest.raises(RequestError, match="nie ma stopy bazowej"):
        quoting.ground_of(lessee.contract, on=TODAY)


# --- rules in the back office --------------------------------------------------------------------


def test_lessor_sets_a_rule_with_its_days_and_basis(client, lessee):
    admin = create_staff(
        username="Z-admin", email="a@lessor.example", role=StaffRole.ADMIN, password=f.PASSWORD
    )
    client.force_login(admin)
    data = {
        "product": "operating",
        "valid_from": "2026-01-01",
        "valid_to": "",
        "discount": "index",
        "less_pp": "0",
        "valid_days": "7",
        "expert_valuation_below_pct": "40",
        "price_vat": "contract_rate",
        "basis": "Ogólne warunki, § 14",
    }
    page = "/zaplecze/requests_app/settlementrule/add/"

    refused = client.post(page, {**data, "less_pp": "2"})
    assert "tylko przy stopie pomniejszonej" in refused.content.decode()
    assert client.post(page, data).status_code == 302

    rule = SettlementRule.objects.in_force(product="operating", on=TODAY)
    assert (rule.valid_days, rule.basis) == (7, "Ogólne warunki, § 14")
    assert "§ 14" in client.get("/zaplecze/requests_app/settlementrule/").content.decode()
    assert client.get("/zaplecze/requests_app/settlementquote/").status_code == 200

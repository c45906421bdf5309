"""con-07 and con-08 to the grosz, and what a change of the index does to a financial lease."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.enums import Product, RateChangeKind, RateChangeOutcome
from contracts.models import Contract, RateChange, ScheduleRow
from contracts.vat import vat_in_pln, vat_of
from invoicing.issuing import upfront
from invoicing.issuing.running import issue
from invoicing.models import Correction, Invoice, ReceivableItem, UpfrontVat
from tests import factories as f
from tests.contracts.published import case
from tests.invoicing.issuing_rows import AT, SINCE, euro_rate, issuer_contract

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def issuer(settings, db):
    settings.ISSUER_CONTRACTS_FROM = SINCE
    f.LessorFactory()


def test_con_07_vat_of_a_euro_invoice_in_zloty(settings):
    given = case("con-07-eur-invoice-vat-pln")["inputs"]
    wanted = case("con-07-eur-invoice-vat-pln")["expected"]
    settings.ISSUER_CONTRACTS_FROM = dt.date(2025, 1, 1)
    day, net = dt.date.fromisoformat(given["invoice_date"]), Decimal(given["net"])
    rate_day = dt.date.fromisoformat(given["rate_date"])
    euro_rate(rate_day, given["nbp_table_a_rate"])
    euro_rate(day, "4.9999")  # of the day itself: must not be taken
    contract = issuer_contract(
        currency="EUR",
        initial_fee="0.00",
        start_on=dt.date(2025, 7, 1),
        first_due_on=dt.date(2025, 8, 1),
    )
    vat = Decimal(wanted["vat_eur"])
    ScheduleRow.objects.filter(version__contract=contract, n=1).update(
        payment=net, principal=net, interest=0, vat=vat, gross=net + vat
    )

    issue(on=day, at=AT)

    invoice = Invoice.objects.get()
    assert (invoice.currency, invoice.net) == ("EUR", net)
    assert invoice.vat == Decimal(wanted["vat_eur"])
    assert invoice.gross == Decimal(wanted["gross_eur"])
    assert invoice.vat_pln == Decimal(wanted["vat_pln"])
    assert invoice.fx_rate == Decimal(given["nbp_table_a_rate"])
    assert (invoice.fx_on, invoice.fx_table) == (rate_day, "202/A/NBP/2025")
    foreign = vat_in_pln(net=net, vat_pct=Decimal(23), rate=invoice.fx_rate)
    assert foreign.net_pln == Decimal(wanted["net_pln"])
    assert foreign.vat_pln_from_net == Decimal(wanted["vat_pln_alternative"])
    item = ReceivableItem.objects.get()
    assert (item.currency, item.gross) == ("EUR", invoice.gross)


def financial_lease(**contract) -> Contract:
    given = case("con-08-financial-lease-vat-upfront")["inputs"]
    return issuer_contract(
        product=Product.FINANCIAL,
        net_value=given["net_value"],
        initial_fee=given["initial_fee"],
        n=given["n"],
        rate_pct=given["annual_rate_pct"],
        buyout=given["buyout"],
        **contract,
    )


def test_con_08_vat_of_a_financial_lease_is_invoiced_once_at_handover():
    wanted = case("con-08-financial-lease-vat-upfront")["expected"]
    contract = financial_lease()

    issue(on=dt.date(2026, 11, 10), at=AT)  # the handover; the first instalment is a month away

    invoice = Invoice.objects.get()
    assert invoice.upfront_vat.base == Decimal(wanted["vat_base"])
    assert invoice.vat == Decimal(wanted["vat"])
    assert invoice.gross == Decimal(wanted["first_payment_gross"])
    assert invoice.net == contract.initial_fee
    fee, later = invoice.rows.order_by("position")
    assert (fee.net, fee.vat, later.net) == (
        *(contract.initial_fee, vat_of(contract.initial_fee, Decimal(23)), 0),
    )
    assert fee.vat + later.vat == invoice.vat
    assert later.description == "VAT od pozostałych opłat z umowy (netto 118790,02)"
    assert ReceivableItem.objects.get().gross == invoice.gross

    issue(on=dt.date(2026, 11, 26), at=AT)

    first = Invoice.objects.get(instalment_n=1)
    row, row_wanted = first.rows.get(), wanted["rows"][0]
    assert (row.net, row.principal, row.interest) == tuple(
        Decimal(row_wanted[name]) for name in ("payment", "principal", "interest")
    )
    assert (row.vat_code, row.vat, first.gross) == ("np", 0, Decimal(wanted["payment"]))
    assert Invoice.objects.count() == 2


def test_all_instalments_of_con_08_follow_without_vat():
    wanted = case("con-08-financial-lease-vat-upfront")["expected"]
    financial_lease()
    issue(on=dt.date(2028, 11, 1), at=AT)

    invoices = Invoice.objects.order_by("pk")
    assert len(invoices) == 25
    assert [one.gross for one in invoices[1:]] == [
        Decimal(row["payment"]) for row in wanted["rows"]
    ]
    assert sum(one.vat for one in invoices) == Decimal(wanted["vat"])
    assert sum(one.net for one in invoices) == Decimal(wanted["vat_base"])


def test_financial_lease_waits_for_the_handover():
    financial_lease(handover_on=None, status="signed")
    issue(on=dt.date(2026, 11, 26), at=AT)
    assert not Invoice.objects.exists()


def test_financial_lease_without_an_initial_fee_still_has_its_vat_invoice():
    issuer_contract(product=Product.FINANCIAL, initial_fee="0.00", buyout="0.00", n=12)
    issue(on=dt.date(2026, 11, 10), at=AT)

    invoice = Invoice.objects.get()
    assert (invoice.net, invoice.gross) == (0, invoice.vat)
    assert invoice.vat == vat_of(invoice.upfront_vat.base, Decimal(23))


# --- the index moves ----------------------------------------------------------------------------


def moved_index(contract: Contract, *, by: str, number: int, at: dt.datetime) -> RateChange:
    """A new version whose instalments from the second on are `by` higher or lower."""
    old = contract.schedule_versions.get(is_current=True)
    rows = list(old.rows.order_by("pk"))
    old.is_current = False
    old.save(update_fields=["is_current"])
    new = f.ScheduleVersionFactory.create(contract=contract, number=number)
    for row in rows:
        row.pk, row.version = None, new
        if row.kind == "instalment" and row.n > 1:
            row.payment += Decimal(by)
            row.interest += Decimal(by)
            row.gross += Decimal(by)
        row.save()
    return RateChange.objects.create(
        contract=contract,
        kind=RateChangeKind.RESET,
        reset_on=dt.date(2026, 12, 1) + dt.timedelta(days=31 * number),
        effective_on=dt.date(2026, 12, 1) + dt.timedelta(days=31 * number),
        old_index="WIBOR_1M",
        new_index="WIBOR_1M",
        old_value=Decimal("3.90"),
        new_value=Decimal("3.65"),
        new_fixed_on=dt.date(2026, 12, 30),
        margin_pp=Decimal("2.60"),
        old_rate_pct=Decimal("6.50"),
        new_rate_pct=Decimal("6.25"),
        method="reannuitise",
        outcome=RateChangeOutcome.CHANGED,
        old_version=old,
        new_version=new,
        created_at=at,
    )


LATER = AT + dt.timedelta(days=20)


def test_index_change_corrects_the_vat_base_once():
    contract = financial_lease()
    issue(on=dt.date(2026, 11, 10), at=AT)
    original = Invoice.objects.get()
    change = moved_index(contract, by="-10.01", number=2, at=LATER)

    outcome = issue(on=dt.date(2026, 12, 16), at=LATER + dt.timedelta(days=1))

    correction = Invoice.objects.get(kind="correction")
    moved = -23 * Decimal("10.01")
    base = Decimal("131135.70") + moved
    assert outcome.corrections == 1
    assert correction.corrects == original
    assert list(original.corrections.order_by("pk")) == [correction]
    assert correction.upfront_vat.base == moved
    assert correction.net == 0
    assert original.vat + correction.vat == vat_of(base, Decimal(23))
    assert correction.gross == correction.vat == Decimal("-52.95")
    assert correction.correction.rate_change == change
    assert correction.correction.reason == (
        "Zmiana stopy WIBOR_1M od 01.02.2027: z 3,9 % na 3,65 %; zmienia się suma rat"
    )
    assert correction.number == "FPK/2026/12/000001"
    credit = ReceivableItem.objects.get(invoice=correction)
    debt = ReceivableItem.objects.get(invoice=original)
    assert (credit.open_amount, debt.open_amount) == (0, original.gross + correction.gross)

    assert issue(on=dt.date(2026, 12, 16), at=LATER + dt.timedelta(days=2)).corrections == 0
    assert Correction.objects.count() == 1


def test_two_changes_make_two_corrections_that_add_up():
    contract = financial_lease()
    issue(on=dt.date(2026, 11, 10), at=AT)
    moved_index(contract, by="-10.01", number=2, at=LATER)
    moved_index(contract, by="4.00", number=3, at=LATER)

    assert issue(on=dt.date(2026, 12, 16), at=LATER).corrections == 2

    first, second = Invoice.objects.filter(kind="correction").order_by("pk")
    assert (first.upfront_vat.base, second.upfront_vat.base) == (
        *(Decimal("-230.23"), Decimal("92.00")),
    )
    assert second.due_on == dt.date(2026, 12, 30)  # to be paid, so two weeks
    base = sum(UpfrontVat.objects.values_list("base", flat=True), Decimal(0))
    vat = sum(Invoice.objects.exclude(upfront_vat=None).values_list("vat", flat=True))
    assert vat == vat_of(base, Decimal(23))


def test_change_before_the_vat_invoice_needs_no_correction():
    contract = financial_lease()
    moved_index(contract, by="-10.01", number=2, at=AT - dt.timedelta(days=3))
    issue(on=dt.date(2026, 11, 10), at=AT)

    assert not upfront.waiting().exists()
    assert Invoice.objects.get().upfront_vat.base == Decimal("131135.70") - Decimal("230.23")


def test_change_of_an_operating_lease_corrects_nothing():
    contract = issuer_contract()
    issue(on=dt.date(2026, 11, 26), at=AT)
    moved_index(contract, by="-10.01", number=2, at=LATER)

    assert issue(on=dt.date(2026, 12, 16), at=LATER).corrections == 0


def test_dry_run_counts_corrections():
    contract = financial_lease()
    issue(on=dt.date(2026, 11, 10), at=AT)
    moved_index(contract, by="-10.01", number=2, at=LATER)

    assert issue(on=dt.date(2026, 12, 16), at=LATER, dry_run=True).corrections == 1
    assert not Correction.objects.exists()

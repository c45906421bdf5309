"""The monthly fee for paper invoices, charged once, and what e-invoices saved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import call_command

from eboks.jobs.models import JobRun
from invoicing import paper_invoices, tasks
from invoicing.models import Charge, ConsentText, EInvoiceConsent, FeeLine, FeeTable
from tests.factories import CompanyFactory, ContractFactory, UserFactory
from tests.invoicing.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db

OCTOBER = dt.date(2026, 10, 1)


def make_table(version="2026", tiers=((1, 4, 15), (5, 19, 20), (20, None, 25)), **kwargs):
    kwargs.setdefault("valid_from", dt.date(2024, 1, 1))
    table = FeeTable.objects.create(version=version, title="Tabela", **kwargs)
    FeeLine.objects.create(
        table=table,
        position=0,
        code="paper_invoice",
        title="Faktura papierowa",
        channel="online",
        base="per_month",
        net=0,
    )
    for low, high, net in tiers:
        FeeLine.objects.create(
            table=table,
            position=low,
            code="paper_invoice",
            title="Faktura papierowa",
            channel="paper",
            base="per_month",
            net=net,
            contracts_from=low,
            contracts_to=high,
        )
    return table


def client_with(contracts, **kwargs):
    company = CompanyFactory.create(**kwargs)
    ContractFactory.create_batch(contracts, company=company)
    return company


def decide(company, given, day):
    text, _made = ConsentText.objects.get_or_create(
        version="x", defaults={"valid_from": TODAY, "body": "x"}
    )
    EInvoiceConsent.objects.create(
        company=company,
        is_given=given,
        text=text,
        decided_at=dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC),
        decided_by=UserFactory.create(),
        reference=f"D-{company.pk}-{day}",
    )


def charge(month=OCTOBER, at=NOW):
    return paper_invoices.charge_paper_fees(month=month, at=at)


def charged():
    return dict(Charge.objects.values_list("company", "net"))


# --- charging ------------------------------------------------------------------------------------


def test_clients_on_paper_pay_by_the_number_of_contracts():
    make_table()
    small, middle, big = client_with(1), client_with(5), client_with(21)
    client_with(3, e_invoice_since=dt.date(2025, 1, 1))
    ContractFactory.create(status="closed")  # no contract runs
    ContractFactory.create(signed_on=dt.date(2026, 11, 3))  # none did in October

    assert charge() == 3

    assert charged() == {small.pk: 15, middle.pk: 20, big.pk: 25}
    row = Charge.objects.get(company=small)
    assert row.key == f"paper:{small.pk}:2026-10"
    assert row.description == "Faktura papierowa, 10.2026"
    assert (row.fee_line.table.version, row.cost_kind, row.vat_code) == ("2026", "fee", "23")
    assert (row.charged_on, row.currency, row.contract) == (TODAY, "PLN", None)


def test_month_is_charged_once():
    make_table()
    client_with(1)
    charge()

    assert charge() is None
    JobRun.objects.all().delete()  # as if the first one had died before it said so
    assert charge() == 0
    assert Charge.objects.count() == 1
    assert charge(month=dt.date(2026, 9, 15)) == 1


def test_no_table_charges_nothing_and_leaves_the_month_open():
    client_with(1)

    assert charge() is None

    make_table()
    assert charge() == 1


def test_month_with_e_invoices_on_any_day_costs_nothing():
    make_table()
    client_with(1, e_invoice_since=dt.date(2026, 10, 31))
    back = client_with(1)
    decide(back, given=False, day=dt.date(2026, 10, 2))
    late = client_with(1, e_invoice_since=dt.date(2026, 11, 1))
    long_ago = client_with(1)
    decide(long_ago, given=False, day=dt.date(2026, 9, 30))

    charge()

    assert set(charged()) == {late.pk, long_ago.pk}


def test_rate_of_the_first_day_of_the_month_counts():
    make_table("old", valid_to=dt.date(2026, 10, 14))
    make_table("new", tiers=((1, None, 99),), valid_from=dt.date(2026, 10, 15))
    client_with(1)

    charge()

    assert set(charged().values()) == {15}


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (dt.date(2026, 11, 1), None),  # All Saints', a Sunday
        (dt.date(2026, 11, 2), OCTOBER),
        (dt.date(2026, 11, 30), OCTOBER),
        (dt.date(2027, 1, 1), None),
        (dt.date(2027, 1, 4), dt.date(2026, 12, 1)),
    ],
)
def test_month_is_charged_from_the_first_working_day(day, month):
    assert paper_invoices.month_to_charge(day) == month


def test_command_charges_the_month_before_or_the_one_asked_for(time_machine, capsys):
    time_machine.move_to(NOW, tick=False)
    make_table()
    client_with(1)

    call_command("charge_paper_fees")
    call_command("charge_paper_fees")
    call_command("charge_paper_fees", "--month", "2026-09")

    keys = Charge.objects.order_by("key").values_list("key", flat=True)
    assert [key[-7:] for key in keys] == ["2026-09", "2026-10"]
    assert "już naliczone" in capsys.readouterr().out


@pytest.mark.parametrize(("issuer_from", "count"), [(None, 0), (dt.date(2027, 1, 1), 1)])
def test_morning_charges_only_where_the_portal_issues(time_machine, settings, issuer_from, count):
    time_machine.move_to(NOW, tick=False)
    settings.ISSUER_CONTRACTS_FROM = issuer_from
    make_table()
    client_with(1)

    tasks.charge_paper_fees()

    assert Charge.objects.count() == count


# --- what was saved ------------------------------------------------------------------------------


def saved(company, on=TODAY):
    return paper_invoices.saved(company, on=on)


def test_saving_is_the_fee_of_each_month_that_is_over():
    make_table()
    company = client_with(2, e_invoice_since=dt.date(2026, 8, 20))

    found = saved(company)

    assert (found.months, found.first_month) == (3, dt.date(2026, 8, 1))  # August to October
    assert found.this_year == found.since_start == Decimal("45.00")
    assert saved(company, on=dt.date(2026, 8, 31)).since_start == 0


def test_this_year_and_since_the_start_are_told_apart():
    make_table()
    company = client_with(0, e_invoice_since=dt.date(2025, 11, 1))
    ContractFactory.create(company=company, signed_on=dt.date(2025, 12, 5))

    found = saved(company)

    # November 2025: no contract yet; December: 15; January to October: 150.
    assert (found.this_year, found.since_start) == (Decimal("150.00"), Decimal("165.00"))


def test_fee_and_number_of_contracts_of_each_month_count():
    make_table("old", valid_to=dt.date(2026, 8, 31))
    make_table("new", tiers=((1, 1, 10), (2, None, 30)), valid_from=dt.date(2026, 9, 1))
    company = client_with(0, e_invoice_since=dt.date(2026, 7, 1))
    ContractFactory.create(company=company, signed_on=dt.date(2026, 1, 5))
    ContractFactory.create(company=company, signed_on=dt.date(2026, 10, 2))
    ContractFactory.create(
        company=company,
        status="closed",
        signed_on=dt.date(2024, 1, 5),
        end_on=dt.date(2026, 9, 10),
    )

    # July, August: two contracts, 15 each; September: two, 30; October: two, 30.
    assert saved(company).since_start == Decimal("90.00")


def test_times_of_paper_between_are_left_out():
    make_table()
    company = client_with(1, e_invoice_since=dt.date(2026, 9, 5))
    decide(company, given=True, day=dt.date(2026, 2, 10))
    decide(company, given=False, day=dt.date(2026, 4, 3))
    decide(company, given=True, day=dt.date(2026, 9, 5))

    found = saved(company)

    assert found.months == 5  # February to April, September, October
    assert found.since_start == Decimal("75.00")


def test_nothing_is_saved_on_paper_or_without_a_table():
    assert saved(client_with(1, e_invoice_since=dt.date(2025, 1, 1))).since_start == 0
    make_table()
    assert saved(client_with(1)).months == 0


def test_pages_show_what_was_saved(owner, company):
    make_table()
    company.e_invoice_since = dt.date(2026, 9, 1)
    company.save()
    ContractFactory.create_batch(2, company=company)

    for path in ("/", "/e-faktury/"):
        text = owner.get(path).content.decode().replace("\u00a0", " ")
        assert "30,00 zł" in text


def test_page_of_a_client_on_paper_says_what_it_costs(owner, company):
    make_table()
    ContractFactory.create_batch(5, company=company)

    text = owner.get("/e-faktury/").content.decode().replace("\u00a0", " ")

    assert "Papier kosztuje teraz" in text
    assert "20,00 zł" in text
    assert "oszczędziły" not in owner.get("/").content.decode()

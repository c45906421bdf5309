"""Issuing invoices from schedules and charges: what, when, how much, and only once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from contracts.enums import ContractStatus, Product, RowKind
from contracts.models import ScheduleRow
from eboks.audit.models import AuditEntry
from eboks.jobs import leases
from eboks.jobs.models import JobFailure, JobRun, JobState
from eboks.money import ZERO
from invoicing import tasks
from invoicing.enums import AccountScope, CostKind, InvoiceKind
from invoicing.issuing import running
from invoicing.issuing.running import issue
from invoicing.models import AccountMask, Balance, Invoice, ReceivableItem
from tests import factories as f
from tests.invoicing.issuing_rows import (
    AT,
    SINCE,
    TODAY,
    euro_rate,
    fee_of,
    issuer_contract,
    premium_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def issuer(settings, db):
    settings.ISSUER_CONTRACTS_FROM = SINCE
    f.LessorFactory()


def rows_of(invoice: Invoice) -> list[tuple[object, ...]]:
    return [
        (row.cost_kind, row.net, row.vat_code, row.vat, row.gross, row.principal, row.interest)
        for row in invoice.rows.order_by("position")
    ]


def test_instalment_and_initial_fee_are_issued_with_their_parts():
    contract = issuer_contract()

    outcome = issue(on=TODAY, at=AT)

    fee, first = Invoice.objects.order_by("pk")
    assert outcome.count == 2
    assert (fee.number, first.number) == ("FP/2026/11/000001", "FP/2026/11/000002")
    assert rows_of(fee) == [
        (
            *("initial_fee", Decimal("10000.00"), "23", Decimal("2300.00")),
            *(Decimal("12300.00"), Decimal("10000.00"), Decimal("0.00")),
        )
    ]
    assert rows_of(first) == [
        (
            *("instalment", Decimal("2803.79"), "23", Decimal("644.87")),
            *(Decimal("3448.66"), Decimal("2316.29"), Decimal("487.50")),
        )
    ]
    assert first.rows.get().description == "Rata leasingowa 1 z 35"
    assert (first.kind, first.instalment_n, fee.instalment_n) == (InvoiceKind.INVOICE, 1, None)
    assert (first.issued_on, first.sold_on, first.due_on) == (TODAY, TODAY, dt.date(2026, 12, 10))
    assert fee.due_on == TODAY + dt.timedelta(days=14)  # its day was the handover
    assert (fee.sold_on, first.received_at) == (dt.date(2026, 11, 10), AT)
    assert (first.net, first.vat, first.gross) == (
        *(Decimal("2803.79"), Decimal("644.87"), Decimal("3448.66")),
    )
    assert (first.vat_pln, first.fx_rate) == (Decimal("644.87"), None)
    assert (first.company, first.contract) == (contract.company, contract)


def test_invoice_is_a_snapshot_of_both_parties_and_the_account():
    contract = issuer_contract()
    issue(on=TODAY, at=AT)
    contract.company.name = "INNA"
    contract.company.save(update_fields=["name"])

    invoice = Invoice.objects.order_by("pk")[1]
    assert invoice.seller_name == "Przykładowy Leasing S.A."
    assert invoice.seller_address == "ul. Zmyślona 1, 00-001 Warszawa"
    assert invoice.buyer_name.startswith("TRANS-ŻUK")
    assert invoice.buyer_address == "ul. Polna 7, 62-800 Kalisz"
    assert (invoice.buyer_nip, invoice.seller_nip) == ("5260250274", "5260250274")
    assert invoice.account == contract.virtual_account


def test_receivable_item_is_due_on_a_working_day_and_the_balance_knows():
    contract = issuer_contract(first_due_on=dt.date(2026, 12, 6), initial_fee="0.00")  # a Sunday
    issue(on=TODAY, at=AT)

    item = ReceivableItem.objects.get()
    assert (item.nominal_due_on, item.effective_due_on) == (
        *(dt.date(2026, 12, 6), dt.date(2026, 12, 7)),
    )
    invoice = Invoice.objects.get()
    assert (item.invoice, item.label, item.gross) == (invoice, invoice.number, invoice.gross)
    assert (item.open_amount, item.account) == (invoice.gross, contract.virtual_account)
    balance = Balance.objects.get(contract=contract)
    assert balance.open_amount == invoice.gross


def test_twice_issues_nothing():
    issuer_contract()
    issue(on=TODAY, at=AT)

    again = issue(on=TODAY, at=AT)
    tomorrow = issue(on=TODAY + dt.timedelta(days=1), at=AT + dt.timedelta(days=1))

    assert (again.count, tomorrow.count) == (0, 0)
    assert Invoice.objects.count() == ReceivableItem.objects.count() == 2
    assert JobRun.objects.filter(job=running.JOB).count() == 2  # one for each day


def test_what_is_not_due_yet_waits_and_missed_days_are_made_up_for():
    issuer_contract(initial_fee="0.00")

    assert issue(on=dt.date(2026, 11, 25), at=AT).count == 0  # fifteen days before
    assert issue(on=dt.date(2027, 1, 20), at=AT).count == 2  # nothing was issued in between

    december, january = Invoice.objects.order_by("pk")
    assert (december.instalment_n, january.instalment_n) == (1, 2)
    # Its day of payment has passed: two weeks to pay, taxed on the day of payment.
    assert (december.due_on, december.sold_on) == (dt.date(2027, 2, 3), dt.date(2026, 12, 10))
    assert (january.due_on, january.sold_on) == (dt.date(2027, 2, 3), dt.date(2027, 1, 10))


def test_contracts_of_the_core_system_are_left_alone(settings):
    issuer_contract(signed_on=SINCE - dt.timedelta(days=1))
    assert issue(on=TODAY, at=AT).count == 0

    issuer_contract(signed_on=SINCE)
    settings.ISSUER_CONTRACTS_FROM = None
    assert issue(on=TODAY, at=AT).count == 0
    assert not JobRun.objects.filter(job=running.JOB).exists() or Invoice.objects.count() == 0


def test_contract_invoiced_by_both_is_not_touched_and_reported():
    contract = issuer_contract()
    f.InvoiceFactory(contract=contract, source_system="core")

    outcome = issue(on=TODAY, at=AT)

    assert outcome.count == 0
    assert outcome.problems == [
        f"{contract.number}: ma już faktury z systemu głównego; wyjaśnij, kto ją fakturuje."
    ]


@pytest.mark.parametrize(
    ("status", "issued"),
    [
        (ContractStatus.DRAFT, 0),
        (ContractStatus.SIGNED, 1),
        (ContractStatus.AWAITING_HANDOVER, 1),
        (ContractStatus.ACTIVE, 2),
        (ContractStatus.TERMINATED, 0),
        (ContractStatus.EARLY_ENDED, 0),
        (ContractStatus.CEDED, 0),
    ],
)
def test_state_of_the_contract_says_what_is_issued(status, issued):
    issuer_contract(status=status)

    assert issue(on=TODAY, at=AT).count == issued


def test_buyout_goes_with_the_last_instalment():
    issuer_contract(n=2, initial_fee="0.00")
    issue(on=dt.date(2026, 12, 27), at=AT)

    first, last, buyout = Invoice.objects.order_by("pk")
    assert [one.instalment_n for one in (first, last, buyout)] == [1, 2, None]
    assert rows_of(buyout)[0][:5] == (
        *("buyout", Decimal("1000.00"), "23", Decimal("230.00"), Decimal("1230.00")),
    )
    assert last.due_on == buyout.due_on == dt.date(2027, 1, 10)


def test_loan_splits_capital_outside_vat_and_exempt_interest():
    issuer_contract(product=Product.LOAN, buyout="0.00")
    issue(on=TODAY, at=AT)

    own, first = Invoice.objects.order_by("pk")
    assert rows_of(own)[0][:4] == ("initial_fee", Decimal("10000.00"), "np", Decimal("0.00"))
    capital, interest = rows_of(first)
    assert (capital[2], interest[2]) == ("np", "zw")
    assert (capital[1], interest[1]) == (capital[5], interest[6])
    assert ZERO not in {capital[1], interest[1]}
    assert first.vat == 0


def test_new_version_of_the_schedule_does_not_issue_an_instalment_again():
    contract = issuer_contract(initial_fee="0.00")
    issue(on=TODAY, at=AT)
    version = contract.schedule_versions.get()
    version.is_current = False
    version.save(update_fields=["is_current"])
    new = f.ScheduleVersionFactory.create(contract=contract, number=2)
    for row in ScheduleRow.objects.filter(version=version).order_by("pk"):
        row.pk, row.version = None, new
        row.payment = row.principal = row.payment + 1
        row.interest, row.vat = Decimal(0), Decimal("0.00")
        row.gross = row.payment
        row.save()

    assert issue(on=TODAY, at=AT).count == 0


# --- charges ------------------------------------------------------------------------------------


def test_charges_go_on_the_invoice_of_the_instalment():
    contract = issuer_contract(net_value="90000.00", initial_fee="0.00")
    fee, premium = fee_of(contract), premium_of(contract)
    issue(on=TODAY, at=AT)

    invoice = Invoice.objects.get()
    assert [(row[0], row[1], row[2], row[3]) for row in rows_of(invoice)] == [
        ("instalment", Decimal("2803.79"), "23", Decimal("644.87")),
        ("fee", Decimal("150.00"), "23", Decimal("34.50")),
        ("insurance", Decimal("310.50"), "zw", Decimal("0.00")),
    ]
    fee.refresh_from_db()
    premium.refresh_from_db()
    assert (fee.invoice_row.position, premium.invoice_row.position) == (2, 3)
    assert fee.invoice_row.description == "Opinia o kliencie (tabela opłat 2026-1)"
    assert invoice.gross == Decimal("3943.66")
    assert issue(on=TODAY, at=AT).count == 0


def test_charge_without_an_instalment_gets_its_own_invoice():
    contract = issuer_contract(initial_fee="0.00")
    issue(on=TODAY, at=AT)
    later = TODAY + dt.timedelta(days=3)
    fee_of(contract, charged_on=later)

    issue(on=later, at=AT)

    invoice = Invoice.objects.order_by("-pk")[0]
    assert (invoice.gross, invoice.due_on) == (Decimal("184.50"), later + dt.timedelta(days=14))
    assert (invoice.contract, invoice.instalment_n) == (contract, None)


def test_charges_of_a_client_go_together_and_those_of_the_core_wait():
    company = f.CompanyFactory()
    fee_of(None, company=company, key="paper:1:2026-10")
    fee_of(None, company=company, key="paper:1:2026-11")
    fee_of(issuer_contract(signed_on=SINCE - dt.timedelta(days=1)))
    fee_of(None, company=company, cancelled_at=AT)
    fee_of(None, company=company, charged_on=TODAY + dt.timedelta(days=1))

    assert issue(on=TODAY, at=AT).count == 1

    invoice = Invoice.objects.get()
    assert (invoice.company, invoice.contract, invoice.gross) == (company, None, Decimal("369.00"))
    assert invoice.rows.count() == 2


def test_charge_in_another_currency_gets_its_own_invoice():
    contract = issuer_contract(initial_fee="0.00")
    euro_rate(dt.date(2026, 11, 25))
    fee_of(contract, currency="EUR")
    issue(on=TODAY, at=AT)

    instalment, fee = Invoice.objects.order_by("pk")
    assert (instalment.currency, fee.currency) == ("PLN", "EUR")
    assert (fee.vat, fee.vat_pln) == (Decimal("34.50"), Decimal("146.83"))


# --- what goes wrong ----------------------------------------------------------------------------


def test_poison_contract_is_set_aside_after_three_tries_and_the_others_finish():
    good, poison = issuer_contract(), issuer_contract()
    ScheduleRow.objects.filter(version__contract=poison, kind=RowKind.INSTALMENT, n=1).update(
        vat=Decimal("1.00"), gross=Decimal("2804.79")
    )
    for tries in (1, 2, 3):
        outcome = issue(on=TODAY, at=AT)
        failure = JobFailure.objects.get(job=running.JOB)
        assert (failure.tries, failure.is_set_aside) == (tries, tries == 3)
        assert outcome.failed == 1
    assert poison.number in failure.reason
    assert "VAT w harmonogramie" in failure.reason
    assert set(Invoice.objects.values_list("contract", flat=True)) == {good.pk}
    assert issue(on=TODAY, at=AT).failed == 0  # it waits for somebody

    ScheduleRow.objects.filter(version__contract=poison, kind=RowKind.INSTALMENT, n=1).update(
        vat=Decimal("644.87"), gross=Decimal("3448.66")
    )
    leases.clear_failure(job=running.JOB, object_ref=f"contract:{poison.pk}")
    assert issue(on=TODAY, at=AT).count == 2


def test_success_forgets_an_earlier_failure():
    contract = issuer_contract()
    leases.note_failure(job=running.JOB, object_ref=f"contract:{contract.pk}", reason="x", at=AT)
    assert issue(on=TODAY, at=AT).count == 2
    assert not JobFailure.objects.exists()


def test_row_that_the_database_refuses_does_not_stop_the_batch(monkeypatch):
    good, poison = issuer_contract(), issuer_contract()
    write = getattr(running, "write")  # noqa: B009 -- it only passes through there

    def refusing(drafts, **kwargs):
        if any(one.contract == poison for one in drafts):
            raise IntegrityError("no")
        return write(drafts, **kwargs)

    monkeypatch.setattr(running, "write", refusing)
    outcome = issue(on=TODAY, at=AT)

    assert (outcome.count, outcome.failed) == (2, 1)
    assert set(Invoice.objects.values_list("contract", flat=True)) == {good.pk}
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [
        "FP/2026/11/000001",
        "FP/2026/11/000002",
    ]


def test_missing_rate_waits_for_the_rate_and_sets_nothing_aside():
    contract = issuer_contract(currency="EUR", initial_fee="0.00")
    for _turn in range(4):
        outcome = issue(on=TODAY, at=AT)
        assert (outcome.count, outcome.failed) == (0, 1)
    assert "Brak kursu NBP waluty EUR z dnia 25.11.2026" in outcome.problems[0]
    assert not JobFailure.objects.exists()

    euro_rate(dt.date(2026, 11, 25))
    assert issue(on=TODAY, at=AT).count == 1
    assert Invoice.objects.get().contract == contract


def test_client_without_an_address_is_reported():
    contract = issuer_contract()
    contract.company.street = ""
    contract.company.save(update_fields=["street"])

    assert "nie ma adresu" in issue(on=TODAY, at=AT).problems[0]


def test_run_is_resumed_where_it_broke_off(monkeypatch):
    contracts = [issuer_contract(initial_fee="0.00") for _number in range(5)]
    monkeypatch.setattr(running, "BATCH", 2)
    calls = []
    write = getattr(running, "write")  # noqa: B009 -- it only passes through there

    def breaking(drafts, **kwargs):
        calls.append([one.contract.pk for one in drafts])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return write(drafts, **kwargs)

    monkeypatch.setattr(running, "write", breaking)
    with pytest.raises(KeyboardInterrupt):
        issue(on=TODAY, at=AT)
    assert Invoice.objects.count() == 2
    run = JobRun.objects.get(job=running.JOB)
    assert (run.state, run.position) == (JobState.FAILED, f"contract:{contracts[1].pk}")

    assert issue(on=TODAY, at=AT).count == 3

    run.refresh_from_db()
    assert (run.state, run.attempts) == (JobState.DONE, 2)
    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"FP/2026/11/{n:06}" for n in range(1, 6)]


def test_second_runner_is_told_that_one_is_running():
    issuer_contract()
    leases.take(job=running.JOB, business_on=TODAY, at=AT)

    with pytest.raises(running.AlreadyRunningError):
        issue(on=TODAY, at=AT)
    assert not Invoice.objects.exists()
    tasks.issue_invoices(on=TODAY.isoformat())  # the task just leaves


def test_later_run_of_the_day_is_a_row_of_its_own():
    issuer_contract()
    issue(on=TODAY, at=AT)
    issuer_contract()

    assert issue(on=TODAY, at=AT).count == 2
    rows = JobRun.objects.filter(job=running.JOB).order_by("pk")
    assert list(rows.values_list("shard", flat=True)) == ["", "2"]
    assert rows[1].report["totals"]["PLN"]["gross"] == "15748.66"


def test_account_of_its_own_for_each_invoice_when_the_lessor_wants_it():
    AccountMask.objects.create(
        sort_code="10900004",
        layout="7777NNNNNNNNNNNN",
        scope=AccountScope.INVOICE,
        valid_from=dt.date(2026, 1, 1),
    )
    contract = issuer_contract()
    issue(on=TODAY, at=AT)

    accounts = set(Invoice.objects.values_list("account", flat=True))
    assert len(accounts) == 2
    assert contract.virtual_account not in accounts
    assert accounts == set(ReceivableItem.objects.values_list("account", flat=True))


# --- by hand ------------------------------------------------------------------------------------


def test_dry_run_prints_totals_and_writes_nothing(capsys, time_machine):
    time_machine.move_to(AT)
    issuer_contract()
    call_command("issue_invoices", "--dry-run")

    printed = capsys.readouterr().out.replace("\u00a0", " ")
    assert "2026-11-26: do wystawienia 2" in printed
    assert "PLN: 2, netto 12 803,79 zł, VAT 2 944,87 zł, razem 15 748,66 zł" in printed
    assert not Invoice.objects.exists()
    assert not JobRun.objects.exists()


def test_command_issues_and_says_so(capsys, time_machine):
    time_machine.move_to(AT)
    issuer_contract()
    call_command("issue_invoices", "--for", "2026-11-26")

    assert "wystawiono 2" in capsys.readouterr().out
    assert Invoice.objects.count() == 2
    entry = AuditEntry.objects.get(event="invoices_issued")
    assert entry.facts["count"] == 2


def test_command_refuses_tomorrow_and_mirror_mode(settings, time_machine):
    time_machine.move_to(AT)
    with pytest.raises(CommandError, match="późniejszej"):
        call_command("issue_invoices", "--for", "2026-11-27")
    settings.ISSUER_CONTRACTS_FROM = None
    with pytest.raises(CommandError, match="ISSUER_CONTRACTS_FROM"):
        call_command("issue_invoices")


def test_task_issues_for_today_and_asks_for_pdfs(time_machine, monkeypatch):
    time_machine.move_to(AT)
    asked = []
    monkeypatch.setattr(tasks.render_new_invoices, "delay", lambda: asked.append(1))
    issuer_contract()

    tasks.issue_invoices()
    tasks.issue_invoices()

    assert (Invoice.objects.count(), asked) == (2, [1])


def test_every_sum_of_rows_is_the_invoice():
    for n in range(3, 12):
        contract = issuer_contract(net_value=f"{10_000 + 37.13 * n:.2f}", initial_fee="999.99", n=n)
        fee_of(contract, net=Decimal(n) + Decimal("0.07"))
    issue(on=TODAY, at=AT)

    for invoice in Invoice.objects.order_by("pk"):
        rows = list(invoice.rows.order_by("pk"))
        for name in ("net", "vat", "gross"):
            assert getattr(invoice, name) == sum(getattr(row, name) for row in rows)
        assert all(
            row.principal + row.interest == row.net for row in rows if row.cost_kind != CostKind.FEE
        )

"""A statement in the books: whose money each entry is, once, and reversals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from eboks.audit.models import AuditEntry
from invoicing.enums import BankFileState, EntryState, MatchRule, StatementState
from invoicing.models import (
    Allocation,
    Balance,
    BankEntry,
    BankFile,
    BankStatement,
    Payment,
    PaymentBasket,
    VirtualAccount,
)
from tests import factories as f
from tests.invoicing import bank_files
from tests.invoicing.bank_files import AT, DAY, Row, mt940, sample, take

pytestmark = pytest.mark.django_db

OTHER = "61109010140000071219812874"
ACCOUNT = "40116022027777000000010001"


@pytest.fixture
def bank():
    return bank_files.account()


@pytest.fixture
def item(bank):
    """3 448,66 to be paid by a client whose contract has an account of its own."""
    contract = f.ContractFactory(number="OL/2026/001234", virtual_account=ACCOUNT)
    invoice = f.InvoiceFactory(contract=contract, number="FV/L/2026/11/000042", account="")
    return f.ReceivableItemFactory(invoice=invoice, account="")


def booked(*rows, **values):
    """The entries of a statement with these rows, in order."""
    outcome = take(mt940(rows, **values))
    assert outcome.problems == ()
    return list(BankEntry.objects.filter(statement__in=outcome.statements).order_by("position"))


def test_payment_to_the_individual_account_pays_at_once(item):
    (entry,) = booked(Row("3448.66", title="rata", to=ACCOUNT))

    item.refresh_from_db()
    assert item.open_amount == 0
    assert (entry.state, entry.rule) == (EntryState.MATCHED, MatchRule.VIRTUAL_ACCOUNT)
    payment = entry.payment
    assert (payment.company, payment.contract) == (item.company, item.contract)
    assert (payment.booked_on, payment.bank_reference) == (DAY, entry.bank_reference)
    assert payment.payer_account == entry.counterparty_account
    assert Balance.objects.get(contract=item.contract, as_of=dt.date(2026, 11, 22)).open_amount == 0


@pytest.mark.parametrize("place", ["virtual", "item", "company"])
def test_account_is_looked_for_wherever_it_may_be_kept(bank, place):
    item = f.ReceivableItemFactory(account=ACCOUNT if place == "item" else "")
    if place != "item":
        VirtualAccount.objects.create(
            number=ACCOUNT,
            company=item.company,
            contract=item.contract if place == "virtual" else None,
            invoice=item.invoice if place == "virtual" else None,
            created_at=AT,
        )

    (entry,) = booked(Row("10.00", to=ACCOUNT))

    assert entry.rule == MatchRule.VIRTUAL_ACCOUNT
    assert entry.payment.company == item.company
    expected = None if place == "company" else item
    assert entry.payment.indicated_item == expected


def test_account_that_two_clients_share_tells_nothing(bank):
    f.ReceivableItemFactory(account=ACCOUNT)
    f.ReceivableItemFactory(account=ACCOUNT)

    (entry,) = booked(Row("10.00", to=ACCOUNT))

    assert (entry.state, entry.payment) == (EntryState.QUEUED, None)


def test_invoice_in_the_title_is_indicated_within_the_account_s_client(item):
    other = f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(contract=item.contract, number="FV/L/2026/11/000043"),
        effective_due_on=item.effective_due_on + dt.timedelta(days=30),
        account="",
    )
    (entry,) = booked(Row("100.00", title="fv l 2026-11-43", to=ACCOUNT))

    assert entry.payment.indicated_item == other
    assert Allocation.objects.get().item == other


@pytest.mark.parametrize(
    "title",
    [
        "FV/L/2026/11/000042",
        "zaplata fv/l/2026/11/42 dziekuje",
        "FVL202611000042",
        "/VAT/644,87/IDC/1234563218/INV/FV/L/2026/11/000042/TXT/rata 12",
        "faktura FV-L-2026-11-000042, umowa nieznana",
    ],
)
def test_invoice_number_in_the_title_names_the_client(item, title):
    (entry,) = booked(Row("3448.66", title=title))

    assert entry.rule == MatchRule.INVOICE_NUMBER
    assert entry.payment.indicated_item == item
    assert entry.payment.contract == item.contract


def test_several_invoices_are_paid_in_the_order_of_the_title(item):
    other = f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(contract=item.contract, number="FV/L/2026/11/000043"),
        account="",
    )
    title = "FV/L/2026/11/000043 i FV/L/2026/11/000042"
    (entry,) = booked(Row("4000.00", title=title))

    paid = dict(Allocation.objects.values_list("item", "amount"))
    assert paid == {other.pk: Decimal("3448.66"), item.pk: Decimal("551.34")}
    assert entry.rule == MatchRule.INVOICE_NUMBER


def test_invoices_of_two_clients_wait_for_a_person(item):
    f.InvoiceFactory(number="FV/L/2026/11/000050")
    (entry,) = booked(Row("4000.00", title="FV/L/2026/11/000042 FV/L/2026/11/000050"))

    assert entry.state == EntryState.QUEUED
    assert "kilku klientów" in entry.note


def test_invoice_in_another_currency_names_the_client_but_is_not_indicated(bank):
    item = f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(number="FV/L/2026/11/000042", currency="EUR"), currency="EUR"
    )
    (entry,) = booked(Row("100.00", title="FV/L/2026/11/000042"))

    assert entry.payment.company == item.company
    assert (entry.payment.indicated_item, entry.payment.unallocated_amount) == (None, 100)


def test_contract_number_names_the_client_and_the_contract(item):
    (entry,) = booked(Row("100.00", title="rata za umowe OL/2026/1234"))

    assert entry.rule == MatchRule.CONTRACT_NUMBER
    assert entry.payment.contract == item.contract


def test_code_of_a_basket_pays_its_items(item):
    code = "KP2222222"
    from invoicing.codes import new_code

    code = new_code()
    basket = PaymentBasket.objects.create(
        company=item.company,
        code=code,
        currency="PLN",
        total=item.gross,
        account=OTHER,
        title=code,
        created_at=AT,
        created_by=f.UserFactory(),
    )
    basket.items.add(item)

    (entry,) = booked(Row("3448.66", title=f"przelew {code[:5]} {code[5:]}"))

    basket.refresh_from_db()
    assert entry.rule == MatchRule.BASKET
    assert basket.payment == entry.payment
    assert Allocation.objects.get().item == item


def test_known_payer_with_the_exact_amount(item):
    f.PaymentFactory(company=item.company, payer_account=Row("1").payer)
    (exact, odd) = booked(Row("3448.66", title="rata"), Row("3448.65", title="rata"))

    assert (exact.rule, exact.payment.indicated_item) == (MatchRule.PAYER_AND_AMOUNT, item)
    assert odd.state == EntryState.QUEUED


def test_two_transfers_of_one_amount_pay_two_items_the_longest_due_first(item):
    f.PaymentFactory(company=item.company, payer_account="PL" + Row("1").payer)
    later = f.ReceivableItemFactory(
        invoice__contract=item.contract,
        effective_due_on=item.effective_due_on + dt.timedelta(days=30),
        account="",
    )
    found = booked(Row("3448.66"), Row("3448.66"), Row("3448.66"))

    assert [entry.payment and entry.payment.indicated_item for entry in found] == [
        item,
        later,
        None,
    ]


def test_payer_of_two_clients_tells_nothing(item):
    f.PaymentFactory(company=item.company, payer_account=Row("1").payer)
    f.PaymentFactory(payer_account=Row("1").payer)

    (entry,) = booked(Row("3448.66"))

    assert entry.state == EntryState.QUEUED


def test_fees_interest_and_own_transfers_are_set_aside(bank):
    bank_files.account(number=OTHER)
    fee, interest, own, refund = booked(
        Row("12.50", mark="D", code="NCHG", payer=""),
        Row("3.10", code="NINT", payer=""),
        Row("1000.00", payer=OTHER),
        Row("50.00", mark="D"),
        opening="500.00",
    )

    assert [entry.rule for entry in (fee, interest, own)] == [
        MatchRule.BANK_FEE,
        MatchRule.BANK_FEE,
        MatchRule.OWN_TRANSFER,
    ]
    assert {entry.state for entry in (fee, interest, own)} == {EntryState.IGNORED}
    assert refund.state == EntryState.QUEUED
    assert not Payment.objects.exists()


# --- once -------------------------------------------------------------------------------------


def test_same_file_changes_nothing_whatever_its_name(item):
    content = mt940([Row("3448.66", to=ACCOUNT)])
    first = take(content)
    again = take(content, name="inna-nazwa.txt")

    assert again.is_known
    assert again.statements == first.statements
    assert Payment.objects.count() == BankFile.objects.count() == 1


@pytest.mark.parametrize(
    "names",
    [
        ("mt940_tilde_cp1250.sta", "camt053_001_02.xml", "camt053_001_08.xml"),
        ("camt053_001_08.xml", "mt940_tilde_cp1250.sta", "camt053_001_02.xml"),
    ],
)
def test_other_format_of_the_same_statement_books_nothing(item, names):
    outcomes = [take(sample(name), name=name) for name in names]

    assert [outcome.is_known for outcome in outcomes] == [False, True, True]
    assert BankStatement.objects.count() == 1
    assert BankEntry.objects.count() == 7
    assert Payment.objects.filter(source_system="bank").count() == 2  # both of one contract


def test_sample_is_booked(item):
    take(sample("mt940_tilde_cp1250.sta"))

    states = BankEntry.objects.order_by("position").values_list("state", "rule")
    assert list(states) == [
        (EntryState.MATCHED, MatchRule.VIRTUAL_ACCOUNT),
        (EntryState.IGNORED, MatchRule.REVERSAL),  # nobody's money, taken back the same day
        (EntryState.QUEUED, ""),
        (EntryState.MATCHED, MatchRule.VIRTUAL_ACCOUNT),
        (EntryState.QUEUED, ""),
        (EntryState.IGNORED, MatchRule.BANK_FEE),
        (EntryState.IGNORED, MatchRule.REVERSAL),
    ]
    item.refresh_from_db()
    assert item.open_amount == 0


def test_statement_that_comes_again_with_other_figures_is_refused(item):
    take(mt940([Row("10.00", to=ACCOUNT)]))

    outcome = take(mt940([Row("11.00", to=ACCOUNT)]))

    assert "innymi kwotami" in outcome.problems[0].reason
    assert Payment.objects.get().amount == 10


def test_entry_that_is_in_an_earlier_statement_refuses_the_whole_file(item):
    take(mt940([Row("10.00", "X1", to=ACCOUNT)]))

    outcome = take(mt940([Row("7.00", to=ACCOUNT), Row("10.00", "X1")], number=2, opening="10.00"))

    assert "X1" in outcome.problems[0].reason
    assert BankStatement.objects.count() == Payment.objects.count() == 1


def test_reference_may_repeat_within_a_day_for_a_fee(item):
    found = booked(
        Row("10.00", "X1", to=ACCOUNT), Row("1.00", "X1", mark="D", code="NCHG"), opening="5.00"
    )

    assert [entry.bank_reference for entry in found] == ["X1", "X1"]
    assert len({entry.reference_key for entry in found}) == 2


def test_entries_without_a_reference_are_told_apart(item):
    content = mt940([Row("10.00", to=ACCOUNT), Row("10.00", to=ACCOUNT)])
    for reference in (b"1000001", b"1000002"):
        content = content.replace(b"//" + reference, b"")

    take(content)

    assert Payment.objects.filter(company=item.company).count() == 2


def test_payment_that_the_feed_brought_first_is_linked_and_not_doubled(item):
    known = f.PaymentFactory(
        company=item.company,
        bank_reference="REF-1",
        booked_on=DAY,
        amount=Decimal("3448.66"),
    )
    same, other = booked(Row("3448.66", "REF-1"), Row("3448.66", "REF-2", to=ACCOUNT))

    assert (same.payment, same.rule) == (known, MatchRule.FEED)
    assert other.payment != known
    assert Payment.objects.count() == 2


def test_refused_file_leaves_its_reason_and_nothing_else(item):
    content = mt940([Row("10.00", to=ACCOUNT)], closing="11.00")
    first = take(content)
    second = take(content)

    file = BankFile.objects.get()
    assert (file.state, file.tries) == (BankFileState.REFUSED, 2)
    assert "Różnica" in file.problems
    assert first.is_refused
    assert second.is_refused
    assert not BankStatement.objects.exists()


def test_refused_file_may_be_taken_over_later(item, bank):
    bank.is_active = False
    bank.save()
    content = mt940([Row("10.00", to=ACCOUNT)])
    assert take(content).is_refused
    bank.is_active = True
    bank.save()

    assert not take(content).is_refused

    file = BankFile.objects.get()
    assert (file.state, file.problems) == (BankFileState.LOADED, "")


def test_booking_is_written_in_the_trail(item):
    booked(Row("10.00", to=ACCOUNT), Row("5.00"))

    entry = AuditEntry.objects.get(event="statement_booked")
    assert entry.facts["matched"] == entry.facts["queued"] == 1


# --- reversals --------------------------------------------------------------------------------


def test_reversal_in_the_same_statement_takes_the_payment_back(item):
    paid, back = booked(
        Row("3448.66", "REF-0001", to=ACCOUNT),
        Row("3448.66", "REF-0002", "zwrot ref REF-0001", mark="RC"),
    )

    item.refresh_from_db()
    assert item.open_amount == item.gross
    assert back.payment.reverses == paid.payment
    assert (back.state, back.rule) == (EntryState.MATCHED, MatchRule.REVERSAL)


@pytest.mark.parametrize(
    ("title", "payer"),
    [("storno REF-0000001", ""), ("zwrot", Row("1").payer), ("storno REF-0000001", OTHER)],
)
def test_reversal_of_an_earlier_statement_is_found(item, title, payer):
    (paid,) = booked(Row("3448.66", "REF-0000001", to=ACCOUNT))
    row = Row("3448.66", "REF-2", title, to=ACCOUNT if payer else "", payer=payer, mark="RC")

    (back,) = booked(row, number=2, opening="3448.66")

    item.refresh_from_db()
    assert back.payment.reverses == paid.payment
    assert item.open_amount == item.gross


def test_reversal_closes_an_entry_that_nobody_has_explained(bank):
    (lost,) = booked(Row("70.00", "REF-0000001"))

    (back,) = booked(Row("70.00", title="zwrot REF-0000001", mark="RC"), number=2, opening="70.00")

    lost.refresh_from_db()
    assert {lost.state, back.state} == {EntryState.IGNORED}
    assert not Payment.objects.exists()


def test_reversal_of_a_payment_of_the_feed_is_found(item):
    known = f.PaymentFactory(
        company=item.company,
        amount=Decimal("10.00"),
        payer_account=Row("1").payer,
        account=ACCOUNT,
        booked_on=DAY - dt.timedelta(days=5),
    )
    (back,) = booked(Row("10.00", to=ACCOUNT, mark="RC"), opening="50.00")

    assert back.payment.reverses == known


def test_second_reversal_of_one_payment_waits_for_a_person(item):
    _paid, first, second = booked(
        Row("10.00", to=ACCOUNT),
        Row("10.00", to=ACCOUNT, mark="RC"),
        Row("10.00", to=ACCOUNT, mark="RC"),
        opening="50.00",
    )

    assert (first.state, second.state) == (EntryState.MATCHED, EntryState.QUEUED)


def test_reversed_debit_is_set_aside_with_the_debit(bank):
    fee, back = booked(
        Row("12.50", "FEE-00001", mark="D", code="NCHG"),
        Row("12.50", title="zwrot FEE-00001", mark="RD"),
        opening="50.00",
    )

    assert {fee.state, back.state} == {EntryState.IGNORED}


def test_statement_of_nothing_but_reversals_waits_for_a_person(item):
    rows = [Row("10.00", f"P{n:06d}", to=ACCOUNT) for n in range(20)]
    take(mt940(rows))
    back = [Row("10.00", f"Q{n:06d}", f"zwrot P{n:06d}", mark="RC") for n in range(20)]

    outcome = take(mt940(back, number=2, opening="200.00"))

    (statement,) = outcome.statements
    assert (statement.state, statement.wait_reason) == (StatementState.WAITING, "reverse")
    assert Payment.objects.count() == 20


@pytest.mark.parametrize("count", [3, 30])
def test_number_of_queries_does_not_grow_with_entries(bank, count, django_assert_max_num_queries):
    for n in range(count):
        contract = f.ContractFactory(virtual_account=f"{n:026d}")
        f.ReceivableItemFactory(invoice__contract=contract)
    content = mt940([Row("10.00", to=f"{n:026d}") for n in range(count)])

    with django_assert_max_num_queries(130):
        take(content)

"""Interest for late payment and compensation: the published cases, history, notes, pages."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from eboks import clock
from eboks.audit.models import AuditEntry
from invoicing import accruals, ledger
from invoicing.compensation import compensation_for, eur_for, issue_compensation_notes
from invoicing.enums import DebtorKind, InvoiceKind, ItemKind
from invoicing.interest_notes import issue_interest_notes
from invoicing.late_interest import LateInterestError, Rates, debtor_kind, interest_on
from invoicing.models import (
    ExchangeRate,
    InterestNoteLine,
    Invoice,
    LateInterestRate,
    ReceivableItem,
)
from invoicing.notes import NoteError
from invoicing.verification import verify
from tests.factories import (
    CompanyFactory,
    ContractFactory,
    InvoiceFactory,
    LessorFactory,
    UserFactory,
)
from tests.invoicing.posting import AT, TODAY, add, pay

pytestmark = pytest.mark.django_db
CASES = Path(__file__).parent / "cases"
INTEREST = json.loads((CASES / "late-interest-cases.json").read_text())["cases"]
RATES = json.loads((CASES / "late-interest-rates.json").read_text())
COMPENSATION = json.loads((CASES / "recovery-compensation-cases.json").read_text())
DAY = dt.timedelta(days=1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture
def contract():
    LessorFactory()
    return ContractFactory()


@pytest.fixture
def confirmed():
    """The rate of the running half-year, confirmed by the lessor."""
    LateInterestRate.objects.update(is_provisional=False)


def late_item(contract, key="a", gross="1000.00", due=dt.date(2026, 10, 23), **fields):
    invoice = InvoiceFactory(contract=contract, gross=gross, net=gross, vat=0)
    return add(contract, key, gross=gross, due=due, invoice=invoice.pk, **fields)


# The arithmetic


@pytest.mark.parametrize("case", INTEREST, ids=lambda case: case["due"])
def test_published_case(case):
    due = clock.effective_due_on(day(case["due"]))
    assert due == day(case["effective_due"])

    found = interest_on(
        amount=Decimal(case["amount"]),
        effective_due_on=due,
        until=day(case["paid"]),
        debtor=DebtorKind.GENERAL,
    )

    assert found.total == Decimal(case["interest"])
    assert [
        (part.since, part.until, part.days, part.rate_pct, round(part.interest, 6))
        for part in found.parts
    ] == [
        (
            day(part["frm"]),
            day(part["to"]),
            part["days"],
            Decimal(part["rate"]),
            Decimal(part["interest_unrounded"]),
        )
        for part in case["parts"]
    ]


def test_stored_rates_are_the_published_ones():
    stored = {
        (row.debtor, row.valid_from): (row.valid_to, row.rate_pct, row.is_provisional)
        for row in LateInterestRate.objects.exclude(debtor=DebtorKind.CONSUMER)
    }
    published = {}
    for row in RATES["commercial_half_years"]:
        for debtor in ("general", "public_medical"):
            published[debtor, day(row["valid_from"])] = (
                day(row["valid_to"]),
                Decimal(row[f"rate_{debtor}"]),
                row["status"] != "ok",
            )
    assert stored == published


def test_stored_rates_of_consumers_are_the_published_ones():
    stored = LateInterestRate.objects.filter(debtor=DebtorKind.CONSUMER).order_by("valid_from")
    assert [(row.valid_from, row.rate_pct, row.is_provisional) for row in stored] == [
        (day(row["valid_from"]), Decimal(row["rate_delay"]), row["source"] != "verified")
        for row in RATES["statutory_delay"]
    ]
    rows = list(stored)
    assert [row.valid_to for row in rows] == [
        *(row.valid_from - DAY for row in rows[1:]),
        None,
    ]


def test_client_decides_whose_rates():
    make = CompanyFactory.build
    assert debtor_kind(make()) == DebtorKind.GENERAL
    assert debtor_kind(make(is_public_medical=True)) == DebtorKind.PUBLIC_MEDICAL
    assert debtor_kind(make(is_consumer=True)) == DebtorKind.CONSUMER


def test_nothing_runs_up_until_the_due_day_is_over():
    found = interest_on(
        amount=Decimal(1000),
        effective_due_on=TODAY,
        until=TODAY,
        debtor=DebtorKind.GENERAL,
    )
    assert (found.total, found.parts) == (Decimal(0), ())


def test_after_the_last_period_the_rate_goes_on_provisionally():
    parts = Rates.of(DebtorKind.GENERAL).between(dt.date(2026, 12, 30), dt.date(2027, 1, 5))
    assert [(rate.since, rate.until, rate.is_provisional) for rate in parts] == [
        (dt.date(2026, 12, 30), dt.date(2026, 12, 31), True),
        (dt.date(2027, 1, 1), dt.date(2027, 1, 5), True),
    ]


def test_days_before_the_first_rate_are_refused():
    with pytest.raises(LateInterestError, match=r"02\.01\.2019"):
        interest_on(
            amount=Decimal(1),
            effective_due_on=dt.date(2019, 1, 1),
            until=dt.date(2020, 3, 1),
            debtor=DebtorKind.GENERAL,
        )


def test_leap_year_may_count_366_days(settings):
    settings.LATE_INTEREST_YEAR = "actual"
    found = interest_on(
        amount=Decimal(1000),
        effective_due_on=dt.date(2023, 12, 30),
        until=dt.date(2024, 1, 31),
        debtor=DebtorKind.CONSUMER,
    )
    expected = Decimal(1000) * Decimal("11.25") / 100
    assert [(part.days, part.interest) for part in found.parts] == [
        (1, expected * 1 / 365),
        (31, expected * 31 / 366),
    ]


# History


def stretches(item, until=TODAY):
    (one,) = accruals.accrued([item], until=until)
    return [(part.amount, part.since, part.until) for part in one.interest.parts]


def test_what_was_paid_late_counts_until_its_payment_day(contract):
    item = late_item(contract)
    pay(contract, "400.00", booked_on=dt.date(2026, 10, 26), indicated_items=[item])
    pay(contract, "100.00", "w2", booked_on=dt.date(2026, 11, 2), indicated_items=[item])

    assert stretches(item, dt.date(2026, 11, 5)) == [
        (1000, dt.date(2026, 10, 24), dt.date(2026, 10, 26)),
        (600, dt.date(2026, 10, 27), dt.date(2026, 11, 2)),
        (500, dt.date(2026, 11, 3), dt.date(2026, 11, 5)),
    ]


def test_what_was_paid_in_time_does_not_count(contract):
    item = late_item(contract)
    pay(contract, "400.00", booked_on=dt.date(2026, 10, 23), indicated_items=[item])

    assert stretches(item) == [(600, dt.date(2026, 10, 24), TODAY)]


def test_payment_taken_back_counts_again_from_that_day(contract):
    item = late_item(contract)
    payment = pay(contract, "1000.00", booked_on=dt.date(2026, 10, 26), indicated_items=[item])
    ledger.reverse_payment(payment=payment, at=AT, on=dt.date(2026, 11, 2), reason="x")

    assert stretches(item, dt.date(2026, 11, 5)) == [
        (1000, dt.date(2026, 10, 24), dt.date(2026, 10, 26)),
        (1000, dt.date(2026, 11, 3), dt.date(2026, 11, 5)),
    ]


def test_correction_of_the_invoice_counts_from_the_beginning(contract):
    item = late_item(contract)
    correction = InvoiceFactory(
        contract=contract, corrects=item.invoice, kind=InvoiceKind.CORRECTION
    )
    add(contract, "k", gross="-300.00", invoice=correction.pk)

    assert stretches(item) == [(700, dt.date(2026, 10, 24), TODAY)]


def test_totals_leave_out_what_bears_no_interest(contract):
    late_item(contract, "a")
    late_item(contract, "b", currency="EUR")
    late_item(contract, "c", kind=ItemKind.INTEREST_NOTE)
    late_item(contract, "d", due=TODAY + DAY)
    late_item(contract, "e", due=dt.date(2019, 1, 2))  # no rate is known

    found = accruals.totals(ReceivableItem.objects.all(), on=TODAY)

    each = interest_on(
        amount=Decimal(1000),
        effective_due_on=dt.date(2026, 10, 23),
        until=TODAY,
        debtor=DebtorKind.GENERAL,
    ).total
    assert found == {"PLN": each, "EUR": each}


# Notes


def test_note_charges_what_has_run_up_and_is_paid_before_the_item(contract, confirmed):
    item = late_item(contract)
    staff = UserFactory(is_staff=True)

    (note,) = issue_interest_notes(item_ids=[item.pk], until=TODAY, at=AT, actor=staff)

    total = interest_on(
        amount=Decimal(1000),
        effective_due_on=item.effective_due_on,
        until=TODAY,
        debtor=DebtorKind.GENERAL,
    ).total
    assert (note.kind, note.gross, note.net, note.vat) == (
        InvoiceKind.INTEREST_NOTE,
        total,
        total,
        0,
    )
    assert (note.number, note.issued_on, note.due_on) == (
        "NOP/2026/11/000001",
        TODAY,
        TODAY + 14 * DAY,
    )
    assert (note.rows.get().gross, note.rows.get().vat_code) == (total, "np")
    (line,) = InterestNoteLine.objects.filter(note=note)
    assert (line.item, line.amount, line.days, line.rate_pct) == (item, 1000, 30, Decimal("13.75"))
    side = note.item
    assert (side.kind, side.side_of, side.open_amount) == (ItemKind.INTEREST_NOTE, item, total)
    assert AuditEntry.objects.get(event="interest_note_issued").actor == staff

    pay(contract, "1000.00", indicated_items=[item])

    item.refresh_from_db()
    side.refresh_from_db()
    assert (side.open_amount, item.open_amount) == (0, total)
    assert verify() == []


def test_second_note_charges_only_the_days_since(contract, confirmed):
    item = late_item(contract)
    until = dt.date(2026, 11, 10)
    issue_interest_notes(item_ids=[item.pk], until=until, at=AT)

    assert issue_interest_notes(item_ids=[item.pk], until=until, at=AT) == []
    (note,) = issue_interest_notes(item_ids=[item.pk], until=TODAY, at=AT)

    line = InterestNoteLine.objects.get(note=note)
    assert (line.since, line.until, line.days) == (dt.date(2026, 11, 11), TODAY, 12)


def test_note_charges_what_was_paid_late(contract, confirmed):
    item = late_item(contract)
    pay(contract, "1000.00", booked_on=dt.date(2026, 11, 2), indicated_items=[item])

    (note,) = issue_interest_notes(company=contract.company, until=TODAY, at=AT)

    line = InterestNoteLine.objects.get(note=note)
    assert (line.since, line.until) == (dt.date(2026, 10, 24), dt.date(2026, 11, 2))


def test_disputed_and_timely_items_get_no_note(contract, confirmed):
    disputed = late_item(contract)
    ReceivableItem.objects.filter(pk=disputed.pk).update(is_disputed=True)
    late_item(contract, "b", due=TODAY)
    other = late_item(ContractFactory(), "c")

    assert issue_interest_notes(company=contract.company, until=TODAY, at=AT) == []
    assert not Invoice.objects.filter(kind=InvoiceKind.INTEREST_NOTE).exists()
    assert other.sides.count() == 0


def test_unconfirmed_rate_is_not_charged(contract):
    item = late_item(contract)

    with pytest.raises(NoteError, match="nie jest potwierdzona"):
        issue_interest_notes(item_ids=[item.pk], until=TODAY, at=AT)


def test_day_to_come_is_not_charged(contract, confirmed):
    item = late_item(contract)

    with pytest.raises(NoteError, match="najwyżej do dzisiaj"):
        issue_interest_notes(item_ids=[item.pk], until=TODAY + DAY, at=AT)


# Compensation


@pytest.mark.parametrize(
    ("value", "eur"),
    [(case["benefit_value"], case["eur"]) for case in COMPENSATION["cases"]]
    + [("5000.00", 40), ("49999.99", 70)],
)
def test_compensation_follows_the_amount(value, eur):
    assert eur_for(Decimal(value), on=TODAY) == eur


@pytest.mark.parametrize("case", COMPENSATION["rate_day_examples"], ids=lambda case: case["due"])
def test_euro_is_of_the_last_working_day_of_the_month_before(case):
    ExchangeRate.objects.create(
        currency="EUR", on=day(case["rate_day"]), rate="4.2558", table="211/A/NBP/2026"
    )

    found = compensation_for(amount=Decimal(1000), effective_due_on=day(case["due"]))

    assert (found.eur, found.pln) == (Decimal(40), Decimal("170.23"))


def test_compensation_without_the_rate_is_refused():
    with pytest.raises(NoteError, match="Brak kursu"):
        compensation_for(amount=Decimal(1000), effective_due_on=TODAY)


def test_compensation_is_off_by_default(contract):
    with pytest.raises(NoteError, match="wyłączone"):
        issue_compensation_notes(item_ids=[late_item(contract).pk], at=AT)


def test_compensation_is_a_separate_item_charged_once(contract, settings):
    settings.CHARGE_COMPENSATION = True
    ExchangeRate.objects.create(
        currency="EUR", on=dt.date(2026, 9, 30), rate="4.2558", table="190/A/NBP/2026"
    )
    item = late_item(contract, gross="6000.00")
    consumer = late_item(ContractFactory(company__is_consumer=True), "z")
    ids = [item.pk, consumer.pk]

    (note,) = issue_compensation_notes(item_ids=ids, at=AT)

    assert (note.kind, note.gross, note.fx_rate, note.fx_on) == (
        InvoiceKind.COMPENSATION,
        Decimal("297.91"),
        Decimal("4.2558"),
        dt.date(2026, 9, 30),
    )
    assert (note.item.kind, note.item.side_of) == (ItemKind.COMPENSATION, item)
    assert issue_compensation_notes(item_ids=ids, at=AT) == []
    assert verify() == []


# Pages and the back office


def text_of(response) -> str:
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def test_settlements_show_what_has_run_up(owner, company):
    contract = ContractFactory(company=company)
    item = late_item(contract)
    late_item(ContractFactory(), "z")

    response = owner.get(reverse("invoicing:settlements"))

    assert response.context["main"].interest == Decimal("11.30")
    text = text_of(response)
    assert "11,30 zł" in text
    assert "(nie jest to nota)" in text
    (line,) = response.context["lines"]
    assert line["run_up"].item == item


def test_settlements_without_arrears_do_not_speak_of_interest(owner, company):
    late_item(ContractFactory(company=company), due=TODAY)

    assert "Naliczone odsetki" not in text_of(owner.get(reverse("invoicing:settlements")))


def test_invoice_page_shows_the_arithmetic(owner, company):
    item = late_item(ContractFactory(company=company), due=dt.date(2026, 6, 25))

    text = text_of(owner.get(reverse("invoicing:invoice_detail", args=[item.invoice.public_id])))

    assert "Naliczone odsetki na dziś (nie jest to nota)" in text
    assert "26.06.2026 – 30.06.2026" in text
    assert "14,00%" in text
    assert "13,75%" in text
    assert "stopa jeszcze niepotwierdzona" in text


def test_page_of_a_note_shows_how_it_came_about(owner, company, confirmed):
    item = late_item(ContractFactory(company=company))
    (note,) = issue_interest_notes(item_ids=[item.pk], until=TODAY, at=AT)

    text = text_of(owner.get(reverse("invoicing:invoice_detail", args=[note.public_id])))

    assert "Jak policzono odsetki" in text
    assert "24.10.2026 – 22.11.2026" in text
    assert item.label in text


def test_stranger_does_not_see_the_arithmetic(stranger, company):
    item = late_item(ContractFactory(company=company))

    url = reverse("invoicing:invoice_detail", args=[item.invoice.public_id])
    assert stranger.get(url).status_code == 404


ACTION = "issue_interest_notes"


def test_back_office_issues_notes(contract, confirmed, client_of, today):
    item = late_item(contract)
    staff = client_of(UserFactory(is_staff=True, is_superuser=True))

    response = staff.post(
        reverse("admin:invoicing_receivableitem_changelist"),
        {"action": ACTION, "_selected_action": [item.pk]},
        follow=True,
    )

    assert "NOP/2026/11/000001" in text_of(response)
    assert Invoice.objects.filter(kind=InvoiceKind.INTEREST_NOTE).count() == 1


def test_back_office_is_told_why_not(contract, client_of, today):
    item = late_item(contract)
    staff = client_of(UserFactory(is_staff=True, is_superuser=True))

    response = staff.post(
        reverse("admin:invoicing_receivableitem_changelist"),
        {"action": ACTION, "_selected_action": [item.pk]},
        follow=True,
    )

    assert "nie jest potwierdzona" in text_of(response)
    assert not Invoice.objects.filter(kind=InvoiceKind.INTEREST_NOTE).exists()

"""„Zapłaciłem” and „Zapłacę do…”: reported, promised, settled by what comes, withdrawn."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from eboks.audit.models import AuditEntry
from invoicing import promises, reported
from invoicing.enums import PaymentKind, PromiseState, ReportState
from invoicing.models import PaymentReport, ReceivableItem
from invoicing.paying import PayingError
from tests.factories import (
    ContractFactory,
    PaymentFactory,
    UserFactory,
)
from tests.invoicing.conftest import NOW, TODAY, make_invoice
from tests.invoicing.said import (
    DAY,
    close,
    promise,
    report,
    settle,
    state_of,
    waiting,
)

# --- reporting -----------------------------------------------------------------------------------


def test_reminders_wait_some_working_days_for_a_reported_transfer(company):
    invoice = make_invoice(company)

    row = report(company, invoice)

    assert row.waits_until == dt.date(2026, 11, 25)  # Sunday; three working days
    assert waiting() == {invoice.pk}
    assert waiting(dt.date(2026, 11, 25)) == {invoice.pk}
    assert waiting(dt.date(2026, 11, 26)) == set()
    assert AuditEntry.objects.get(event="payment_reported").facts == {
        "amount": "3\u00a0448,66\u00a0zł",
        "on": "2026-11-22",
    }


def test_same_form_sent_twice_is_one_report(company):
    invoice, key = make_invoice(company), uuid.uuid4()

    assert report(company, invoice, form_key=key) == report(company, invoice, form_key=key)
    assert PaymentReport.objects.count() == 1


def test_what_cannot_be_reported_is_refused(company, settings):
    invoice = make_invoice(company)
    report(company, invoice)
    for refused in (
        {"paid_on": TODAY + DAY},
        {"paid_on": TODAY - 61 * DAY},
    ):
        with pytest.raises(PayingError):
            report(company, make_invoice(company), **refused)
    for invoices in (
        [invoice],  # reported already
        [make_invoice(ContractFactory.create().company)],
        [make_invoice(company, left="0.00")],
        [make_invoice(company, currency="EUR")],
    ):
        with pytest.raises(PayingError):
            report(company, *invoices)
    settings.PAYMENT_REPORTS_PER_DAY = 1
    with pytest.raises(PayingError):
        report(company)


def test_transfer_of_that_amount_settles_the_report(company):
    row = report(company, make_invoice(company))
    for other in (
        {"amount": Decimal("3448.67")},
        {"currency": "EUR"},
        {"booked_on": TODAY - 10 * DAY},
        {"kind": PaymentKind.REFUND},
        {"company": ContractFactory.create().company},
    ):
        PaymentFactory.create(
            **{"company": company, "amount": Decimal("3448.66"), "booked_on": TODAY, **other}
        )
    assert settle().matched == 0

    payment = PaymentFactory.create(company=company, amount=Decimal("3448.66"), booked_on=TODAY)

    assert settle(company_ids=[company.pk]).matched == 1
    row.refresh_from_db()
    assert (row.state, row.payment) == (ReportState.MATCHED, payment)
    assert settle().matched == 0
    assert waiting() == set()


def test_reporting_again_puts_nothing_off(company):
    invoice = make_invoice(company)
    row = report(company, invoice)
    reported.withdraw(report=row, actor=UserFactory.create(), at=NOW)

    soon = report(company, invoice, at=NOW + DAY)
    assert soon.waits_until == row.waits_until

    settle(on=soon.waits_until + DAY)
    assert state_of(soon) == ReportState.EXPIRED
    late = report(company, invoice, at=NOW + 30 * DAY)
    assert late.waits_until == TODAY + 30 * DAY


def test_one_transfer_settles_one_report(company):
    one = report(company, make_invoice(company), paid_on=TODAY - DAY)
    other = report(company, make_invoice(company))
    PaymentFactory.create(company=company, amount=Decimal("3448.66"), booked_on=TODAY)

    settle()

    assert (state_of(one), state_of(other)) == (ReportState.MATCHED, ReportState.OPEN)


def test_items_closed_otherwise_settle_the_report(company):
    one, other = make_invoice(company), make_invoice(company)
    row = report(company, one, other, amount=Decimal("6897.32"))
    close(one)
    assert settle().matched == 0

    close(other)

    assert settle().matched == 1
    assert state_of(row) == ReportState.MATCHED


def test_report_expires_and_a_late_transfer_still_makes_it_right(company):
    row = report(company, make_invoice(company))

    assert settle(on=row.waits_until).expired == 0
    assert settle(on=row.waits_until + DAY).expired == 1
    assert state_of(row) == ReportState.EXPIRED
    PaymentFactory.create(
        company=company, amount=Decimal("3448.66"), booked_on=row.waits_until + DAY
    )
    settle(on=row.waits_until + DAY)
    assert state_of(row) == ReportState.MATCHED


def test_others_are_left_alone(company):
    row = report(company, make_invoice(company))
    PaymentFactory.create(company=company, amount=Decimal("3448.66"), booked_on=TODAY)

    settle(company_ids=[ContractFactory.create().company_id])

    assert state_of(row) == ReportState.OPEN


def test_report_is_withdrawn_once(company):
    row = report(company, make_invoice(company))
    actor = UserFactory.create()

    reported.withdraw(report=row, actor=actor, at=NOW)

    assert waiting() == set()
    with pytest.raises(PayingError):
        reported.withdraw(report=row, actor=actor, at=NOW)


# --- promising -----------------------------------------------------------------------------------


def test_reminders_wait_until_the_promised_day(company):
    invoice = make_invoice(company, left="1000.00")

    row = promise(company, invoice)

    assert (row.amount, row.currency) == (Decimal("1000.00"), "PLN")
    assert waiting(row.pay_by) == {invoice.pk}
    assert waiting(row.pay_by + DAY) == set()


def test_same_form_sent_twice_is_one_promise(company):
    invoice, key = make_invoice(company), uuid.uuid4()

    assert promise(company, invoice, form_key=key) == promise(company, invoice, form_key=key)


def test_rules_of_the_lessor_are_kept(company, settings):
    with pytest.raises(PayingError):
        promise(company)
    for day in (TODAY - DAY, TODAY + 15 * DAY):
        with pytest.raises(PayingError):
            promise(company, make_invoice(company), pay_by=day)
    disputed, dunned = make_invoice(company), make_invoice(company)
    ReceivableItem.objects.filter(invoice=disputed).update(is_disputed=True)
    ReceivableItem.objects.filter(invoice=dunned).update(dunning_level=3)
    for invoice in (disputed, dunned, make_invoice(company, left="0.00")):
        with pytest.raises(PayingError):
            promise(company, invoice)
    with pytest.raises(PayingError):
        promise(company, make_invoice(company), make_invoice(company, currency="EUR"))
    settings.PROMISE_MAX_OPEN = 1
    invoice = make_invoice(company)
    promise(company, invoice)
    for again in (invoice, make_invoice(company)):
        with pytest.raises(PayingError):
            promise(company, again)
    settings.PROMISE_MAX_DAYS = 0
    with pytest.raises(PayingError):
        promise(company, make_invoice(company), pay_by=TODAY)


def test_promise_is_kept_when_its_items_are_closed(company):
    one, other = make_invoice(company), make_invoice(company)
    row = promise(company, one, other)
    close(one)
    assert settle().kept == 0

    close(other)

    assert settle(company_ids=[company.pk]).kept == 1
    row.refresh_from_db()
    assert (row.state, row.decided_at) == (PromiseState.KEPT, NOW)
    assert settle().kept == 0


@pytest.mark.parametrize(
    ("pay_by", "broken_on"),
    [
        (dt.date(2026, 11, 25), dt.date(2026, 11, 27)),  # the statement comes on the 26th
        (dt.date(2026, 11, 27), dt.date(2026, 12, 1)),  # Friday: on Monday
        (dt.date(2026, 12, 5), dt.date(2026, 12, 8)),  # Saturday
    ],
)
def test_promise_is_broken_after_the_banks_day(company, pay_by, broken_on):
    row = promise(company, make_invoice(company), pay_by=pay_by)

    settle(on=broken_on - DAY)
    assert state_of(row) == PromiseState.OPEN
    assert settle(on=broken_on).broken == 1
    assert state_of(row) == PromiseState.BROKEN


def test_broken_promise_is_not_made_again(company):
    invoice = make_invoice(company)
    promise(company, invoice, pay_by=dt.date(2026, 11, 25))
    settle(on=dt.date(2026, 11, 27))

    with pytest.raises(PayingError, match="nie została dotrzymana"):
        promise(company, invoice, pay_by=dt.date(2026, 12, 4), at=NOW + 5 * DAY)
    promise(company, make_invoice(company), pay_by=dt.date(2026, 12, 4), at=NOW + 5 * DAY)


def test_promise_is_withdrawn_once(company):
    row = promise(company, make_invoice(company))
    actor = UserFactory.create()

    promises.withdraw(promise=row, actor=actor, at=NOW)

    assert waiting() == set()
    with pytest.raises(PayingError):
        promises.withdraw(promise=row, actor=actor, at=NOW)

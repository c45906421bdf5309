"""Reminders of due dates: before and after, once, not for what was reported or promised."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from eboks.jobs.models import JobRun, JobState
from eboks.notifications.models import Channel, OutgoingMessage, Preference
from eboks.tenancy.rights import Role
from invoicing import promises, reminders, reported
from invoicing.models import ReceivableItem
from invoicing.tasks import look_after_payments
from tests.factories import ContractFactory, MembershipFactory
from tests.invoicing.conftest import NOW, TODAY, make_invoice

DAY = dt.timedelta(days=1)
SOON, LATE = TODAY + 3 * DAY, TODAY - 3 * DAY


def remind(on=TODAY):
    return reminders.send_due_reminders(on=on, at=NOW)


def messages(**kwargs):
    return OutgoingMessage.objects.filter(kind__startswith="payment_", **kwargs).order_by("pk")


@pytest.fixture
def payer(company):
    return MembershipFactory.create(company=company, role=Role.FINANCE).user


def test_days_before_and_after_are_reminded_of(company, payer):
    make_invoice(company, due_on=SOON)
    make_invoice(company, due_on=LATE)
    for day in (TODAY, TODAY + 2 * DAY, TODAY + 4 * DAY, TODAY - 2 * DAY, TODAY - 4 * DAY):
        make_invoice(company, due_on=day)
    make_invoice(company, due_on=SOON, left="0.00")

    assert remind() == 4

    assert {row.kind for row in messages(user=payer, channel=Channel.EMAIL)} == {
        "payment_soon",
        "payment_overdue",
    }
    bell = messages(kind="payment_soon", channel=Channel.BELL).get()
    assert bell.company == company
    assert bell.url == "/rozrachunki/"
    assert "25 listopada 2026" in bell.subject
    assert "3\u00a0448,66\u00a0zł" in bell.body


def test_company_gets_one_message_for_all_its_items(company, payer):
    invoices = [make_invoice(company, due_on=SOON) for _n in range(7)]
    make_invoice(company, due_on=SOON, currency="EUR")

    remind()

    facts = messages(channel=Channel.EMAIL).get().facts
    assert (facts["count"], facts["more"]) == (8, 3)
    assert facts["amount"] == "24\u00a0140,62\u00a0zł, 3\u00a0448,66\u00a0€"
    assert invoices[0].number in facts["numbers"]


def test_second_run_sends_nothing(company, payer):
    make_invoice(company, due_on=SOON)
    remind()

    assert remind() == 0
    JobRun.objects.all().delete()  # as if the first one had died before it said so
    remind()
    assert messages().count() == 2


def test_run_that_broke_goes_on_where_it_was(company, payer):
    other = MembershipFactory.create(role=Role.FINANCE)
    for one in (company, other.company):
        make_invoice(one, due_on=SOON)
    JobRun.objects.create(
        job=reminders.JOB,
        business_on=TODAY,
        state=JobState.FAILED,
        position=str(company.pk),
        lease_until=NOW,
        started_at=NOW,
        beat_at=NOW,
    )

    remind()

    assert {row.user for row in messages()} == {other.user}


def test_missed_days_are_caught_up_with(company, payer):
    JobRun.objects.create(
        job=reminders.JOB,
        business_on=TODAY - 10 * DAY,
        state=JobState.DONE,
        lease_until=NOW,
        started_at=NOW,
        beat_at=NOW,
    )
    make_invoice(company, due_on=SOON - 2 * DAY)  # was due a reminder two days ago
    make_invoice(company, due_on=SOON - 5 * DAY)  # too long ago

    remind()

    assert messages(channel=Channel.EMAIL).count() == 1
    done = JobRun.objects.filter(job=reminders.JOB, state=JobState.DONE)
    assert done.count() == 1 + 4


def test_reports_promises_and_disputes_are_waited_for(company, payer):
    known, promised, disputed = (make_invoice(company, due_on=LATE) for _n in range(3))
    items = {
        row.invoice: row for row in ReceivableItem.objects.select_related("company", "invoice")
    }
    reported.report_payment(
        company=company,
        items=[items[known]],
        paid_on=TODAY,
        amount=Decimal("3448.66"),
        currency="PLN",
        scan=None,
        form_key=uuid.uuid4(),
        actor=payer,
        at=NOW,
    )
    promises.promise(
        company=company,
        items=[items[promised]],
        pay_by=TODAY + DAY,
        form_key=uuid.uuid4(),
        actor=payer,
        at=NOW,
    )
    ReceivableItem.objects.filter(invoice=disputed).update(is_disputed=True)

    assert remind() == 0


def test_who_is_reminded(company, payer):
    make_invoice(company, due_on=SOON)
    for role in (Role.READ_ONLY, Role.FLEET, Role.DRIVER):
        MembershipFactory.create(company=company, role=role)
    MembershipFactory.create(company=company, role=Role.OWNER, is_active=False)
    MembershipFactory.create(role=Role.OWNER)
    accountant = MembershipFactory.create(company=company, role=Role.ACCOUNTANT).user

    remind()

    assert {row.user for row in messages()} == {payer, accountant}


def test_member_with_selected_contracts_hears_of_these(company):
    own = ContractFactory.create(company=company)
    make_invoice(company, contract=own, due_on=SOON)
    make_invoice(company, due_on=SOON)
    limited = MembershipFactory.create(company=company, role=Role.FINANCE, is_limited=True)
    limited.allowed_contracts.create(contract=own)
    MembershipFactory.create(company=company, role=Role.FINANCE, is_limited=True)

    remind()

    row = messages(channel=Channel.EMAIL).get()
    assert (row.user, row.facts["count"]) == (limited.user, 1)


def test_preferences_are_kept(company, payer):
    make_invoice(company, due_on=SOON)
    Preference.objects.create(
        user=payer, kind="payment_soon", channel=Channel.EMAIL, is_wanted=False
    )

    remind()

    assert [row.channel for row in messages()] == [Channel.BELL]


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_texts_are_whole_in_each_language(company, payer, language, settings):
    from eboks.notifications.rendering import letter, sms

    payer.language = language
    payer.save()
    make_invoice(company, due_on=SOON)
    make_invoice(company, due_on=LATE)
    remind()

    for row in messages(channel=Channel.EMAIL):
        written = letter(row, {})
        assert company.name in written.text
        assert written.subject
        row.channel = Channel.SMS
        assert len(sms(row, {}).text) <= 160


@pytest.mark.parametrize("count", [1, 4])
def test_queries_do_not_grow_with_the_companies(db, count, django_assert_max_num_queries):
    for _n in range(count):
        company = MembershipFactory.create(role=Role.FINANCE).company
        make_invoice(company, due_on=SOON)

    with django_assert_max_num_queries(26):
        remind()


def test_morning_task_decides_and_reminds(company, payer, time_machine):
    time_machine.move_to(NOW, tick=False)
    make_invoice(company, due_on=SOON)

    look_after_payments()
    look_after_payments()

    assert messages().count() == 2

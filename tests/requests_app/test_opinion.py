"""An opinion: at once when the books are clean, true figures of one client, in one language."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from eboks import clock
from eboks.jobs.models import BALANCES_JOB, JobRun, JobState
from eboks.tenancy.rights import Role
from eboks.ui.words import long_date
from requests_app import deciding, filing
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import FeeState, Status
from requests_app.payment_history import history
from tests import factories as f
from tests.requests_app.conftest import draft, filed
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db
ASKED = {"period": "12", "language": "pl", "purpose": "Bank Spółdzielczy w Kaliszu"}


@pytest.fixture
def fresh(db):
    """A night of balances was finished just now."""
    now = timezone.now()
    return JobRun.objects.create(
        job=BALANCES_JOB,
        business_on=clock.today(now),
        state=JobState.DONE,
        lease_until=now,
        started_at=now,
        beat_at=now,
        finished_at=now,
    )


def ago(days: int) -> dt.date:
    return clock.today(timezone.now()) - dt.timedelta(days=days)


def item(contract, due: dt.date, *, paid: dt.date | None = None, amount="100.00", **fields):
    """An invoice of 100,00 zł due on `due`, of which `amount` was paid on the day `paid`."""
    money = {"gross": Decimal(100), "open_amount": Decimal(0 if paid else 100)}
    dates = {"nominal_due_on": due, "effective_due_on": due, "issued_on": due}
    row = f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(contract=contract), **{**money, **dates, **fields}
    )
    if paid:
        payment = f.PaymentFactory(
            company=row.company, booked_on=paid, amount=Decimal(amount), unallocated_amount=0
        )
        f.AllocationFactory(item=row, payment=payment, amount=Decimal(amount), allocated_on=paid)
    return row


def figures(lessee, months: int | None = 12):
    now = timezone.now()
    return history(company=lessee.company, months=months, on=clock.today(now), at=now)


def test_figures_of_the_period(lessee):
    item(lessee.contract, ago(10), paid=ago(10))  # on the last day: in time
    item(lessee.contract, ago(40), paid=ago(60))
    item(lessee.contract, ago(70), paid=ago(65))  # five days late
    item(lessee.contract, ago(100), paid=ago(98))
    item(lessee.contract, ago(3))
    item(lessee.contract, ago(0))  # due today: the day is not over
    item(lessee.contract, ago(800), paid=ago(700))  # before the period
    item(lessee.contract, ago(20), kind="interest_note")  # not an invoice
    item(f.ContractFactory(), ago(30))  # another company's

    found = figures(lessee)

    paid = found.paid
    assert (paid.due, paid.in_time, paid.late, paid.longest_days, paid.unpaid) == (5, 2, 2, 5, 1)
    assert paid.first_due_on == ago(100)
    assert found.client_since == lessee.contract.signed_on
    assert found.live_contracts == 1
    (pln,) = found.positions
    assert (pln.overdue, pln.due) == (200, 100)
    assert figures(lessee, None).paid.late == 3


def test_residue_that_was_written_off_is_not_lateness(lessee):
    row = item(lessee.contract, ago(50), paid=ago(50), amount="99.50")
    credit = f.ReceivableItemFactory(
        invoice=None,
        company=lessee.company,
        contract=lessee.contract,
        label="Umorzenie",
        kind="write_off",
        gross=Decimal("-0.50"),
        open_amount=Decimal(0),
        side_of=row,
    )
    lessee.company.set_offs.create(
        credit_item=credit, debit_item=row, amount=Decimal("0.50"), set_off_on=ago(5)
    )

    paid = figures(lessee).paid

    assert (paid.in_time, paid.late) == (1, 0)


@pytest.mark.parametrize("language", ["pl", "en"])
def test_clean_books_give_the_paper_at_once(lessee, fresh, commits, language):
    item(lessee.contract, ago(40), paid=ago(38))

    with commits():
        row = filed("opinion", lessee, {**ASKED, "language": language}, about=False)

    row.refresh_from_db()
    assert (row.status, row.decided_by, row.why_review) == (Status.CLOSED, None, "")
    assert (row.fee_net, row.fee_state) == (50, FeeState.CORE)
    paper = row.papers.get()
    assert (paper.language, paper.valid_from, paper.valid_to) == (language, ago(0), None)
    assert len(paper.about) == 3
    assert lessee.company.name not in str(paper.about)
    text = text_of(row.papers.get())
    assert lessee.company.name in text
    assert ASKED["purpose"] in text
    with translation.override(language):
        assert long_date(ago(0)) in text
        assert _("Opinia o historii płatności") in text


def test_arrears_are_for_staff_and_stand_in_the_paper(lessee, fresh, clerk, commits):
    item(lessee.contract, ago(9), open_amount=Decimal("37.15"))
    row = filed("opinion", lessee, ASKED, about=False)
    assert row.status == Status.SUBMITTED
    assert "zaległość" in row.why_review

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert "37,15 zł" in text_of(row.papers.get())


def test_arrears_of_others_are_nobody_elses(lessee, fresh):
    item(f.ContractFactory(), ago(9), is_disputed=True)
    assert filed("opinion", lessee, ASKED, about=False).status != Status.SUBMITTED


@pytest.mark.parametrize("trouble", ["disputed", "terminated", "stale", "unknown"])
def test_doubt_is_for_staff(lessee, fresh, trouble):
    if trouble == "disputed":
        item(lessee.contract, ago(-9), is_disputed=True)
    elif trouble == "terminated":
        f.ContractFactory(company=lessee.company, status="terminated_for_cause")
    elif trouble == "stale":
        JobRun.objects.update(finished_at=timezone.now() - dt.timedelta(days=3))
    else:
        JobRun.objects.all().delete()

    row = filed("opinion", lessee, ASKED, about=False)

    assert row.status == Status.SUBMITTED
    assert row.why_review


def test_period_must_be_one_of_those_offered(lessee, fresh):
    row = draft("opinion", lessee, {**ASKED, "period": "7"}, about=False)
    with pytest.raises(RequestError, match="Formularz"):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())


def test_filed_twice_is_one_paper(lessee, fresh, commits):
    with commits():
        row = filed("opinion", lessee, ASKED, about=False)
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
    assert row.papers.count() == 1
    assert row.steps.filter(after=Status.APPROVED).count() == 1


def test_who_may_ask_and_read(client, client_of, lessee, fresh, commits):
    with commits():
        row = filed("opinion", lessee, ASKED, about=False)
    paper_url = f"/wnioski/dokumenty/{row.papers.get().public_id}/"
    start_url = "/wnioski/nowy/opinion/"
    fleet = client_of(f.MembershipFactory(company=lessee.company, role=Role.FLEET).user)
    stranger = client_of(f.MembershipFactory().user)
    client.force_login(lessee.user)

    assert client.get(start_url).status_code == 200
    answer = client.get(paper_url)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert fleet.get(start_url).status_code == 403
    assert fleet.get(paper_url).status_code == 403
    assert stranger.get(paper_url).status_code == 404


def test_check_page_says_no_name(client, lessee, fresh, commits):
    with commits():
        row = filed("opinion", lessee, ASKED, about=False)
    paper = row.papers.get()
    page = client.get(f"/sprawdz/{paper.check_code}/").content.decode()
    assert paper.number in page
    assert lessee.company.name not in page


def test_staff_see_how_old_the_data_are(lessee, fresh):
    item(lessee.contract, ago(9), is_disputed=True)
    row = filed("opinion", lessee, ASKED, about=False)
    found = dict(type_of(row).office(row, timezone.now()))
    assert found["Umów"] == "1"
    assert found["Należności spornych"] == "1"
    assert found["Wpłaty zaksięgowane do"] == "nie ma wpłat"

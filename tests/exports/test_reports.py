"""Favourite reports: kept, renamed, made by themselves, stopped with the right."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from eboks.exports import favourites, making, scheduling
from eboks.exports.models import ExportFile, Frequency, SavedReport
from eboks.exports.scheduling import next_day
from eboks.notifications.models import Channel, OutgoingMessage
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.exports.conftest import AT, Clock, fresh, kind
from tests.factories import LessorFactory, MembershipFactory

pytestmark = pytest.mark.django_db

REPORTS = "/moje-pliki/raporty/"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def lessor():
    LessorFactory()


@pytest.fixture
def member():
    return MembershipFactory(user__email="anna@example.com")


def saved(member, name="Koszty", **more):
    kind("proba", page="invoicing:invoice_list")
    values = {"company": member.company, "params": {"state": "to_pay"}, "at": AT}
    return favourites.save(owner=member.user, kind="proba", name=name, **(values | more))


@pytest.mark.parametrize(
    ("frequency", "after", "following"),
    [
        (Frequency.WEEKLY, dt.date(2026, 11, 22), dt.date(2026, 11, 23)),  # a Sunday
        (Frequency.WEEKLY, dt.date(2026, 11, 23), dt.date(2026, 11, 30)),
        (Frequency.MONTHLY, dt.date(2026, 11, 22), dt.date(2026, 12, 1)),
        (Frequency.MONTHLY, dt.date(2026, 10, 31), dt.date(2026, 11, 2)),  # the 1st is a holiday
        (Frequency.MONTHLY, dt.date(2026, 11, 1), dt.date(2026, 11, 2)),
        (Frequency.MONTHLY, dt.date(2026, 11, 2), dt.date(2026, 12, 1)),
        (Frequency.NONE, dt.date(2026, 11, 2), None),
    ],
)
def test_next_day_of_a_rhythm(frequency, after, following):
    assert next_day(frequency, after=after) == following


def test_page_is_saved_opened_renamed_and_deleted(login, member):
    browser = login(member.user)
    browser.post(
        f"{REPORTS}zapisz/",
        {"kind": "invoice_list", "query": "state=to_pay&strona=3", "name": "Do zapłaty"},
    )
    report = SavedReport.objects.get()
    assert (report.params, report.company) == ({"state": "to_pay"}, member.company)
    assert favourites.address(report) == "/faktury/?state=to_pay"
    assert "/faktury/?state=to_pay" in browser.get(REPORTS).content.decode()

    url = f"{REPORTS}{report.public_id}/"
    assert browser.get(url).status_code == 200
    response = browser.post(url, {"name": "Co tydzień", "frequency": "weekly"})
    assert response.url == REPORTS
    report.refresh_from_db()
    assert (report.name, report.frequency) == ("Co tydzień", "weekly")
    assert report.next_on.weekday() == 0

    browser.post(f"{url}zamow/")
    assert ExportFile.objects.get().title == "Co tydzień"
    browser.post(f"{url}usun/")
    assert not SavedReport.objects.exists()


def test_repeated_parameter_is_kept_whole(login, member):
    query = "period=previous_year&kind=fee&kind=instalment"
    login(member.user).post(
        f"{REPORTS}zapisz/", {"kind": "cost_report", "query": query, "name": "Koszty"}
    )

    report = SavedReport.objects.get()

    assert report.params == {"kind": ["fee", "instalment"], "period": "previous_year"}
    assert favourites.address(report).endswith("?kind=fee&kind=instalment&period=previous_year")


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "nie-ma", "name": "x"},
        {"kind": "contract_archive", "name": "bez strony"},
        {"kind": "invoice_list", "name": "  "},
        {"kind": "invoice_list", "name": "x" * 81},
        {},
    ],
)
def test_odd_report_is_not_saved(login, member, data):
    login(member.user).post(f"{REPORTS}zapisz/", data)

    assert not SavedReport.objects.exists()


def test_name_is_unique_for_a_person(login, member):
    saved(member, "Koszty")
    other = saved(member, "Inny")
    with pytest.raises(favourites.SavedReportError):
        saved(member, "Koszty")
    browser = login(member.user)

    page = browser.post(
        f"{REPORTS}{other.public_id}/", {"name": "Koszty", "frequency": "none"}
    ).content.decode()

    assert "Masz już raport o tej nazwie" in page
    assert "Inny" in page
    saved(MembershipFactory(), "Koszty")


def test_colleague_does_not_find_it(login, member):
    report = saved(member)
    colleague = MembershipFactory(company=member.company)
    browser = login(colleague.user)
    url = f"{REPORTS}{report.public_id}/"

    assert browser.get(url).status_code == 404
    for end in ("", "zamow/", "usun/"):
        assert browser.post(url + end).status_code == 404
    assert "Koszty" not in browser.get(REPORTS).content.decode()


def test_report_cannot_be_saved_without_the_right(member):
    Membership.objects.update(role=Role.FLEET)
    with pytest.raises(favourites.SavedReportError):
        saved(member)


# --- by itself ------------------------------------------------------------------------------------
def weekly(member, **more):
    report = saved(member, **more)
    favourites.change(
        report=report, name=report.name, frequency=Frequency.WEEKLY, on=dt.date(2026, 11, 22)
    )
    report.refresh_from_db()
    return report


def test_report_of_the_day_is_ordered_once(member):
    report = weekly(member)
    monday = AT + DAY

    assert scheduling.order_due(at=AT) == []
    [file] = scheduling.order_due(at=monday)
    assert scheduling.order_due(at=monday) == []

    report.refresh_from_db()
    assert report.next_on == dt.date(2026, 11, 30)
    assert (file.report, file.title, file.params) == (report, "Koszty", {"state": "to_pay"})


def test_missed_weeks_are_made_up_for_once(member):
    weekly(member)

    assert len(scheduling.order_due(at=AT + 20 * DAY)) == 1
    assert SavedReport.objects.get().next_on == dt.date(2026, 12, 14)


def test_message_leads_to_the_portal_and_carries_no_data(
    member, django_capture_on_commit_callbacks
):
    weekly(member)
    kind("proba", page="invoicing:invoice_list")
    [file] = scheduling.order_due(at=AT + DAY)
    at = timezone.now()

    with django_capture_on_commit_callbacks(execute=True):
        making.make(file_id=file.pk, now=lambda: at)

    rows = OutgoingMessage.objects.filter(user=member.user, kind="report_ready")
    assert {row.channel for row in rows} == {Channel.EMAIL, Channel.BELL}
    [sent] = mail.outbox
    text = sent.body + "".join(str(part) for part, _kind in sent.alternatives)
    assert "/moje-pliki/" in text
    assert not sent.attachments
    assert member.company.name not in sent.body.replace("\n", " ") or "plik.txt" not in sent.body


def test_lost_right_ends_the_sending_and_is_told(member):
    report = weekly(member)
    Membership.objects.update(role=Role.FLEET)

    assert scheduling.order_due(at=AT + DAY) == []

    report.refresh_from_db()
    assert (report.frequency, report.next_on) == (Frequency.NONE, None)
    kinds = set(OutgoingMessage.objects.filter(user=member.user).values_list("kind", flat=True))
    assert kinds == {"report_stopped"}
    assert scheduling.order_due(at=AT + 30 * DAY) == []


def test_scheduled_report_takes_nothing_from_the_limit(member, settings):
    settings.EXPORTS_PER_HOUR = 0
    weekly(member)

    [file] = scheduling.order_due(at=AT + DAY)
    making.make(file_id=file.pk, now=Clock())

    assert fresh(file).state == "ready"


def test_deleted_report_leaves_its_files(member):
    report = weekly(member)
    [file] = scheduling.order_due(at=AT + DAY)

    favourites.delete(report=report)

    assert fresh(file).report is None


@pytest.mark.parametrize("count", [1, 3])
def test_list_query_count_is_constant(login, member, count, django_assert_max_num_queries):
    for n in range(count):
        saved(member, f"Raport {n}")
    browser = login(member.user)
    browser.get(REPORTS)

    with django_assert_max_num_queries(9):
        response = browser.get(REPORTS)

    assert len(response.context["lines"]) == count

"""The calendar: what lies ahead by the person's rights, and the secret link that reads it."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from contracts.enums import ContractStatus
from contracts.models import AssignedAsset
from eboks.audit.models import AuditEntry
from eboks.portal import calendar_links
from eboks.portal.calendar_entries import entries
from eboks.portal.models import CalendarLink
from eboks.tenancy.rights import Role
from insurance.enums import Risk, Verification
from tests.factories import (
    AssetFactory,
    CompanyFactory,
    ContractFactory,
    InvoiceFactory,
    LessorFactory,
    MembershipFactory,
    ReceivableItemFactory,
    ScheduleRowFactory,
    ScheduleVersionFactory,
    UserFactory,
)
from tests.fleet.factories import ServiceVisitFactory
from tests.insurance.factories import PolicyFactory

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
PATH = "/kalendarz/"


@pytest.fixture
def company(db, time_machine):
    time_machine.move_to(NOW, tick=False)
    LessorFactory()
    return CompanyFactory.create(name="TRANS-ŻUK sp. z o.o.")


def everything(company, *, day=TODAY + 10 * DAY):
    """One of each kind on `day` and the days after it."""
    contract = ContractFactory.create(company=company, end_on=day + 2 * DAY)
    asset = AssetFactory.create(contract=contract)
    policy = PolicyFactory.create(asset=asset, valid_to=day, risks=(Risk.OC, Risk.AC))
    version = ScheduleVersionFactory.create(contract=contract)
    ScheduleRowFactory.create(version=version, n=1, effective_due_on=day + DAY)
    invoice = InvoiceFactory.create(contract=contract)
    ReceivableItemFactory.create(
        invoice=invoice, open_amount="1234.56", gross="1234.56", effective_due_on=day + DAY
    )
    visit = ServiceVisitFactory.create(asset=asset, next_due_on=day + 3 * DAY)
    return {"contract": contract, "asset": asset, "policy": policy, "visit": visit}


def seen(user, company=None, *, first=TODAY, last=TODAY + 90 * DAY):
    return entries(user=user, company=company, first=first, last=last)


def kinds(user):
    return [entry.kind for entry in seen(user)]


def make_link(user, company=None, at=NOW):
    return calendar_links.make(user=user, company=company, form_key=uuid.uuid4(), at=at)


def read(token):
    return Client().get(f"/kalendarz/{token}.ics")


def events(token):
    response = read(token)
    assert response.status_code == 200
    return Calendar.from_ical(response.content).walk("VEVENT")


# --- what is in it ------------------------------------------------------------------------------


def test_owner_sees_one_of_each_kind_in_order(company):
    rows = everything(company)
    found = seen(MembershipFactory.create(company=company).user)

    assert [(entry.on - TODAY).days for entry in found] == [10, 11, 12, 13]
    assert [entry.kind for entry in found] == ["policy", "payment", "contract", "service"]
    assert found[0].title == f"Koniec polisy OC, AC: Scania R450 {rows['asset'].plate}"
    assert found[1].title == "Do zapłaty 1\u00a0234,56\u00a0zł"
    assert found[2].title == f"Koniec umowy {rows['contract'].number}"


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        (Role.OWNER, ["policy", "payment", "contract", "service"]),
        (Role.FLEET, ["policy", "payment", "contract", "service"]),
        (Role.INSURANCE, ["policy", "payment", "contract", "service"]),
        (Role.ACCOUNTANT, ["payment", "contract"]),
        (Role.READ_ONLY, ["payment", "contract", "service"]),
        (Role.DRIVER, ["service"]),
    ],
)
def test_roles_see_what_they_may(company, role, wanted):
    rows = everything(company)
    member = MembershipFactory.create(company=company, role=role)
    if role == Role.DRIVER:
        AssignedAsset.objects.create(membership=member, asset=rows["asset"])

    assert kinds(member.user) == wanted


@pytest.mark.parametrize("role", [Role.FLEET, Role.INSURANCE])
def test_amounts_are_for_those_who_see_finance(company, role):
    everything(company)
    member = MembershipFactory.create(company=company, role=role)

    payment = next(entry for entry in seen(member.user) if entry.kind == "payment")

    assert payment.title == "Termin płatności rat"
    assert "1234" not in str(read(make_link(member.user)).content)


def test_other_companies_and_former_lessees_show_nothing(company):
    everything(CompanyFactory.create())
    rows = everything(company)
    member = MembershipFactory.create(company=company)
    rows["contract"].company = CompanyFactory.create()
    rows["contract"].save()

    assert [kind for kind in kinds(member.user) if kind != "payment"] == []
    assert kinds(UserFactory.create()) == []


def test_limited_member_sees_selected_contracts(company):
    own, other = everything(company), everything(company)
    member = MembershipFactory.create(company=company, role=Role.FLEET, is_limited=True)
    member.allowed_contracts.create(contract=own["contract"])

    titles = " ".join(entry.title for entry in seen(member.user))

    assert own["asset"].plate in titles
    assert other["asset"].plate not in titles


def test_what_no_longer_matters_is_left_out(company):
    rows = everything(company)
    user = MembershipFactory.create(company=company).user
    rows["policy"].verification = Verification.RETURNED
    rows["policy"].save()
    ServiceVisitFactory.create(asset=rows["asset"], on=TODAY, next_due_on=TODAY + 200 * DAY)

    assert kinds(user) == ["payment", "contract"]
    rows["contract"].status = ContractStatus.CLOSED
    rows["contract"].save()
    assert [entry.title[:10] for entry in seen(user)] == ["Do zapłaty"]


def test_fleet_that_ends_on_one_day_is_one_entry(company):
    user = MembershipFactory.create(company=company).user
    day = TODAY + 40 * DAY
    for _n in range(25):
        asset = AssetFactory.create(contract__company=company)
        PolicyFactory.create(asset=asset, valid_to=day, risks=(Risk.AC,))

    (entry,) = seen(user)

    assert entry.title == "Kończą się polisy: 25"
    assert len(entry.details) == 21
    assert entry.details[-1] == "i jeszcze 5"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(company, count, django_assert_num_queries):
    user = MembershipFactory.create(company=company).user
    for n in range(count):
        everything(company, day=TODAY + (10 + n) * DAY)

    with django_assert_num_queries(8):
        assert len(seen(user)) >= 4 * count - 2 * (count - 1)


# --- the page -----------------------------------------------------------------------------------


def test_page_groups_by_day(company, client_of):
    everything(company)
    page = client_of(MembershipFactory.create(company=company).user).get(PATH).text

    assert page.index("2 grudnia 2026") < page.index("3 grudnia 2026")
    assert "Koniec polisy OC, AC" in page
    assert page.count("<h1") == 1


def test_empty_page_says_so(company, client_of):
    page = client_of(MembershipFactory.create(company=company).user).get(PATH).text

    assert "Nic się nie kończy" in page


def test_link_is_shown_once(company, client_of):
    browser = client_of(MembershipFactory.create(company=company).user)
    form = browser.get(PATH).context["form"]
    data = {"form_key": form["form_key"].value()}

    answer = browser.post(PATH, data)
    browser.post(PATH, data)  # a double click
    page = browser.get(PATH).text

    assert answer.url == "/kalendarz/#linki"
    (token,) = set(re.findall(r"/kalendarz/([\w-]{43})\.ics", page))
    assert page.count("webcal://") == 1
    assert token not in browser.get(PATH).text
    link = CalendarLink.objects.get()
    assert (link.company, link.token_hash) == (company, calendar_links.digest(token))
    assert token not in str(vars(link))
    assert read(token).status_code == 200
    assert AuditEntry.objects.filter(event="calendar_link_made").count() == 1


def test_five_links_are_enough(company, client_of):
    user = MembershipFactory.create(company=company).user
    for _n in range(5):
        make_link(user)

    page = client_of(user).post(PATH, {"form_key": uuid.uuid4()}, follow=True).text

    assert "Masz już 5 linków." in page
    assert CalendarLink.objects.count() == 5


def test_odd_form_makes_nothing(company, client_of):
    browser = client_of(MembershipFactory.create(company=company).user)

    assert browser.post(PATH, {"form_key": "x"}).status_code == 302
    assert not CalendarLink.objects.exists()


def test_menu_and_dashboard_lead_there(company, client_of):
    page = client_of(MembershipFactory.create(company=company).user).get("/").text

    assert page.count(f'href="{PATH}"') == 2


# --- the feed -----------------------------------------------------------------------------------


def test_feed_is_valid_and_lists_whole_days(company):
    rows = everything(company)
    token = make_link(MembershipFactory.create(company=company).user)

    response = read(token)

    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "no-store, private"
    lines = response.content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in b"".join(lines)
    calendar = Calendar.from_ical(response.content)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    found = calendar.walk("VEVENT")
    assert len(found) == 4
    assert not calendar.walk("VALARM")
    for event in found:
        assert event["DTSTART"].params["VALUE"] == "DATE"
        assert event["DTEND"].dt - event["DTSTART"].dt == DAY
        assert event["DTSTAMP"].dt == NOW
    policy = next(event for event in found if str(rows["policy"].public_id) in event["UID"])
    assert policy["SUMMARY"] == f"Koniec polisy OC, AC: Scania R450 {rows['asset'].plate}"
    assert policy["DTSTART"].dt == rows["policy"].valid_to
    assert "Przykładowe TU S.A." in policy["DESCRIPTION"]


@pytest.mark.parametrize("day", [dt.date(2027, 3, 28), dt.date(2027, 10, 31), dt.date(2028, 2, 29)])
def test_days_are_the_same_when_clocks_change(company, time_machine, day):
    time_machine.move_to(dt.datetime.combine(day, dt.time(0, 30), tzinfo=dt.UTC), tick=False)
    everything(company, day=day)
    token = make_link(MembershipFactory.create(company=company).user)

    days = [event["DTSTART"].dt for event in events(token)]

    assert days == [day, day + DAY, day + 2 * DAY, day + 3 * DAY]


def test_names_of_events_stay(company, time_machine):
    everything(company)
    token = make_link(MembershipFactory.create(company=company).user)
    before = {event["UID"] for event in events(token)}
    time_machine.move_to(NOW + 5 * DAY, tick=False)

    assert {event["UID"] for event in events(token)} == before
    assert len(before) == 4


def test_unknown_and_revoked_links_answer_nothing(company, client_of):
    user = MembershipFactory.create(company=company).user
    token = make_link(user)
    assert read(token).status_code == 200
    for wrong in ("x", token[:-1], f"{token}A", calendar_links.digest(token), "ż" * 200):
        assert read(wrong).status_code == 404

    link = CalendarLink.objects.get()
    answer = client_of(user).post(f"/kalendarz/{link.public_id}/cofnij/")

    assert answer.url == PATH
    assert read(token).status_code == 404
    assert AuditEntry.objects.filter(event="calendar_link_revoked").count() == 1
    client_of(user).post(f"/kalendarz/{link.public_id}/cofnij/")
    assert AuditEntry.objects.filter(event="calendar_link_revoked").count() == 1


def test_only_its_owner_revokes_a_link(company, client_of):
    make_link(MembershipFactory.create(company=company).user)
    url = reverse("portal:calendar_revoke", args=[CalendarLink.objects.get().public_id])

    for other in (MembershipFactory.create(company=company), MembershipFactory.create()):
        assert client_of(other.user).post(url).status_code == 404
    assert CalendarLink.objects.get().revoked_at is None


@pytest.mark.parametrize("change", ["inactive", "frozen", "membership", "expired"])
def test_person_who_may_no_longer_come_in_reads_nothing(company, change):
    member = MembershipFactory.create(company=company)
    token = make_link(member.user, company)
    if change == "inactive":
        member.user.is_active = False
    elif change == "frozen":
        member.user.frozen_at = NOW
    elif change == "membership":
        member.is_active = False
    else:
        member.valid_to = TODAY - DAY
    member.user.save()
    member.save()

    assert read(token).status_code == 404


def test_rights_that_were_lost_are_lost_in_the_feed(company):
    everything(company)
    member = MembershipFactory.create(company=company)
    token = make_link(member.user)
    assert len(events(token)) == 4
    member.role = Role.ACCOUNTANT
    member.save()

    assert {event["UID"].partition("-")[0] for event in events(token)} == {"payment", "contract"}


def test_link_of_a_company_shows_that_one_alone(company):
    member = MembershipFactory.create(company=company)
    other = MembershipFactory.create(user=member.user, company__name="Druga")
    everything(company)
    everything(other.company)

    assert len(events(make_link(member.user, company))) == 4
    both = events(make_link(member.user))
    assert len(both) == 8
    assert {event["DESCRIPTION"].partition("\n")[0] for event in both} == {company.name, "Druga"}


def test_reading_is_noted_once_an_hour(company, time_machine):
    token = make_link(MembershipFactory.create(company=company).user)
    read(token)
    time_machine.move_to(NOW + dt.timedelta(minutes=20), tick=False)
    read(token)
    assert CalendarLink.objects.get().last_read_at == NOW
    time_machine.move_to(NOW + dt.timedelta(minutes=90), tick=False)
    read(token)

    assert CalendarLink.objects.get().last_read_at == NOW + dt.timedelta(minutes=90)


def test_reading_is_limited(company, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "calendar_feed": "3/m/key"}
    token = make_link(MembershipFactory.create(company=company).user)

    assert [read(token).status_code for _n in range(4)] == [200, 200, 200, 429]
    assert Client().post(f"/kalendarz/{token}.ics").status_code == 405


def test_names_with_line_breaks_begin_no_property_of_their_own(company):
    rows = everything(company)
    rows["asset"].model = "R450\rATTENDEE:mailto:zly@example.com\nBEGIN:VALARM\r\nX:1\x0b\u2028"
    rows["asset"].save()
    company.name = "TRANS\rX-EVIL:1"
    company.save()
    token = make_link(MembershipFactory.create(company=company).user, company)

    content = read(token).content

    bare = content.replace(b"\r\n", b"")
    assert not any(sign in bare for sign in (b"\r", b"\n", b"\x0b", b"\xe2\x80\xa8"))
    calendar = Calendar.from_ical(content)
    assert len(calendar.walk("VEVENT")) == 4
    assert not calendar.walk("VALARM")
    assert not any("ATTENDEE" in event for event in calendar.walk("VEVENT"))

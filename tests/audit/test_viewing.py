"""The portal through a client's eyes: only to read, for a while, and on record (SEC-97)."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eboks.accounts.models import User
from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import ActorKind, AuditEntry
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.routes import ids_of, portal_routes
from tests.security.crawling import content
from tests.world import make_world

pytestmark = pytest.mark.django_db

END = "/zaplecze/tenancy/company/podglad/koniec/"


@pytest.fixture
def ours():
    return make_world("CANARY-A", letter="A")


@pytest.fixture
def staff():
    return create_staff(
        username="Z-1", email="z1@lessor.example", role=StaffRole.VIEW, password=f.PASSWORD
    )


@pytest.fixture
def office(client, staff):
    client.force_login(staff)
    return client


def begin(browser, membership, *, reason="Klient pyta o fakturę"):
    path = reverse("admin:tenancy_company_begin_viewing", args=[membership.company_id])
    return browser.post(path, {"membership": membership.pk, "reason": reason})


@pytest.fixture
def seeing(office, ours):
    """A browser of the staff that shows the portal as the owner of `ours` sees it."""
    begin(office, Membership.objects.get(user=ours.owner))
    return office


def entries(event):
    return list(AuditEntry.objects.filter(event=event).order_by("pk"))


def path_of(route, world):
    if "public_id" not in route.parameters:
        return reverse(route.name)
    return reverse(route.name, kwargs=ids_of(route.name, world.rows))


def simple_routes():
    return [route for route in portal_routes() if route.parameters <= {"public_id"}]


def test_client_page_offers_its_people(office, ours):
    page = office.get(reverse("admin:tenancy_company_change", args=[ours.company.pk]))

    assert "Zobacz portal oczami klienta" in page.content.decode()
    assert str(ours.owner) in page.content.decode()


def test_staff_see_what_the_client_sees_under_a_banner(seeing, ours):
    page = seeing.get(reverse("invoicing:invoice_detail", args=[ours.rows["invoice"].public_id]))

    text = page.content.decode()
    assert page.status_code == 200
    assert ours.rows["invoice"].number in text
    assert "Oglądasz portal jako" in text
    assert END in text


def test_beginning_pages_and_end_are_on_record(seeing, ours, staff):
    path = reverse("contracts:list")
    seeing.get(path)
    response = seeing.post(END)

    assert response.url == reverse("admin:tenancy_company_change", args=[ours.company.pk])
    (begun,), (page,), (ended,) = map(
        entries, ("view_as_client_begun", "view_as_client_page", "view_as_client_ended")
    )
    for entry in (begun, page, ended):
        assert (entry.company, entry.subject) == (ours.company, ours.owner)
        assert (entry.actor, entry.actor_kind) == (staff, ActorKind.STAFF)
    assert begun.facts == {"reason": "Klient pyta o fakturę"}
    assert (page.facts["path"], page.facts["seen_as"]) == (path, ours.owner.pk)
    assert ended.facts == {"why": "asked"}


def test_view_ends_with_the_button(seeing, ours):
    seeing.post(END)

    path = reverse("contracts:detail", args=[ours.rows["contract"].public_id])
    assert seeing.get(path).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_but_reading_is_let_through(seeing, ours, method):
    refused = {
        route.name: getattr(seeing, method)(path_of(route, ours)).status_code
        for route in simple_routes()
        if route.name not in {"account_logout", "extend_session", "brand_css", "brand_logo"}
    }

    assert set(refused.values()) == {403}, refused


def test_only_pages_about_business_are_shown(seeing, ours):
    shown = ("contracts:", "fleet:", "insurance:", "invoicing:", "portal:", "vehicles:")
    own = {"account_logout", "extend_session", "brand_css", "brand_logo"}
    open_pages, refused = {}, {}
    for route in simple_routes():
        if route.name in own:
            continue
        response = seeing.get(path_of(route, ours))
        content(response)
        (open_pages if route.name.startswith(shown) else refused)[route.name] = response.status_code

    assert set(refused.values()) == {403}, refused
    del open_pages["invoicing:fee_table_pdf"]  # the lessor has published no table here
    odd = {name: code for name, code in open_pages.items() if code in {403, 404, 302}}
    assert odd == {}


def test_refused_page_keeps_the_banner_and_changes_nothing(seeing, ours):
    before = User.objects.values().get(pk=ours.owner.pk)

    response = seeing.post("/jezyk/", {"language": "en", "next": "/"})

    assert response.status_code == 403
    assert "Oglądasz portal jako" in response.content.decode()
    assert User.objects.values().get(pk=ours.owner.pk) == before


def test_client_is_not_touched(seeing, ours, client_of):
    client_of(ours.owner)
    before = User.objects.values().get(pk=ours.owner.pk)
    sessions = Session.objects.count()

    for name in ("portal:dashboard", "contracts:list", "invoicing:invoice_list"):
        seeing.get(reverse(name))

    assert User.objects.values().get(pk=ours.owner.pk) == before
    assert Session.objects.count() == sessions


def test_only_the_one_company_is_seen(office, ours):
    theirs = make_world("CANARY-B", letter="B")
    membership = f.MembershipFactory(company=ours.company, role=Role.ACCOUNTANT)
    f.MembershipFactory(user=membership.user, company=theirs.company, role=Role.ACCOUNTANT)
    begin(office, membership)

    other = reverse("contracts:detail", args=[theirs.rows["contract"].public_id])
    texts = [
        office.get(reverse(name)).content.decode()
        for name in ("portal:dashboard", "contracts:list", "invoicing:invoice_list")
    ]
    found = office.get(reverse("portal:search"), {"q": "CANARY-B"}).content.decode()

    assert office.get(other).status_code == 404
    assert all("CANARY-A" in text and "CANARY-B" not in text for text in texts)
    assert theirs.rows["contract"].number not in found


def test_downloads_are_the_staffs_and_not_the_clients(seeing, ours, staff):
    path = reverse("invoicing:invoice_download", args=[ours.rows["invoice"].public_id])
    content(seeing.get(path))

    assert {entry.actor for entry in AuditEntry.objects.order_by("pk")} <= {staff}


def test_view_is_over_after_a_quarter_of_an_hour(office, ours):
    membership = Membership.objects.get(user=ours.owner)
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        begin(office, membership)
    with time_machine.travel(start + dt.timedelta(minutes=14), tick=False):
        assert office.get("/umowy/").status_code == 200
    with time_machine.travel(start + dt.timedelta(minutes=15), tick=False):
        response = office.get("/umowy/")

    assert response.url == reverse("admin:tenancy_company_change", args=[ours.company.pk])
    (ended,) = entries("view_as_client_ended")
    assert ended.facts == {"why": "time"}


@pytest.mark.parametrize(
    "change",
    [
        lambda staff, owner: Membership.objects.filter(user=owner).update(is_active=False),
        lambda staff, owner: User.objects.filter(pk=owner.pk).update(is_active=False),
        lambda staff, owner: User.objects.filter(pk=staff.pk).update(is_staff=False),
        lambda staff, owner: staff.groups.clear(),
    ],
)
def test_view_is_over_when_either_side_loses_access(seeing, ours, staff, change):
    assert seeing.get("/umowy/").status_code == 200

    change(staff, ours.owner)

    assert seeing.get("/umowy/").status_code == 302
    assert "view_as_client" not in seeing.session


@pytest.mark.parametrize(
    "bad",
    [{"reason": " "}, {"membership": ""}, {"membership": "0"}, {"membership": "x"}],
)
def test_view_needs_a_reason_and_a_person(office, ours, bad):
    membership = Membership.objects.get(user=ours.owner)
    path = reverse("admin:tenancy_company_begin_viewing", args=[ours.company.pk])

    office.post(path, {"membership": membership.pk, "reason": "x", **bad})

    assert "view_as_client" not in office.session
    assert entries("view_as_client_begun") == []


def test_person_of_another_company_or_of_the_staff_is_not_lent(office, ours):
    stranger = f.MembershipFactory()
    inside = f.MembershipFactory(company=ours.company, user__is_staff=True)
    path = reverse("admin:tenancy_company_begin_viewing", args=[ours.company.pk])

    for membership in (stranger, inside):
        office.post(path, {"membership": membership.pk, "reason": "x"})

        assert "view_as_client" not in office.session


def test_staff_without_the_permission_cannot_begin(ours):
    other = f.UserFactory(is_staff=True)
    other.user_permissions.add(Permission.objects.get(codename="view_membership"))
    browser = Client()
    browser.force_login(other)

    response = begin(browser, Membership.objects.get(user=ours.owner))

    assert response.status_code == 403


def test_client_cannot_begin(client, ours):
    client.force_login(ours.owner)

    assert begin(client, Membership.objects.get(user=ours.owner)).status_code == 404


def test_get_begins_and_ends_nothing(seeing, ours):
    path = reverse("admin:tenancy_company_begin_viewing", args=[ours.company.pk])

    assert (seeing.get(path).status_code, seeing.get(END).status_code) == (405, 405)
    assert "view_as_client" in seeing.session


def test_back_office_and_logout_stay_the_staffs_own(seeing, staff):
    page = seeing.get("/zaplecze/")
    assert page.status_code == 200
    assert page.context["user"] == staff

    seeing.post("/konto/wylogowanie/")
    assert seeing.get("/umowy/").status_code == 302

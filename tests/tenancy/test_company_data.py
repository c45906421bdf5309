"""What a company changes of itself by a signed instruction, until the core knows it too."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.authorisation.enums import InstructionState
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy import company_data
from eboks.tenancy.models import Company, CompanyChange
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.proof import prove
from tests.tenancy.conftest import administrator, sign

pytestmark = pytest.mark.django_db

PAGE = "/firma/dane/"
SWITCH = "/firma/dwie-osoby/"
NEW = {
    "mail_street": "ul. Nowa 3",
    "mail_postcode": "62-800",
    "mail_city": "Kalisz",
    "contact_name": "Anna Żuk",
    "email": "biuro@example.com",
    "phone": "+48 62 123 45 67",
}


def typed(**more):
    return {**NEW, "form_key": str(uuid.uuid4()), **more}


def test_signed_change_is_written_and_kept(browser, admin):
    other = administrator(admin.company, phone="+48601234742")
    response = browser.post(PAGE, typed())
    assert not CompanyChange.objects.exists(), "not before the code"

    instruction = sign(browser, response)

    company = Company.objects.get(pk=admin.company_id)
    assert company_data.contact_values(company) == NEW
    change = CompanyChange.objects.get()
    assert (change.values, change.made_by) == (NEW, admin.user)
    assert (change.reference, change.settled_at) == (instruction.reference, None)
    shown = {line["label"]: line["value"] for line in instruction.lines}
    assert shown["Adres do korespondencji"] == "brak → ul. Nowa 3"
    assert AuditEntry.objects.filter(event="company_data_changed").count() == 1
    told = OutgoingMessage.objects.filter(kind="company_data_changed")
    assert set(told.values_list("user", flat=True)) == {other.user_id}
    assert "Anna Żuk" in browser.get("/firma/").text


def test_later_change_takes_the_place_of_the_earlier(browser, admin):
    sign(browser, browser.post(PAGE, typed()))
    sign(browser, browser.post(PAGE, typed(mail_street="ul. Inna 1")))

    first, second = CompanyChange.objects.order_by("pk")
    assert first.settled_at is not None
    assert second.settled_at is None


def test_form_begins_with_what_stands_and_with_what_was_typed(browser, admin):
    Company.objects.filter(pk=admin.company_id).update(mail_city="Łódź")
    assert browser.get(PAGE).context["form"]["mail_city"].value() == "Łódź"

    response = browser.post(PAGE, typed())
    public_id = response.url.split("/")[2]

    again = browser.get(f"{PAGE}?dyspozycja={public_id}").context["form"]
    assert again["mail_street"].value() == "ul. Nowa 3"
    assert Instruction.objects.get().payload == {"values": NEW}


def test_change_in_between_makes_it_stale(browser, admin):
    response = browser.post(PAGE, typed())
    sent = browser.post(response.url)
    code = OperationAuthorisation.objects.get(state="live").code()
    Company.objects.filter(pk=admin.company_id).update(mail_city="Konin")

    browser.post(sent.url, {"code": code})

    assert not CompanyChange.objects.exists()
    assert Company.objects.get(pk=admin.company_id).mail_city == "Konin"
    first = Instruction.objects.order_by("pk").first()
    assert str(first.state) in {InstructionState.STALE.value, InstructionState.CANCELLED.value}


def test_same_form_sent_twice_is_one_instruction(browser):
    data = typed()

    first, second = browser.post(PAGE, data), browser.post(PAGE, data)
    other = browser.post(PAGE, {**data, "mail_street": "ul. Inna 1"})

    assert first.url == second.url
    assert other.status_code == 200
    assert "już wysłany" in other.text
    assert other.context["form"]["form_key"].value() != data["form_key"]
    assert Instruction.objects.count() == 1


@pytest.mark.parametrize(
    "cells",
    [
        {"mail_postcode": "62800"},
        {"mail_street": ""},
        {"email": "biuro"},
        {"phone": "zadzwoń"},
        {"mail_street": "x" * 121},
    ],
)
def test_wrong_data_are_not_signed(browser, cells):
    response = browser.post(PAGE, typed(**cells))

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Instruction.objects.exists()


def test_nothing_changed_is_said(browser, admin):
    Company.objects.filter(pk=admin.company_id).update(**NEW)

    assert "Nic się nie zmieniło" in browser.post(PAGE, typed()).text


@pytest.mark.parametrize("role", list(Role))
def test_only_who_signs_changes_the_data(client_of, admin, role):
    who = f.MembershipFactory(company=admin.company, role=role).user
    SmsDevice.objects.create(user=who, number="+48601234743", name="sms", confirmed=True)
    expected = 200 if role in {Role.OWNER, Role.SIGNATORY} else 403

    assert prove(client_of(who)).get(PAGE).status_code == expected


def test_signatory_of_chosen_contracts_changes_no_company_data(client_of, admin):
    who = f.MembershipFactory(company=admin.company, role=Role.SIGNATORY, is_limited=True).user

    assert prove(client_of(who)).post(PAGE, typed()).status_code == 403


@pytest.mark.parametrize("page", [PAGE, SWITCH])
def test_password_is_asked_first(client_of, admin, page):
    stale = client_of(admin.user)

    for response in (stale.get(page), stale.post(page, typed(on="1"))):
        assert response.status_code == 302
        assert response.url.startswith("/konto/potwierdzenie/")
    assert not Instruction.objects.exists()


def test_who_has_no_number_is_told(client_of, admin):
    SmsDevice.objects.all().delete()

    response = prove(client_of(admin.user)).post(PAGE, typed())

    assert "numeru do kodów SMS" in response.text
    assert response.context["form"]["mail_street"].value() == "ul. Nowa 3"


# --- two people -----------------------------------------------------------------------------
def test_switch_needs_two_administrators(browser, admin):
    browser.post(SWITCH, {"on": "1"})

    assert not Instruction.objects.exists()
    assert "Potrzeba dwóch administratorów" in browser.get(SWITCH).text


def test_switched_on_by_one_and_off_by_two(browser, admin, client_of):
    other = administrator(admin.company, phone="+48601234742")
    sign(browser, browser.post(SWITCH, {"on": "1"}))
    assert Company.objects.get(pk=admin.company_id).two_people_sign

    off = sign(browser, browser.post(SWITCH, {"on": "0"}))
    assert off.state == InstructionState.AWAITING_SECOND
    assert Company.objects.get(pk=admin.company_id).two_people_sign

    second = prove(client_of(other.user))
    page = f"/dyspozycje/{off.public_id}/"
    sent = second.post(page)
    code = OperationAuthorisation.objects.get(instruction=off, state="live").code()
    second.post(sent.url, {"code": code})

    assert not Company.objects.get(pk=admin.company_id).two_people_sign
    events = AuditEntry.objects.filter(event__startswith="company_two_people")
    assert list(events.order_by("pk").values_list("event", flat=True)) == [
        "company_two_people_on",
        "company_two_people_off",
    ]


def test_page_of_before_switches_nothing(browser, admin):
    administrator(admin.company, phone="+48601234742")

    response = browser.post(SWITCH, {"on": "0"}, follow=True)

    assert "Ktoś już to zmienił" in response.text
    assert not Instruction.objects.exists()


# --- the queue of the staff -----------------------------------------------------------------
def test_staff_settle_a_change_once(client_of, admin):
    staff = create_staff(
        username="Z-1", email="z@lessor.example", role=StaffRole.SERVICE, password=f.PASSWORD
    )
    change = company_data.keep_change(
        company=admin.company, values=NEW, actor=admin.user, reference="D-1", at=timezone.now()
    )

    assert company_data.settle_change(change_id=change.pk, actor=staff, at=timezone.now())
    assert not company_data.settle_change(change_id=change.pk, actor=staff, at=timezone.now())
    assert AuditEntry.objects.filter(event="company_data_settled").count() == 1
    assert Permission.objects.filter(group__user=staff, codename="change_companychange").exists()


def test_queue_action_is_there_for_the_service(admin, rf):
    from django.contrib import admin as site
    from django.contrib.messages.storage.fallback import FallbackStorage

    view = create_staff(
        username="Z-2", email="v@lessor.example", role=StaffRole.VIEW, password=f.PASSWORD
    )
    service = create_staff(
        username="Z-3", email="s@lessor.example", role=StaffRole.SERVICE, password=f.PASSWORD
    )
    page: Any = site.site._registry[CompanyChange]
    request = rf.post(reverse("admin:tenancy_companychange_changelist"))
    change = company_data.keep_change(
        company=admin.company, values=NEW, actor=admin.user, reference="D-1", at=timezone.now()
    )
    request.session, request.user = {}, view
    request._messages = FallbackStorage(request)
    assert "settle" not in page.get_actions(request)

    request.user = service
    assert "settle" in page.get_actions(request)
    page.settle(request, CompanyChange.objects.all())

    change.refresh_from_db()
    assert change.settled_at is not None

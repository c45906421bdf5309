"""The company's administrator lets people in and out (SEC-11, 22, 27, 51, 52)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.models import AuditEntry
from eboks.authorisation.models import OperationAuthorisation
from eboks.notifications.models import OutgoingMessage
from eboks.onboarding.models import Invitation
from eboks.tenancy import people
from eboks.tenancy.mandates import Mandate, find_named, label_lines
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.proof import prove
from tests.tenancy.conftest import administrator, days, invitation, sign, url

pytestmark = pytest.mark.django_db

INVITE = "/firma/osoby/zapros/"


def member(admin, role=Role.FINANCE, **more):
    return f.MembershipFactory(company=admin.company, role=role, **more)


# --- the list -------------------------------------------------------------------------------
def test_list_tells_role_limits_time_state_and_last_visit(browser, admin, contracts):
    today, now = clock.today(), timezone.now()
    limited = member(admin, is_limited=True, user__last_name="Wybrana", user__last_visit_at=now)
    limited.allowed_contracts.create(contract=contracts[0])
    member(admin, is_active=False, user__last_name="Zawieszona")
    member(admin, valid_to=today - days(1), user__last_name="Dawna")
    member(admin, valid_from=today + days(3), user__last_name="Przyszła")
    member(admin, removed_at=now, is_active=False, user__last_name="Usunięta")
    nobody = member(admin, user__last_name="Bezkonta").user
    User.objects.filter(pk=nobody.pk).update(password="!x")
    f.MembershipFactory(user__last_name="Obca")

    response = browser.get("/firma/osoby/")

    found = {line.name.split()[-1]: line for line in response.context["people"]}
    states = {name: line.state for name, line in found.items()}
    assert states["Wybrana"] == "aktywna"
    assert states["Zawieszona"] == "zawieszona"
    assert states["Dawna"] == "wygasła"
    assert states["Przyszła"].startswith("od ")
    assert states["Bezkonta"] == "bez konta w portalu"
    assert found["Wybrana"].scope == "1 wybrana umowa"
    assert found["Wybrana"].last_in == now
    assert not {"Usunięta", "Obca"} & found.keys()


def test_list_takes_a_constant_number_of_queries(
    browser, admin, django_assert_max_num_queries, contracts
):
    for _n in range(12):
        one = member(admin, is_limited=True)
        one.allowed_contracts.create(contract=contracts[0])

    with django_assert_max_num_queries(12):
        browser.get("/firma/osoby/")


def test_with_several_companies_one_is_chosen_first(browser, admin):
    second = f.MembershipFactory(user=admin.user, role=Role.OWNER)

    asked = browser.get("/firma/osoby/")
    chosen = browser.post(
        "/firma/wybierz/", {"company": second.company.public_id, "next": "/firma/osoby/"}
    )

    assert "Której firmy to dotyczy?" in asked.text
    assert second.company.name in browser.get(chosen.url).text


# --- inviting -------------------------------------------------------------------------------
def test_new_person_gets_an_account_and_an_invitation(browser, admin):
    other = administrator(admin.company, phone="+48601234742")

    response = browser.post(INVITE, invitation(valid_to="2030-01-31"))

    assert response.url == "/firma/osoby/"
    user = User.objects.get(email="ewa.nowak@example.com")
    membership = user.memberships.get()
    assert (membership.company, membership.role) == (admin.company, Role.FINANCE)
    assert str(membership.valid_to) == "2030-01-31"
    assert membership.is_kept_here
    assert membership.invited_by == admin.user
    assert Invitation.objects.filter(user=user).count() == 1
    told = OutgoingMessage.objects.filter(kind="people_changed").values_list("user", flat=True)
    assert set(told) == {other.user_id}
    entry = AuditEntry.objects.get(event="person_invited")
    assert entry.facts["name"] == "Ewa Nowak"
    (line,) = [x for x in browser.get("/firma/osoby/").context["people"] if x.waits]
    assert (line.state, line.last_in) == ("zaproszona, czeka", None)


def known_person():
    return f.UserFactory(
        email="ewa.nowak@example.com",
        first_name="Ewelina",
        last_name="Tajemnicza",
        activated_at=timezone.now(),
        last_visit_at=timezone.now() - days(1),
    )


def test_inviter_never_learns_whether_the_address_had_an_account(browser, admin, client_of):
    """Pages, messages and the journal read the same for a new and for a known person (SEC-07)."""
    second = administrator(phone="+48601234742")
    known_browser = prove(client_of(second.user))

    def everything(who, membership_of):
        answer = who.post(INVITE, invitation())
        membership = membership_of.company.memberships.latest("pk")
        pages = [who.get("/firma/osoby/").text, who.get("/firma/").text]
        names = ("person", "person_edit", "person_invite")
        pages += [who.get(url(name, membership)).text for name in names]
        again = who.post(url("person_invite", membership))
        journal = AuditEntry.objects.filter(company=membership_of.company).exclude(event="login")
        entries = [(row.event, row.facts, row.subject) for row in journal.order_by("pk")]
        return membership, (answer.status_code, answer.url, again.status_code), pages, entries

    new, new_answer, new_pages, new_entries = everything(browser, admin)
    User.objects.filter(pk=new.user_id).update(email="inna@example.com")
    person = known_person()
    known, known_answer, known_pages, known_entries = everything(known_browser, second)

    assert known.user == person
    assert known_answer == new_answer
    assert known_entries == new_entries
    assert not any("Tajemnicza" in page for page in known_pages)
    assert all("Ewa Nowak" in page for page in known_pages)
    assert all(("zaproszona, czeka" in page) for page in (known_pages[0], new_pages[0]))
    assert not Invitation.objects.filter(user=person).exists()
    notices = OutgoingMessage.objects.filter(user=person, kind="access_changed")
    assert notices.exists()

    User.objects.filter(pk=person.pk).update(last_visit_at=timezone.now())
    assert "Tajemnicza" in known_browser.get("/firma/osoby/").text


def test_person_of_the_company_is_not_invited_twice(browser, admin):
    browser.post(INVITE, invitation())

    response = browser.post(INVITE, invitation(email="EWA.NOWAK@example.com"))

    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert Membership.objects.filter(company=admin.company).count() == 2


def test_staff_are_not_invited(browser):
    f.UserFactory(email="ewa.nowak@example.com", is_staff=True)

    assert browser.post(INVITE, invitation()).context["form"].errors["email"]


def test_removed_person_can_be_invited_again(browser, admin):
    browser.post(INVITE, invitation())
    membership = Membership.objects.latest("pk")
    browser.post(url("person_remove", membership))

    browser.post(INVITE, invitation(role=Role.FLEET.value))

    membership.refresh_from_db()
    assert (membership.is_active, membership.removed_at, membership.role) == (
        True,
        None,
        Role.FLEET,
    )


def test_only_so_many_people_are_invited_a_day(browser, monkeypatch):
    monkeypatch.setattr(people, "INVITED_A_DAY", 1)
    browser.post(INVITE, invitation())

    response = browser.post(INVITE, invitation(email="druga@example.com"))

    assert "jutro" in response.text
    assert not User.objects.filter(email="druga@example.com").exists()


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"phone": "22 123 45 67"}, "phone"),
        ({"email": "ewa"}, "email"),
        ({"first_name": " \x00 "}, "first_name"),
        ({"role": "boss"}, "role"),
        ({"valid_from": "2027-01-02", "valid_to": "2027-01-01"}, "valid_to"),
        ({"is_limited": "on"}, "named"),
        ({"is_limited": "on", "named": "OL/2026/1\nOL/OBCA/1"}, "named"),
        ({"is_limited": "on", "role": "owner"}, "is_limited"),
        ({"role": "driver"}, "named"),
        ({"form_key": "x"}, "form_key"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(browser, contracts, cells, field):
    f.ContractFactory(number="OL/OBCA/1")  # of another company: as unknown as an invented one

    response = browser.post(INVITE, invitation(**cells))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.filter(email="ewa.nowak@example.com").exists()


def test_unknown_limits_are_named(browser, contracts):
    response = browser.post(INVITE, invitation(is_limited="on", named="OL/2026/1\nXX 99999"))

    assert "XX 99999" in response.text
    assert "Nie znamy w tej firmie: XX 99999." in response.text


# --- limits ---------------------------------------------------------------------------------
def test_limits_are_found_by_number_plate_and_vin_however_spaced(admin, contracts):
    vin = contracts[1].assets.get().vin

    found = find_named(company=admin.company, text=f"ol/2026/1, wgm 7h42;\n{vin}\nNIE/MA")

    assert found.contracts == tuple(c.pk for c in contracts)
    assert found.unknown == ("NIE/MA",)


def test_limited_person_sees_the_chosen_contract_alone(browser, client_of, contracts):
    browser.post(INVITE, invitation(is_limited="on", named="OL/2026/1"))
    membership = Membership.objects.latest("pk")

    mine = Contract.objects.for_user(membership.user)

    assert list(mine) == [contracts[0]]
    browser.post(url("person_edit", membership), invitation(is_limited="on", named="WGM7H42"))
    assert list(Contract.objects.for_user(User.objects.get(pk=membership.user_id))) == [
        contracts[1]
    ]


def test_driver_gets_vehicles_and_loses_contracts(browser, contracts):
    browser.post(INVITE, invitation(is_limited="on", named="OL/2026/1"))
    membership = Membership.objects.latest("pk")

    browser.post(url("person_edit", membership), invitation(role="driver", named="OL/2026/2"))

    membership.refresh_from_db()
    assert (membership.role, membership.is_limited) == (Role.DRIVER, False)
    assert [row.asset.contract for row in membership.assigned_assets.all()] == [contracts[1]]
    assert not membership.allowed_contracts.exists()


def test_all_names_fit_into_the_lines_that_are_signed():
    labels = [f"OL/2026/{n:06d}" for n in range(500)]

    lines = label_lines(labels)

    assert ", ".join(lines).split(", ") == labels
    assert max(map(len, lines)) <= 240


# --- changing -------------------------------------------------------------------------------
def test_change_is_kept_told_and_written_down(browser, admin):
    person = member(admin, source_system="core", source_id="M1")

    response = browser.post(url("person_edit", person), invitation(role=Role.READ_ONLY.value))

    assert response.url == url("person", person)
    person.refresh_from_db()
    assert (person.role, person.is_kept_here) == (Role.READ_ONLY, True)
    entry = AuditEntry.objects.get(event="person_changed")
    assert (entry.actor, entry.subject) == (admin.user, person.user)
    assert entry.facts["before"]["role"] == "finance"
    assert OutgoingMessage.objects.filter(user=person.user, kind="access_changed").exists()


@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_person_who_is_put_out_is_out_at_the_next_request(browser, client_of, admin, act):
    person = member(admin)
    theirs = client_of(person.user)
    assert theirs.get("/umowy/").status_code == 200

    assert browser.get(url(f"person_{act}", person)).status_code == 200
    person.refresh_from_db()
    assert person.is_active, "asking does nothing yet"
    browser.post(url(f"person_{act}", person))

    assert theirs.get("/umowy/").status_code == 403
    person.refresh_from_db()
    assert (person.is_active, person.is_kept_here) == (False, True)
    assert (person.removed_at is not None) == (act == "remove")
    kind = {"suspend": "suspended", "remove": "removed"}[act]
    assert AuditEntry.objects.filter(event=f"person_{kind}").count() == 1
    notices = OutgoingMessage.objects.filter(kind="access_changed", user=person.user)
    assert {row.facts["what"] for row in notices} == {kind}


def test_suspended_person_comes_back(browser, admin):
    person = member(admin, is_active=False)

    browser.post(url("person_resume", person))

    person.refresh_from_db()
    assert person.is_active


@pytest.mark.parametrize("act", ["suspend", "resume"])
def test_act_twice_says_so(browser, admin, act):
    person = member(admin, is_active=act == "resume")
    browser.post(url(f"person_{act}", person))

    response = browser.post(url(f"person_{act}", person), follow=True)

    assert "Dostęp tej osoby" in response.text


def test_removed_person_is_found_no_more(browser, admin):
    person = member(admin)
    browser.post(url("person_remove", person))

    for name in ("person", "person_edit", "person_resume"):
        assert browser.get(url(name, person)).status_code == 404


# --- who may --------------------------------------------------------------------------------
ACTS = ("person_edit", "person_suspend", "person_resume", "person_remove", "person_invite")


def test_stranger_finds_nobody_and_changes_nothing(client_of, admin):
    person = member(admin)
    stranger = prove(client_of(administrator(phone="+48601234742").user))

    for name in ("person", *ACTS):
        assert stranger.get(url(name, person)).status_code == 404
    for name in ACTS:
        assert stranger.post(url(name, person), invitation()).status_code == 404
    before = person.role
    person.refresh_from_db()
    assert (person.role, person.is_active) == (before, True)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_other_roles_are_refused(client_of, admin, role):
    person = member(admin)
    colleague = prove(client_of(member(admin, role).user))
    refused = 404 if role == Role.DRIVER else 403

    for name in ACTS:
        assert colleague.post(url(name, person), invitation()).status_code == refused
    assert colleague.get("/firma/osoby/").status_code == 403
    assert colleague.post(INVITE, invitation()).status_code == 403


def test_without_a_fresh_password_nothing_is_changed(client_of, admin):
    """Also by a POST past the page that asks; what was typed comes back afterwards (SEC-27)."""
    person = member(admin)
    stale = prove(client_of(admin.user), seconds_ago=301)

    for name in ACTS:
        for response in (stale.get(url(name, person)), stale.post(url(name, person), invitation())):
            assert response.status_code == 302
            assert response.url.startswith("/konto/potwierdzenie/?next=%2Ffirma%2Fosoby%2F")
    person.refresh_from_db()
    assert (person.is_active, person.role, person.removed_at) == (True, Role.FINANCE, None)
    assert stale.post(INVITE, invitation()).status_code == 302
    assert not User.objects.filter(email="ewa.nowak@example.com").exists()

    prove(stale)
    form = stale.get(INVITE).context["form"]
    assert form["first_name"].value() == "Ewa"
    assert stale.get(INVITE).context["form"]["first_name"].value() is None, "given once"


def test_reading_needs_no_password(client_of, admin):
    person = member(admin)
    browser = client_of(admin.user)

    assert browser.get("/firma/osoby/").status_code == 200
    assert browser.get(url("person", person)).status_code == 200


def test_fields_that_are_not_on_the_form_are_not_taken(browser, admin):
    extra = {
        "is_staff": "1",
        "company": f.CompanyFactory().pk,
        "user": admin.user.pk,
        "is_active": "",
        "source_system": "core",
        "invited_by": "1",
    }

    browser.post(INVITE, invitation(**extra))

    membership = Membership.objects.latest("pk")
    assert (membership.company, membership.source_system) == (admin.company, "")
    assert (membership.user.is_staff, membership.is_active) == (False, True)


# --- persons who may sign -------------------------------------------------------------------
def test_signing_role_needs_a_code(browser, admin):
    response = browser.post(INVITE, invitation(role=Role.SIGNATORY.value))
    assert not User.objects.filter(email="ewa.nowak@example.com").exists(), "not before the code"

    instruction = sign(browser, response)

    membership = Membership.objects.get(user__email="ewa.nowak@example.com")
    assert (membership.role, membership.company) == (Role.SIGNATORY, admin.company)
    shown = {line["label"]: line["value"] for line in instruction.lines}
    assert shown["Nowa osoba"] == "Ewa Nowak"
    assert shown["Rola"] == "osoba podpisująca"
    assert shown["Telefon komórkowy"] == "+48601234567"
    entry = AuditEntry.objects.get(event="person_invited")
    assert entry.facts["reference"] == instruction.reference


@pytest.mark.parametrize("role", [Role.OWNER, Role.SIGNATORY])
def test_raising_a_colleague_needs_a_code(browser, admin, role):
    person = member(admin)

    response = browser.post(url("person_edit", person), invitation(role=role.value))
    person.refresh_from_db()
    assert person.role == Role.FINANCE

    sign(browser, response)
    person.refresh_from_db()
    assert person.role == role


def test_bringing_back_a_signing_person_needs_a_code(browser, admin):
    person = member(admin, Role.SIGNATORY, is_active=False)

    response = browser.post(url("person_resume", person))
    person.refresh_from_db()
    assert not person.is_active

    sign(browser, response)
    person.refresh_from_db()
    assert person.is_active


def test_services_refuse_a_signing_role_without_an_instruction(admin):
    person = member(admin)
    facts = {"membership_id": person.pk, "actor": admin.user, "at": timezone.now()}

    with pytest.raises(PermissionDenied):
        people.change_person(mandate=Mandate(role=Role.OWNER), **facts)


def test_change_in_between_makes_the_instruction_stale(browser, admin):
    person = member(admin)
    response = browser.post(url("person_edit", person), invitation(role=Role.SIGNATORY.value))
    browser.post(response.url)
    people.suspend_person(membership_id=person.pk, actor=admin.user, at=timezone.now())

    code = OperationAuthorisation.objects.latest("pk").code()
    browser.post(f"{response.url}kod/", {"code": code})

    person.refresh_from_db()
    assert (person.role, person.is_active) == (Role.FINANCE, False)


def test_form_opened_from_the_summary_holds_what_was_typed(browser, admin, contracts):
    typed = invitation(role=Role.SIGNATORY.value, is_limited="on", named="OL/2026/1")
    response = browser.post(INVITE, typed)
    public_id = response.url.split("/")[2]

    form = browser.get(f"{INVITE}?dyspozycja={public_id}").context["form"]

    assert form["email"].value() == "ewa.nowak@example.com"
    assert form["named"].value() == "OL/2026/1"
    assert browser.get(f"{INVITE}?dyspozycja=x").context["form"]["email"].value() is None


def test_company_page_leads_to_people_and_data(browser, client_of, admin):
    text = browser.get("/firma/").text

    for name in ("people", "company_data", "two_people"):
        assert reverse(f"tenancy:{name}") in text
    finance = client_of(member(admin).user).get("/firma/").text
    assert "/firma/osoby/" not in finance
    assert "/firma/dane/" not in finance

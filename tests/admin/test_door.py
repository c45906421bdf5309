"""Who gets into the back office, and what nobody can do there (SEC-18, 96, 98)."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from eboks.accounts.models import User
from eboks.accounts.staff import StaffRole, create_staff
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.factories import CompanyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

ADMINS = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)
EDITABLE = {"tenancy.LessorProfile", "tenancy.Membership", "accounts.User"}
EDITABLE |= {"accounts.StaffProposal"}  # proposed and decided, never edited
EDITABLE |= {"invoicing.FeeTable"}  # until the day it is valid from
EDITABLE |= {"invoicing.Charge"}  # charged by hand, and cancelled
EDITABLE |= {"invoicing.ConsentText"}  # new versions are added, none is changed
EDITABLE |= {"invoicing.CarCostLimit", "retention.RetentionRule"}  # facts of the law, with dates
EDITABLE |= {"invoicing.LateInterestRate", "invoicing.CompensationRate"}
EDITABLE |= {"invoicing.BalanceDifference", "invoicing.BalanceConfirmation"}  # only explanations
EDITABLE |= {"invoicing.LessorAccount", "invoicing.BankDialect", "invoicing.AccountMask"}
EDITABLE |= {"invoicing.NumberSeries", "invoicing.ExchangeRate"}
EDITABLE |= {"retention.LegalHold", "retention.PurgeRun"}  # added and decided, never edited
EDITABLE |= {"requests_app.CountryRule", "requests_app.SettlementRule"}  # rules with dates
EDITABLE |= {"requests_app.ComplaintTerm"}  # terms with dates, by the lessor's lawyer
EDITABLE |= {"insurance.ClaimContact"}  # rules with dates
EDITABLE |= {"fleet.SupplierTemplate"}  # how a supplier lays out its files
EDITABLE |= {"contracts.RateProposal"}  # proposed and decided, never edited
EDITABLE |= {"insurance.Policy"}  # the lessor's that staff recorded here; the rest is checked
EDITABLE |= {"insurance.Insurer", "insurance.Requirement"}  # data and rules of the lessor


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_stranger_is_sent_to_the_portals_login(client):
    for path in ("/zaplecze/", "/zaplecze/login/", "/zaplecze/contracts/contract/"):
        response = client.get(path)

        assert response.status_code == 302
        assert response.url.startswith("/konto/logowanie/?next=")


@pytest.mark.parametrize(
    "path", ["/zaplecze/", "/zaplecze/login/", "/zaplecze/contracts/contract/"]
)
def test_client_finds_nothing(client, path):
    client.force_login(MembershipFactory().user)

    assert client.get(path).status_code == 404


def test_staff_who_is_switched_off_is_out(client, staff_of):
    staff = staff_of(StaffRole.SERVICE)
    client.force_login(staff)
    User.objects.filter(pk=staff.pk).update(is_active=False)

    response = client.get("/zaplecze/")

    assert response.status_code == 302
    assert response.url.startswith("/konto/logowanie/")


def test_login_leads_staff_to_the_back_office(client, staff_of):
    from tests.factories import PASSWORD

    staff = staff_of(StaffRole.VIEW)

    response = client.post("/konto/logowanie/", {"login": staff.email, "password": PASSWORD})

    assert response.url == "/zaplecze/"


def test_admin_logout_and_password_change_are_the_portals(office):
    assert office.get("/zaplecze/password_change/").url == "/konto/haslo/"
    response = office.post("/zaplecze/logout/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_only_named_models_can_be_changed(rf):
    changing = {
        model._meta.label for model, shown in ADMINS if not isinstance(shown, ReadOnlyAdmin)
    }

    assert changing == EDITABLE


# What may be done with rows that are otherwise only looked at; each is logged.
ACTIONS = {
    "OutgoingMessage": {"send_again"},
    "CompanyChange": {"settle"},
    "JobFailure": {"try_again"},
    "Request": {"take_selected", "approve_selected"},
    "ReceivableItem": {
        *("issue_interest_notes", "issue_compensation_notes", "write_off", "take_write_off_back"),
        *("begin_collection", "end_collection"),
    },
}


@pytest.mark.parametrize(
    ("model", "shown"), ADMINS, ids=lambda value: getattr(value, "__name__", "")
)
def test_nothing_can_be_deleted(model, shown, rf, staff_of):
    request = rf.get("/")
    request.user = staff_of(StaffRole.ADMIN)

    assert isinstance(shown, BackOfficeAdmin)
    assert not shown.has_delete_permission(request)
    assert "delete_selected" not in shown.get_actions(request)
    if isinstance(shown, ReadOnlyAdmin):
        assert not shown.has_add_permission(request)
        assert not shown.has_change_permission(request)
        assert set(shown.get_actions(request)) == ACTIONS.get(model.__name__, set())


def test_third_parties_tables_and_secrets_are_not_shown():
    labels = {model._meta.app_label for model, _shown in ADMINS}

    assert labels.isdisjoint({"account", "mfa", "auth", "sessions"})


def test_delete_by_hand_is_refused(client, staff_of):
    client.force_login(staff_of(StaffRole.ADMIN))
    membership = MembershipFactory()
    company = membership.company

    for row in (membership, company):
        assert client.post(page(type(row), "delete", row.pk), {"post": "yes"}).status_code == 403
        client.post(
            page(type(row), "changelist"),
            {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"},
        )

    assert Membership.objects.filter(pk=membership.pk).exists()


def test_company_cannot_be_changed_by_a_post(client, staff_of):
    client.force_login(staff_of(StaffRole.ADMIN))
    company = CompanyFactory(name="PRZED ZMIANĄ")

    response = client.post(page(type(company), "change", company.pk), {"name": "PO ZMIANIE"})

    company.refresh_from_db()
    assert response.status_code == 403
    assert company.name == "PRZED ZMIANĄ"


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=argon2",
        "password=x",
        "email__startswith=a",
        "memberships__company__nip__startswith=5",
        "is_active__startswith=1",
        "sessions__session_data__contains=x",
    ],
)
def test_list_does_not_answer_questions_about_columns(client, staff_of, query):
    client.force_login(staff_of(StaffRole.ADMIN))

    assert client.get(f"/zaplecze/accounts/user/?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "invoicing/invoice/?company__id__exact=1",
        "invoicing/invoice/?contract__id__exact=1",
        "contracts/contract/?status__exact=active",
        "tenancy/membership/?user__id__exact=1&is_active__exact=1",
    ],
)
def test_own_links_and_filters_work(office, path):
    assert office.get(f"/zaplecze/{path}").status_code == 200


@pytest.mark.parametrize("asked", ["company__name__startswith=A", f"company={'9' * 20}"])
def test_odd_lookup_through_a_link_key_is_refused(office, asked):
    assert office.get(f"/zaplecze/invoicing/invoice/?{asked}").status_code == 400


def test_no_page_of_a_person_has_a_password_field(client, staff_of):
    client.force_login(staff_of(StaffRole.ADMIN))
    user = UserFactory()

    for path in (page(User, "change", user.pk), page(User, "add")):
        text = client.get(path).content.decode()

        assert 'type="password"' not in text
        assert 'name="password"' not in text
        assert user.password not in text


def test_person_made_in_the_back_office_has_no_password_and_no_rights(office):
    office.post(
        page(User, "add"),
        {
            "username": "K777777",
            "email": "nowa@example.com",
            "language": "pl",
            "is_staff": "on",
            "is_superuser": "on",
            "password": "zielony rower jedzie nad morze",
        },
    )

    user = User.objects.get(username="K777777")
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_service_desk_cannot_touch_staff(office, staff_of):
    boss = staff_of(StaffRole.ADMIN)

    office.post(
        page(User, "change", boss.pk), {"username": boss.username, "email": "moj@evil.example"}
    )
    office.post(
        page(User, "changelist"),
        {"action": "send_password_links", "_selected_action": boss.pk},
    )

    boss.refresh_from_db()
    assert boss.email == "admin@lessor.example"
    assert mail.outbox == []


def test_staff_starts_a_link_but_never_sees_it(office, django_capture_on_commit_callbacks):
    user = UserFactory()

    with django_capture_on_commit_callbacks(execute=True):
        response = office.post(
            page(User, "changelist"),
            {"action": "send_password_links", "_selected_action": user.pk},
            follow=True,
        )

    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "/konto/haslo/nowe/" in mail.outbox[0].body
    assert "/konto/haslo/nowe/" not in response.content.decode()


def test_staff_ends_sessions_of_a_person(office, client_of):
    user = MembershipFactory().user
    theirs = client_of(user)
    assert theirs.get("/konto/haslo/").status_code == 200

    office.post(page(User, "changelist"), {"action": "end_sessions", "_selected_action": user.pk})

    assert theirs.get("/konto/haslo/").status_code == 302


def test_switching_off_ends_sessions_for_good(office, client_of):
    user = MembershipFactory().user
    theirs = client_of(user)
    theirs.get("/konto/haslo/")
    data = {"first_name": "Anna", "email": user.email, "language": "pl"}

    office.post(page(User, "change", user.pk), data)
    user.refresh_from_db()
    assert not user.is_active
    office.post(page(User, "change", user.pk), {**data, "is_active": "on"})

    user.refresh_from_db()
    assert user.is_active
    assert theirs.get("/konto/haslo/").status_code == 302


def test_membership_gives_and_takes_access(office, settings):
    settings.STAFF_TWO_PEOPLE = False  # with two: tests/accounts/test_proposals.py
    user, company = UserFactory(), CompanyFactory()
    data = {"user": user.pk, "company": company.pk, "role": Role.FLEET, "is_active": "on"}

    office.post(page(Membership, "add"), data)
    membership = Membership.objects.get(user=user)
    office.post(page(Membership, "change", membership.pk), {"role": Role.OWNER})

    membership.refresh_from_db()
    assert (membership.company, membership.role) == (company, Role.OWNER)
    assert not membership.is_active


def test_viewer_changes_nothing(client, staff_of):
    client.force_login(staff_of(StaffRole.VIEW))
    membership = MembershipFactory()

    response = client.post(page(Membership, "change", membership.pk), {"role": Role.FLEET})

    membership.refresh_from_db()
    assert response.status_code == 403
    assert membership.role == Role.OWNER


def test_create_staff_mails_a_link_and_sets_no_password(capsys, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        call_command("create_staff", "Z-NOWA", "nowa@lessor.example", role="service")

    user = User.objects.get(username="Z-NOWA")
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    assert [message.to for message in mail.outbox] == [["nowa@lessor.example"]]


def test_create_staff_refuses_a_taken_name(capsys):
    UserFactory(username="Z-NOWA")

    with pytest.raises(CommandError):
        call_command("create_staff", "z-nowa", "nowa@lessor.example")


def test_create_staff_refuses_a_poor_password():
    with pytest.raises(ValidationError):
        create_staff(
            username="Z-X", email="x@lessor.example", role=StaffRole.VIEW, password="haslo123"
        )


def test_new_version_refreshes_the_rights_of_staff(staff_of):
    from django.contrib.auth.models import Group

    from eboks.accounts.staff import refresh_rights

    clerk = staff_of(StaffRole.FINANCE)
    Group.objects.get(name="staff-finance").permissions.clear()

    refresh_rights()

    clerk = type(clerk).objects.get(pk=clerk.pk)
    assert clerk.has_perm("invoicing.change_bankentry")
    assert clerk.has_perm("retention.add_purgerun")
    assert not clerk.has_perm("accounts.change_user")

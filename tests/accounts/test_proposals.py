"""What two members of the staff do together: a lost phone, access to a client (SEC-16, 46)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from eboks.accounts import proposals
from eboks.accounts.models import ProposalState, StaffProposal, TrustedBrowser, User
from eboks.accounts.proposals import ProposalError
from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.authorisation.models import OperationAuthorisation, SmsDevice
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.accounts.changes import NEW, OLD, next_code, person, prepared
from tests.factories import PASSWORD, CompanyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
REASON = "Utrata telefonu; tożsamość sprawdzona w oddziale, dowód ABC123456."
LIST, ADD = "/zaplecze/accounts/staffproposal/", "/zaplecze/accounts/staffproposal/add/"


@pytest.fixture
def staff():
    """Two of the service desk."""
    return [
        create_staff(
            username=f"Z-{n}",
            email=f"z{n}@lessor.example",
            role=StaffRole.SERVICE,
            password=PASSWORD,
        )
        for n in (1, 2)
    ]


def browser(user):
    made = Client()
    made.force_login(user)
    return made


def proposed(user, by, **changed):
    facts: dict[str, Any] = {
        "phone": "601 999 888",
        "drop_factors": False,
        "reason": REASON,
    } | changed
    return proposals.propose_phone(user=user, staff=by, at=timezone.now(), **facts)


def number(user):
    return SmsDevice.objects.get(user=user).number


def test_lost_phone_from_the_form_to_the_notices(staff):
    user = person()
    MembershipFactory(user=user)
    first, second = map(browser, staff)
    TrustedBrowser.objects.create(
        user=user, browser="b", created_at=timezone.now(), valid_until=timezone.now()
    )

    assert first.get(f"{ADD}?user={user.pk}").status_code == 200
    first.post(ADD, {"user": user.pk, "phone": "601 999 888", "reason": REASON})
    proposal = StaffProposal.objects.get()
    assert (proposal.proposed_by, proposal.state) == (staff[0], ProposalState.OPEN)
    assert number(user) == OLD
    assert second.get(f"{LIST}{proposal.pk}/change/").status_code == 200
    second.post(LIST, {"action": "approve", "_selected_action": proposal.pk})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == (ProposalState.APPROVED, staff[1])
    assert number(user) == NEW
    assert User.objects.get(pk=user.pk).phone == NEW
    assert not TrustedBrowser.objects.filter(user=user, revoked_at=None).exists()
    told = OutgoingMessage.objects.filter(kind="phone_changed")
    assert {OLD, NEW, user.email} <= set(told.values_list("address", flat=True))
    events = AuditEntry.objects.filter(subject_id=user.pk, company__isnull=False)
    written = set(events.values_list("event", "actor_id"))
    assert ("phone_reset_proposed", staff[0].pk) in written
    assert ("phone_reset_approved", staff[1].pk) in written


def test_lost_number_keeps_its_say_for_48_hours(staff):
    user = person()
    proposals.approve(proposal_id=proposed(user, staff[0]).pk, staff=staff[1], at=timezone.now())

    device = SmsDevice.objects.get(user=user)

    assert device.number_for(costly=True, at=timezone.now()) == OLD
    assert device.number_for(costly=False, at=timezone.now()) == NEW


def test_author_cannot_approve_even_in_another_browser(staff):
    user = person()
    proposal = proposed(user, staff[0])

    for _ in range(2):
        browser(staff[0]).post(LIST, {"action": "approve", "_selected_action": proposal.pk})
    staff[0].is_superuser = True
    staff[0].save()
    browser(staff[0]).post(LIST, {"action": "approve", "_selected_action": proposal.pk})

    proposal.refresh_from_db()
    assert proposal.state == ProposalState.OPEN
    assert number(user) == OLD


def test_author_cannot_refuse_either(staff):
    proposal = proposed(person(), staff[0])

    with pytest.raises(ProposalError):
        proposals.refuse(proposal_id=proposal.pk, staff=staff[0], at=timezone.now())


def test_database_itself_refuses_one_person(staff):
    proposal = proposed(person(), staff[0])

    with pytest.raises(IntegrityError), transaction.atomic():
        StaffProposal.objects.filter(pk=proposal.pk).update(decided_by=staff[0])


def test_refused_proposal_changes_nothing_and_is_final(staff):
    user = person()
    proposal = proposed(user, staff[0])
    proposals.refuse(proposal_id=proposal.pk, staff=staff[1], at=timezone.now())

    with pytest.raises(ProposalError):
        proposals.approve(proposal_id=proposal.pk, staff=staff[1], at=timezone.now())

    assert number(user) == OLD


def test_staff_who_only_look_decide_nothing(staff):
    user = person()
    proposal = proposed(user, staff[0])
    viewer = create_staff(
        username="Z-V", email="v@lessor.example", role=StaffRole.VIEW, password=PASSWORD
    )
    client = browser(viewer)

    client.post(LIST, {"action": "approve", "_selected_action": proposal.pk})

    assert client.get(ADD).status_code == 403
    assert number(user) == OLD


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "+48 700 123 456"), ("reason", " "), ("phone", "")]
)
def test_poor_proposal_is_not_made(staff, field, value):
    user = person()
    data = {"user": user.pk, "phone": "601 999 888", "reason": REASON, field: value}

    assert browser(staff[0]).post(ADD, data).status_code == 200
    assert not StaffProposal.objects.exists()


def test_nobody_reaches_another_member_of_the_staff(staff):
    data = {"user": staff[1].pk, "phone": "601 999 888", "reason": REASON}

    assert browser(staff[0]).post(ADD, data).status_code == 200
    with pytest.raises(ProposalError):
        proposed(staff[1], staff[0])
    assert not StaffProposal.objects.exists()


@pytest.mark.parametrize("drop", [True, False])
def test_app_of_the_lost_phone_goes_only_when_asked(staff, drop):
    user = person()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    proposal = proposed(user, staff[0], drop_factors=drop)

    proposals.approve(proposal_id=proposal.pk, staff=staff[1], at=timezone.now())

    assert Authenticator.objects.filter(user=user).exists() is not drop
    assert OutgoingMessage.objects.filter(kind="factor_removed").exists() is drop


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_approvals_at_once_act_once(staff):
    user = person()
    proposal = proposed(user, staff[0])
    others = [UserFactory(is_staff=True) for _ in range(8)]
    start = threading.Barrier(len(others))

    def work(other):
        try:
            start.wait(60)
            proposals.approve(proposal_id=proposal.pk, staff=other, at=timezone.now())
        except ProposalError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(len(others)) as pool:
        won = list(pool.map(work, others))

    assert won.count(True) == 1
    told = OutgoingMessage.objects.filter(kind="phone_changed", channel="bell")
    assert told.count() == 1


# --- access to a client's data ----------------------------------------------------------------


def access(user, company, role=Role.FLEET):
    facts = {"user": user.pk, "company": company.pk, "role": role, "is_active": "on"}
    return facts | {"reason": REASON}


def test_access_is_given_by_two(staff):
    user, company = person(), CompanyFactory()

    browser(staff[0]).post("/zaplecze/tenancy/membership/add/", access(user, company))
    assert not Membership.objects.exists()
    proposal = StaffProposal.objects.get()
    browser(staff[0]).post(LIST, {"action": "approve", "_selected_action": proposal.pk})
    assert not Membership.objects.exists()
    browser(staff[1]).post(LIST, {"action": "approve", "_selected_action": proposal.pk})

    membership = Membership.objects.get(user=user, company=company)
    assert (membership.role, membership.is_active) == (Role.FLEET, True)
    entry = AuditEntry.objects.get(event="person_added")
    assert (entry.company_id, entry.actor_id) == (company.pk, staff[1].pk)


def test_role_is_changed_by_two(staff):
    membership = MembershipFactory(role=Role.FLEET)
    path = f"/zaplecze/tenancy/membership/{membership.pk}/change/"

    response = browser(staff[0]).post(
        path, {"role": Role.OWNER, "is_active": "on", "reason": REASON}
    )
    assert response.url == LIST
    assert Membership.objects.get().role == Role.FLEET
    proposal = StaffProposal.objects.get()
    proposals.approve(proposal_id=proposal.pk, staff=staff[1], at=timezone.now())

    assert Membership.objects.get().role == Role.OWNER


def test_access_needs_a_reason(staff):
    data = access(person(), CompanyFactory()) | {"reason": ""}

    assert browser(staff[0]).post("/zaplecze/tenancy/membership/add/", data).status_code == 200
    assert not StaffProposal.objects.exists()


def test_staff_get_no_access_to_clients_this_way(staff):
    data = access(staff[1], CompanyFactory())

    assert browser(staff[0]).post("/zaplecze/tenancy/membership/add/", data).status_code == 200
    assert not StaffProposal.objects.exists()


def test_one_is_enough_to_take_access_away(staff):
    membership = MembershipFactory(role=Role.FLEET)
    path = f"/zaplecze/tenancy/membership/{membership.pk}/change/"

    browser(staff[0]).post(path, {"role": Role.FLEET})

    assert Membership.objects.get().is_active is False
    assert not StaffProposal.objects.exists()


def test_switching_back_on_takes_two(staff):
    membership = MembershipFactory(role=Role.FLEET, is_active=False)
    path = f"/zaplecze/tenancy/membership/{membership.pk}/change/"

    browser(staff[0]).post(path, {"role": Role.FLEET, "is_active": "on", "reason": REASON})

    assert Membership.objects.get().is_active is False
    assert StaffProposal.objects.count() == 1


def test_small_lessor_may_do_with_one(staff, settings):
    settings.STAFF_TWO_PEOPLE = False
    user, company = person(), CompanyFactory()

    browser(staff[0]).post(
        "/zaplecze/tenancy/membership/add/", access(user, company) | {"reason": ""}
    )

    assert Membership.objects.get().user == user
    assert not StaffProposal.objects.exists()


# --- nothing secret in the back office (SEC-18, 43) ---------------------------------------------


def test_no_page_of_the_back_office_shows_a_live_code(client):
    user = person()
    device = SmsDevice.objects.get(user=user)
    device.generate_challenge()
    login_code = device.challenge_code()
    device.cooldown_reset()
    _number, code = next_code(prepared(user, "phone_change", phone=NEW))
    row = OperationAuthorisation.objects.get()
    proposal = proposed(user, UserFactory(is_staff=True))
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    pages = [
        *("/zaplecze/authorisation/operationauthorisation/", "/zaplecze/authorisation/smsdevice/"),
        f"/zaplecze/authorisation/operationauthorisation/{row.pk}/change/",
        f"/zaplecze/authorisation/instruction/{row.instruction_id}/change/",
        f"/zaplecze/authorisation/smsdevice/{device.pk}/change/",
        f"/zaplecze/accounts/user/{user.pk}/change/",
        *(LIST, f"{LIST}{proposal.pk}/change/"),
        *("/zaplecze/accounts/freezelink/", "/zaplecze/accounts/emailchange/"),
        *("/zaplecze/accounts/trustedbrowser/", "/zaplecze/notifications/outgoingmessage/"),
        *(
            f"/zaplecze/notifications/outgoingmessage/{pk}/change/"
            for pk in OutgoingMessage.objects.values_list("pk", flat=True)
        ),
    ]

    for page in pages:
        response = client.get(page)
        body = response.content.decode()
        assert response.status_code == 200, page
        for secret in (code, login_code, row.seed, device.challenge_seed):
            assert secret not in body, page

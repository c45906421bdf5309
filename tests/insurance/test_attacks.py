"""What strangers, former lessees, people who have left and odd papers must not do to insurance."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks import clock
from eboks.documents.models import Document
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from insurance import alerts, claims, deciding_lapses, lapses, offers, own_policies, verifying
from insurance.deciding_lapses import LapseError
from insurance.enums import ClaimStatus, OfferState, Placement, Risk, Verification
from insurance.models import Lapse, Policy, RenewalOffer
from insurance.offer_forms import OfferForm
from insurance.offers import OfferError
from insurance.own_policies import PolicyError
from insurance.statuses import next_day
from tests import factories as f
from tests.insurance import factories as i
from tests.insurance.own_rows import clerk, file, sent
from tests.insurance.test_offers import days, new_offer
from tests.insurance.test_own_policies import address, typed

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def member():
    f.LessorFactory()
    return f.MembershipFactory(role=Role.OWNER)


@pytest.fixture
def asset(member):
    return f.AssetFactory(contract__company=member.company)


def cede(asset):
    """The contract goes to another company, whose owner is returned."""
    new = f.MembershipFactory(role=Role.OWNER)
    asset.contract.company = new.company
    asset.contract.save()
    return new


def today():
    return clock.today(timezone.now())


# --- a contract that has gone to another lessee -------------------------------------------------


def test_own_policy_of_the_former_lessee_covers_nothing_for_the_new_one(member, asset):
    i.RequirementFactory()
    i.PolicyFactory(
        asset=asset,
        placement=Placement.OWN,
        risks=[Risk.AC],
        valid_from=today() - 300 * DAY,
        valid_to=today() + 60 * DAY,
    )
    assert list(lapses.uncovered(today())) == []
    new = cede(asset)

    (found,) = lapses.uncovered(today())
    assert (found.asset_id, found.company_id) == (asset.pk, new.company_id)
    assert found.last_policy_id is None

    lapses.look_after_cover(on=today(), at=timezone.now())
    lapse = Lapse.objects.get()
    lapses.close_covered(on=today(), at=timezone.now())
    lapse.refresh_from_db()
    assert (lapse.state, lapse.company_id) == ("open", new.company_id)


def test_own_policy_of_the_former_lessee_silences_no_alert_of_the_new_one(member, asset):
    i.PolicyFactory(
        asset=asset, placement=Placement.OWN, risks=[Risk.AC], valid_to=today() + 90 * DAY
    )
    cede(asset)
    ends = i.PolicyFactory(asset=asset, risks=[Risk.AC], valid_to=today() + 7 * DAY)

    assert [row.policy_id for row in alerts.ending(today(), today())] == [ends.pk]


def test_lapse_of_the_former_lessee_is_not_settled_by_a_policy_of_the_new_one(member, asset):
    i.RequirementFactory()
    lapses.look_after_cover(on=today(), at=timezone.now())
    lapse = Lapse.objects.get()
    cede(asset)
    policy = i.PolicyFactory(asset=asset, risks=[Risk.AC], valid_to=today() + 90 * DAY)
    decided = {"lapse_id": lapse.pk, "actor": clerk(), "at": timezone.now(), "note": "Polisa."}

    with pytest.raises(LapseError):
        deciding_lapses.insure(policy_id=policy.pk, **decided)
    told = OutgoingMessage.objects.filter(kind="cover_changed")
    assert not told.exists()


def test_offer_to_the_new_lessee_says_nothing_of_the_former_ones_policy(member, asset, client_of):
    old = i.PolicyFactory(
        asset=asset, placement=Placement.OWN, risks=[Risk.AC, Risk.NNW], valid_to=days(29)
    )
    new = cede(asset)

    offer = offers.make(new=new_offer(old), actor=clerk(), at=timezone.now())

    assert (offer.company_id, offer.policy_id) == (new.company_id, None)
    page = client_of(new.user).get(reverse("insurance:offer", args=[offer.public_id]))
    assert page.status_code == 200
    assert str(Risk.NNW.label) not in page.content.decode()


def test_offer_that_the_former_lessee_accepted_becomes_no_policy(member, asset):
    policy = i.PolicyFactory(asset=asset, valid_to=days(29))
    made = offers.make(new=new_offer(policy), actor=clerk(), at=timezone.now())
    RenewalOffer.objects.filter(pk=made.pk).update(state=OfferState.ACCEPTED)
    offer = RenewalOffer.objects.get(pk=made.pk)
    with pytest.raises(OfferError):  # while it is theirs it is not taken back
        offers.withdraw(offer=offer, actor=clerk(), at=timezone.now())
    cede(asset)
    offer = RenewalOffer.objects.get(pk=made.pk)

    with pytest.raises(OfferError):
        offers.issue(offer=offer, number="P/1", actor=clerk(), at=timezone.now())
    assert Policy.objects.count() == 1
    offers.withdraw(offer=offer, actor=clerk(), at=timezone.now())

    assert RenewalOffer.objects.get(pk=made.pk).state == OfferState.WITHDRAWN
    offers.make(new=new_offer(policy), actor=clerk(), at=timezone.now())  # for the new lessee


def test_former_lessee_completes_no_policy_but_may_withdraw_it(member, asset):
    policy = sent(member, asset)
    Policy.objects.filter(pk=policy.pk).update(verification=Verification.RETURNED)
    cede(asset)
    policy = Policy.objects.get(pk=policy.pk)
    acts = {"policy": policy, "actor": member.user, "at": timezone.now()}

    with pytest.raises(PolicyError):
        own_policies.add_files(files=[file()], replace=False, **acts)
    with pytest.raises(PolicyError):
        own_policies.send_again(files=[], replace=False, **acts)
    own_policies.withdraw(**acts)

    assert Policy.objects.get(pk=policy.pk).verification == Verification.WITHDRAWN


# --- whoever has left ---------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.FINANCE}])
def test_person_who_has_left_hears_no_more_of_the_claim(member, asset, change):
    left = f.MembershipFactory(company=member.company, role=Role.INSURANCE)
    claim = i.ClaimFactory(asset=asset, author=left.user)
    Membership.objects.filter(pk=left.pk).update(**change)

    claims.move(
        claim,
        to=ClaimStatus.REGISTERED,
        actor=clerk(),
        at=timezone.now(),
        insurer=i.InsurerFactory(),
        insurer_number="U/1",
    )

    told = OutgoingMessage.objects.filter(kind="claim_changed")
    assert set(told.values_list("user", flat=True)) == {member.user_id}


# --- odd forms and odd days ---------------------------------------------------------------------


def test_form_key_of_somebody_else_is_no_obstacle(client_of, member, asset):
    key = str(uuid.uuid4())
    other = f.MembershipFactory(role=Role.OWNER)
    theirs = f.AssetFactory(contract__company=other.company)

    client_of(member.user).post(address(asset), typed(asset, form_key=key))
    answer = client_of(other.user).post(address(theirs), typed(theirs, form_key=key))

    assert answer.status_code == 302
    assert set(Policy.objects.values_list("company", flat=True)) == {
        member.company_id,
        other.company_id,
    }


def test_policy_at_the_end_of_days_is_refused(client_of, member, asset):
    far = typed(asset, valid_from="9999-06-01", valid_to="9999-12-31", instalment_count="12")

    answer = client_of(member.user).post(address(asset), far)

    assert answer.status_code == 200
    assert "Sprawdź rok" in answer.content.decode()
    assert not Policy.objects.exists()


def test_day_after_the_last_one_is_that_day():
    assert next_day(dt.date(2028, 2, 28)) == dt.date(2028, 2, 29)
    assert next_day(dt.date.max) == dt.date.max


def test_policy_without_an_end_breaks_no_page(client_of, member, asset):
    i.RequirementFactory(valid_to=dt.date.max)
    forever = {"asset": asset, "valid_from": today() - 30 * DAY, "valid_to": dt.date.max}
    lessors = i.PolicyFactory(risks=[Risk.AC, Risk.OC], **forever)
    i.PolicyFactory(risks=[Risk.OC], placement=Placement.OWN, **forever)
    client = client_of(member.user)

    for address_of in (
        reverse("portal:dashboard"),
        reverse("insurance:list"),
        reverse("insurance:list_xlsx"),
        reverse("insurance:policy", args=[lessors.public_id]),
        reverse("insurance:asset", args=[asset.public_id]),
        reverse("insurance:contract", args=[asset.contract.public_id]),
        reverse("vehicles:detail", args=[asset.public_id]),
    ):
        answer = client.get(address_of)
        assert answer.status_code == 200, address_of
        assert b"".join(answer)
    assert "valid_from" not in OfferForm(None, ending=lessors).initial
    waits = sent(member, asset)
    assert verifying.wanted_items(waits, on=today())


def test_impossible_moment_of_a_clerk_decides_nothing(client_of, member, asset):
    policy = sent(member, asset)

    answer = client_of(clerk()).post(
        reverse("admin:insurance_policy_check", args=[policy.pk]),
        {"approve": "1", "seen_at": "2026-13-01T00:00:00+00:00"},
    )

    assert answer.status_code == 302
    assert Policy.objects.get(pk=policy.pk).verification == Verification.TO_VERIFY


# --- what finance and insurance do not tell each other ------------------------------------------


def test_names_of_sent_files_are_not_for_those_who_see_finance_alone(client_of, member, asset):
    policy = sent(member, asset)
    document = policy.files.get().document
    Document.objects.filter(pk=document.pk).update(purge_on=today())
    clients = {
        role: client_of(f.MembershipFactory(company=member.company, role=role).user)
        for role in (Role.FINANCE, Role.ACCOUNTANT, Role.READ_ONLY, Role.SIGNATORY)
    }

    shown = {
        role: document.file_name in client.get(reverse("retention:leaving")).content.decode()
        for role, client in clients.items()
    }

    assert shown == {
        Role.FINANCE: False,
        Role.ACCOUNTANT: False,
        Role.READ_ONLY: False,
        Role.SIGNATORY: True,
    }


def test_offer_shows_the_present_premium_to_finance_alone(client_of, member, asset):
    policy = i.PolicyFactory(asset=asset, valid_to=days(29), premium="4321.00")
    offer = offers.make(new=new_offer(policy), actor=clerk(), at=timezone.now())
    address_of = reverse("insurance:offer", args=[offer.public_id])
    handler = f.MembershipFactory(company=member.company, role=Role.INSURANCE)

    pages = [
        client_of(user).get(address_of).content.decode() for user in (member.user, handler.user)
    ]

    assert ["321,00" in page for page in pages] == [True, False]

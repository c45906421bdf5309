"""Renewal offers: made, seen, declined, withdrawn, issued as a policy."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from eboks import clock
from eboks.audit.models import AuditEntry
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.rights import Role
from insurance import offers
from insurance.enums import OfferState, Placement, Risk, Verification
from insurance.models import Policy, RenewalOffer
from insurance.offers import NewOffer, OfferError
from insurance.policy_fields import Cover
from tests import factories as f
from tests.insurance import factories as i
from tests.insurance.own_rows import clerk

pytestmark = pytest.mark.django_db
LIST = "/ubezpieczenia/oferty/"


def days(n: int) -> dt.date:
    return clock.today(timezone.now()) + dt.timedelta(days=n)


@pytest.fixture
def member():
    f.LessorFactory()
    return f.MembershipFactory(role=Role.INSURANCE)


@pytest.fixture
def policy(member):
    asset = f.AssetFactory(contract__company=member.company)
    return i.PolicyFactory(asset=asset, risks=[Risk.OC, Risk.NNW], valid_to=days(29))


def new_offer(policy, **changed):
    values = {
        "asset": policy.asset,
        "policy": policy,
        "insurer": policy.insurer,
        "valid_from": days(30),
        "valid_to": days(394),
        "premium": Decimal("1000.00"),
        "instalment_count": 3,
        "covers": [Cover(Risk.OC), Cover(Risk.AC, Decimal(90_000), "net", Decimal(500))],
        "currency": "PLN",
        "territory": "europe",
        "note": "Taniej o 5%.",
        "answer_by": days(20),
    }
    return NewOffer(**{**values, **changed})


@pytest.fixture
def offer(policy):
    return offers.make(new=new_offer(policy), actor=clerk(), at=timezone.now())


def accepted(offer):
    RenewalOffer.objects.filter(pk=offer.pk).update(state=OfferState.ACCEPTED)
    offer.refresh_from_db()
    return offer


def test_offer_is_announced_to_those_who_deal_with_insurance(
    policy, member, django_capture_on_commit_callbacks
):
    f.MembershipFactory(company=member.company, role=Role.FINANCE)
    limited = f.MembershipFactory(company=member.company, role=Role.FLEET, is_limited=True)
    limited.allowed_contracts.create(contract=f.ContractFactory(company=member.company))
    with django_capture_on_commit_callbacks(execute=True):
        made = offers.make(new=new_offer(policy), actor=clerk(), at=timezone.now())

    assert [message.to for message in mail.outbox] == [[member.user.email]]
    bell = OutgoingMessage.objects.get(kind="renewal_offered", channel="bell")
    assert bell.url == f"{LIST}{made.public_id}/"
    assert AuditEntry.objects.filter(event="renewal_made").count() == 1


def test_second_offer_for_the_same_day_is_refused(policy, offer):
    with pytest.raises(OfferError):
        offers.make(new=new_offer(policy), actor=clerk("Z-two"), at=timezone.now())
    offers.withdraw(offer=offer, actor=clerk("Z-three"), at=timezone.now())

    offers.make(new=new_offer(policy), actor=clerk("Z-four"), at=timezone.now())

    assert RenewalOffer.objects.filter(state=OfferState.OPEN).count() == 1


@pytest.mark.parametrize("answer_by", [-1, 31])
def test_day_to_answer_lies_before_the_cover_begins(policy, answer_by):
    with pytest.raises(OfferError):
        offers.make(
            new=new_offer(policy, answer_by=days(answer_by)), actor=clerk(), at=timezone.now()
        )


def test_page_compares_the_offer_with_the_policy_that_ends(login, member, offer):
    answer = login(member.user).get(f"{LIST}{offer.public_id}/")

    page = answer.content.decode()
    assert answer.context["risks"] == [
        ("OC", "w zakresie", "100\u00a0000,00\u00a0zł netto"),
        ("AC", "90\u00a0000,00\u00a0zł netto, udział własny 500,00\u00a0zł", ""),
        ("NNW", "", "100\u00a0000,00\u00a0zł netto"),
    ]
    for text in ("1\u00a0000,00\u00a0zł", "333,34\u00a0zł", "w 3 ratach", "Taniej o 5%."):
        assert text in page
    assert "Przyjmij ofertę" not in page  # this role does not sign
    assert "osoba z prawem podpisu" in page


def test_declined_offer_cannot_be_declined_again(login, member, offer):
    client = login(member.user)

    for _n in range(2):
        client.post(f"{LIST}{offer.public_id}/odrzuc/")

    offer.refresh_from_db()
    assert offer.state == OfferState.DECLINED
    assert AuditEntry.objects.filter(event="renewal_declined").count() == 1
    page = client.get(f"{LIST}{offer.public_id}/").content.decode()
    assert f"/ubezpieczenia/nowa/?przedmiot={offer.asset.public_id}" in page


def test_offer_past_its_day_says_so_and_leaves_the_open_list(login, member, offer):
    RenewalOffer.objects.update(answer_by=days(-1))
    client = login(member.user)

    assert "Czas na decyzję minął" in client.get(f"{LIST}{offer.public_id}/").content.decode()
    assert offer not in client.get(LIST).context["page"].object_list
    past = client.get(f"{LIST}?stan=zakonczone")
    assert list(past.context["page"].object_list) == [offer]
    assert "po terminie" in past.content.decode()


def test_strangers_find_no_offer_and_roles_without_the_right_are_refused(client_of, member, offer):
    stranger = client_of(f.MembershipFactory().user)
    reader = client_of(f.MembershipFactory(company=member.company, role=Role.FINANCE).user)
    where = f"{LIST}{offer.public_id}/"

    assert stranger.get(where).status_code == 404
    assert stranger.post(where).status_code == 404
    assert stranger.post(f"{where}odrzuc/").status_code == 404
    assert reader.get(where).status_code == 403
    assert reader.post(f"{where}odrzuc/").status_code == 403
    assert reader.get(LIST).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries(login, member, count, django_assert_num_queries):
    for _n in range(count):
        asset = f.AssetFactory(contract__company=member.company)
        i.RenewalOfferFactory(
            policy=i.PolicyFactory(asset=asset), answer_by=days(5), valid_from=days(6),
            valid_to=days(370),
        )  # fmt: skip
    i.RenewalOfferFactory()
    client = login(member.user)
    client.get(LIST)

    with django_assert_num_queries(7):
        assert len(client.get(LIST).context["page"].object_list) == count


def test_empty_list_says_why(login, member):
    assert "Nie ma ofert do decyzji" in login(member.user).get(LIST).content.decode()


# --- the policy --------------------------------------------------------------------------------


def test_accepted_offer_becomes_a_checked_policy_of_the_lessor(offer, member):
    policy = offers.issue(
        offer=accepted(offer), number=" AC/9 ", actor=clerk("Z-two"), at=timezone.now()
    )

    offer.refresh_from_db()
    assert (offer.state, offer.issued_policy) == (OfferState.ISSUED, policy)
    assert (policy.placement, policy.verification) == (Placement.LESSOR, Verification.VERIFIED)
    assert (policy.number, policy.valid_from, policy.premium) == ("AC/9", days(30), 1000)
    assert [(c.risk, c.sum_insured, c.deductible) for c in policy.covers.order_by("pk")] == [
        ("oc", None, 0),
        ("ac", 90_000, 500),
    ]
    amounts = [row.amount for row in policy.instalments.order_by("n")]
    assert amounts == [Decimal("333.34"), Decimal("333.33"), Decimal("333.33")]
    bell = OutgoingMessage.objects.get(kind="renewal_issued", channel="bell")
    assert bell.url == f"/ubezpieczenia/polisy/{policy.public_id}/"


def test_policy_is_issued_once_and_never_without_an_answer(offer):
    staff = clerk("Z-two")
    with pytest.raises(OfferError):
        offers.issue(offer=offer, number="AC/9", actor=staff, at=timezone.now())
    with pytest.raises(OfferError):
        offers.issue(offer=accepted(offer), number=" ", actor=staff, at=timezone.now())
    stale = RenewalOffer.objects.get(pk=offer.pk)
    offers.issue(offer=offer, number="AC/9", actor=staff, at=timezone.now())

    with pytest.raises(OfferError):
        offers.issue(offer=stale, number="AC/9", actor=staff, at=timezone.now())

    assert Policy.objects.filter(number="AC/9").count() == 1


def test_accepted_offer_is_not_withdrawn(offer):
    with pytest.raises(OfferError):
        offers.withdraw(offer=accepted(offer), actor=clerk("Z-two"), at=timezone.now())

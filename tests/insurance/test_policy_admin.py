"""Back office of policies: the queue, the check, the lessor's own, rules and offers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.tenancy.rights import Role
from insurance import own_policies
from insurance.enums import CheckItem, OfferState, Placement, Verification
from insurance.models import Policy, PolicyFile, RenewalOffer, Requirement
from tests import factories as f
from tests.factories import PASSWORD
from tests.insurance import factories as i
from tests.insurance.own_rows import clerk, file, sent
from tests.insurance.test_offers import days

pytestmark = pytest.mark.django_db
POLICIES = "/zaplecze/insurance/policy/"
OFFERS = "/zaplecze/insurance/renewaloffer/"


@pytest.fixture
def office(client_of):
    return client_of(clerk())


@pytest.fixture
def viewer(client_of):
    staff = create_staff(
        username="Z-view", email="v@lessor.example", role=StaffRole.VIEW, password=PASSWORD
    )
    return client_of(staff)


@pytest.fixture
def member():
    f.LessorFactory()
    return f.MembershipFactory(role=Role.INSURANCE)


@pytest.fixture
def asset(member):
    return f.AssetFactory(contract__company=member.company, net_price=Decimal(400_000))


@pytest.fixture
def policy(member, asset):
    i.RequirementFactory(vat_basis="net", needs_assignment=True)
    return sent(member, asset)


def decide(office, policy, button, *, without=(), **notes):
    data = {f"met_{item.value}": "1" for item in CheckItem if item not in without}
    data |= {f"note_{name}": text for name, text in notes.items()}
    data |= {"seen_at": policy.sent_at.isoformat(), button: "1"}
    return office.post(f"{POLICIES}{policy.pk}/sprawdz/", data, follow=True)


def test_queue_opens_with_the_oldest_that_waits(office, member):
    def waiting(n):
        asset = f.AssetFactory(contract__company=member.company)
        return sent(member, asset, at=timezone.now() - dt.timedelta(days=n))

    first, third, second = waiting(3), waiting(1), waiting(2)
    i.PolicyFactory()

    shown = office.get(POLICIES).context["cl"].result_list
    everything = office.get(f"{POLICIES}?kolejka=wszystkie").context["cl"].result_list

    assert list(shown) == [first, second, third]
    assert len(everything) == 4
    assert list(office.get(f"{POLICIES}?kolejka=zwrocone").context["cl"].result_list) == []


def test_page_shows_requirements_beside_the_policy_and_what_the_data_say(office, policy):
    page = office.get(f"{POLICIES}{policy.pk}/change/").content.decode()

    for text in ("400\u00a0000,00\u00a0zł", "300\u00a0000,00\u00a0zł", "jest niższa niż wymagane"):
        assert text in page
    assert "Sprawdzona" in page
    assert f"{POLICIES}{policy.pk}/plik/{policy.files.get().pk}/" in page


def test_clerk_approves(office, policy):
    answer = decide(office, policy, "approve")

    policy.refresh_from_db()
    assert policy.verification == Verification.VERIFIED
    assert "Klient już wie" in answer.content.decode()
    assert 'name="approve"' not in answer.content.decode()


def test_clerk_sends_back_with_defects(office, policy):
    decide(office, policy, "return", without=[CheckItem.SUM_AND_VAT], sum_and_vat="Za mało")

    policy.refresh_from_db()
    assert policy.verification == Verification.RETURNED
    assert policy.checks.get(is_met=False).note == "Za mało"


def test_refused_decision_keeps_what_was_typed(office, policy):
    answer = decide(
        office, policy, "approve", without=[CheckItem.SUM_AND_VAT], sum_and_vat="Zobaczę jutro"
    )

    policy.refresh_from_db()
    assert policy.verification == Verification.TO_VERIFY
    assert "Zobaczę jutro" in answer.content.decode()


def test_second_clerk_is_told_that_somebody_was_faster(office, client_of, policy):
    decide(office, policy, "approve")

    answer = decide(client_of(clerk("Z-two")), policy, "return", without=[CheckItem.INSURED],
                    insured="Nie my")  # fmt: skip

    assert "Ktoś był szybszy" in answer.content.decode()


@pytest.mark.parametrize("seen_at", ["", "x", "2026-13-40", "2026-01-01T00:00:00"])
def test_odd_moment_decides_nothing(office, policy, seen_at):
    office.post(f"{POLICIES}{policy.pk}/sprawdz/", {"seen_at": seen_at, "approve": "1"})

    policy.refresh_from_db()
    assert policy.verification == Verification.TO_VERIFY


def test_viewer_and_client_decide_nothing(viewer, client_of, member, policy):
    where = f"{POLICIES}{policy.pk}/sprawdz/"

    assert viewer.post(where).status_code == 403
    assert client_of(member.user).post(where).status_code == 404
    assert 'name="approve"' not in viewer.get(f"{POLICIES}{policy.pk}/change/").content.decode()


def test_file_is_read_once_scanned_and_noted(office, policy):
    row = policy.files.get()
    where = f"{POLICIES}{policy.pk}/plik/{row.pk}/"

    assert b"".join(office.get(where).streaming_content).startswith(b"%PDF")
    assert AuditEntry.objects.filter(event="policy_file_read").count() == 1
    PolicyFile.objects.update(scan="infected")
    assert office.get(where).status_code == 302
    assert office.get(f"{POLICIES}{policy.pk}/plik/{2**70}/").status_code == 404
    assert office.post(where).status_code == 405


# --- policies of the lessor ----------------------------------------------------------------------


def recorded(asset, **changed):
    return {
        "asset": asset.pk,
        "insurer": i.InsurerFactory().pk,
        "number": "L/1",
        "policyholder": "Leasing",
        "insured": "Leasing",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "premium": "1200",
        "currency": "PLN",
        "territory": "europe",
        "has_assignment": "on",
        "covers-TOTAL_FORMS": "1",
        "covers-INITIAL_FORMS": "0",
        "covers-0-risk": "ac",
        "covers-0-sum_insured": "100000",
        "covers-0-vat_basis": "net",
        "covers-0-deductible": "0",
        "instalments-TOTAL_FORMS": "1",
        "instalments-INITIAL_FORMS": "0",
        "instalments-0-n": "1",
        "instalments-0-due_on": "2026-01-01",
        "instalments-0-amount": "1200",
        **changed,
    }


def test_policy_of_the_lessor_is_recorded_with_its_parts(office, asset):
    assert office.get(f"{POLICIES}add/").status_code == 200

    office.post(f"{POLICIES}add/", recorded(asset))

    policy = Policy.objects.get()
    assert (policy.placement, policy.verification) == (Placement.LESSOR, Verification.VERIFIED)
    assert (policy.company, policy.contract) == (asset.contract.company, asset.contract)
    assert (policy.source_system, policy.covers.get().risk) == ("portal", "ac")
    assert policy.instalments.get().amount == 1200
    assert AuditEntry.objects.filter(event="policy_recorded").count() == 1


def test_recorded_policy_is_edited_and_one_of_the_feed_is_not(office, asset):
    office.post(f"{POLICIES}add/", recorded(asset))
    own = Policy.objects.get()
    fed = i.PolicyFactory(asset=asset)

    for row in (own, fed):
        parts = {
            "covers-INITIAL_FORMS": row.covers.count(),
            "covers-TOTAL_FORMS": row.covers.count(),
            "instalments-INITIAL_FORMS": row.instalments.count(),
            "instalments-TOTAL_FORMS": row.instalments.count(),
        }
        if row == own:
            parts |= {
                "covers-0-id": row.covers.get().pk,
                "instalments-0-id": row.instalments.get().pk,
            }
        answer = office.post(f"{POLICIES}{row.pk}/change/", recorded(asset, number="L/2", **parts))
        row.refresh_from_db()
        assert (answer.status_code, row.number == "L/2") == (
            (302, True) if row == own else (403, False)
        )


def test_own_policy_is_never_edited(office, policy):
    assert office.post(f"{POLICIES}{policy.pk}/change/", {"number": "X"}).status_code == 403


def test_requirement_is_added_by_the_service_desk(office, viewer, asset):
    data = {
        "category": "vehicle",
        "risk": "oc",
        "sum_pct": "0",
        "territory": "pl",
        "valid_from": "2026-01-01",
    }

    office.post(reverse("admin:insurance_requirement_add"), data)

    assert Requirement.objects.get().risk == "oc"
    assert viewer.post(reverse("admin:insurance_requirement_add"), data).status_code == 403


# --- offers --------------------------------------------------------------------------------------


@pytest.fixture
def ending(asset):
    return i.PolicyFactory(asset=asset, valid_to=days(29), risks=["oc", "ac"])


def test_offer_begins_with_the_terms_of_the_policy_that_ends(office, ending):
    page = office.get(f"{POLICIES}{ending.pk}/change/").content.decode()
    assert f"{OFFERS}przygotuj/?policy={ending.pk}" in page

    form = office.get(f"{OFFERS}przygotuj/?policy={ending.pk}").context["form"]

    assert form["valid_from"].value() == days(30)
    assert form["premium"].value() == "3600,00"
    assert form["risk_ac"].value() is True
    assert form["sum_ac"].value() == "100000,00"


def test_offer_is_made_withdrawn_and_made_again(office, ending):
    where = f"{OFFERS}przygotuj/?policy={ending.pk}"
    form = office.get(where).context["form"]
    data = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    data |= {"premium": "4 000", "answer_by": days(10)}

    answer = office.post(where, data)
    offer = RenewalOffer.objects.get()
    refused = office.post(where, data).content.decode()
    office.post(f"{OFFERS}{offer.pk}/wycofaj/")
    office.post(where, data)

    assert answer.url == f"{OFFERS}{offer.pk}/change/"
    assert (offer.policy, offer.premium) == (ending, 4000)
    assert [row["risk"] for row in offer.covers] == ["oc", "ac"]
    assert "Najpierw ją wycofaj" in refused
    assert sorted(RenewalOffer.objects.values_list("state", flat=True)) == ["open", "withdrawn"]


def test_offer_without_a_policy_finds_the_asset_by_its_plate(office, asset):
    page = office.post(f"{OFFERS}przygotuj/?policy=x", {"subject": "nie ma"}).content.decode()
    assert "Nie ma takiego przedmiotu" in page
    data = {
        "subject": asset.plate,
        "insurer": i.InsurerFactory().pk,
        "valid_from": days(30),
        "valid_to": days(394),
        "territory": "pl",
        "premium": "100",
        "currency": "PLN",
        "instalment_count": "1",
        "answer_by": days(9),
        "risk_oc": "on",
    }

    office.post(f"{OFFERS}przygotuj/", data)

    assert RenewalOffer.objects.get().asset == asset


def test_accepted_offer_is_issued_under_a_number(office, ending):
    offer = i.RenewalOfferFactory(policy=ending, state=OfferState.ACCEPTED)
    page = office.get(f"{OFFERS}{offer.pk}/change/").content.decode()
    assert "Wystaw polisę" in page

    for _n in range(2):
        office.post(f"{OFFERS}{offer.pk}/wystaw/", {"number": "L/77"})

    assert Policy.objects.filter(number="L/77").count() == 1


def test_viewer_makes_and_moves_no_offer(viewer, ending):
    offer = i.RenewalOfferFactory(policy=ending)

    assert viewer.get(f"{OFFERS}przygotuj/").status_code == 403
    for ending_of in ("wycofaj", "wystaw"):
        assert viewer.post(f"{OFFERS}{offer.pk}/{ending_of}/").status_code == 403
        assert viewer.get(f"{OFFERS}{offer.pk}/{ending_of}/").status_code == 405
    assert viewer.get(f"{OFFERS}{offer.pk}/change/").status_code == 200


def test_client_who_adds_a_file_makes_the_clerk_look_again(office, member, policy):
    seen = Policy.objects.get(pk=policy.pk)
    own_policies.add_files(
        policy=policy, files=[file()], replace=False, actor=member.user, at=timezone.now()
    )

    assert "coś dosłał" in decide(office, seen, "approve").content.decode()

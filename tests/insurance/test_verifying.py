"""The check of own policies: what the data say, decided once, told to the client."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from insurance import checklist, own_policies, verifying
from insurance.enums import CheckItem, Risk, Verification
from insurance.models import Policy, PolicyFile
from insurance.own_policies import PolicyError
from insurance.policy_fields import Cover
from insurance.requirements import required_of
from insurance.verifying import Tick
from tests import factories as f
from tests.insurance import factories as i
from tests.insurance.own_rows import FROM, clerk, file, sent

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 11, 27)
DAY = dt.timedelta(days=1)


@pytest.fixture
def member():
    f.LessorFactory()
    return f.MembershipFactory(role=Role.INSURANCE)


@pytest.fixture
def asset(member):
    return f.AssetFactory(contract__company=member.company, net_price=Decimal(300_000))


@pytest.fixture
def policy(member, asset):
    i.RequirementFactory(vat_basis="net", territory="europe", needs_assignment=True)
    return sent(member, asset)


def all_met(policy):
    return {item: Tick(True) for item in verifying.wanted_items(policy, on=ON)}


def approve(policy, **changed):
    values = {
        "policy_id": policy.pk,
        "ticks": all_met(policy),
        "seen_at": policy.sent_at,
        "actor": clerk(),
        "at": timezone.now(),
    }
    return verifying.approve(**{**values, **changed})


def send_back(policy, **changed):
    ticks = all_met(policy) | {CheckItem.SUM_AND_VAT: Tick(False, "Suma za niska")}
    values = {
        "policy_id": policy.pk,
        "ticks": ticks,
        "remarks": "Poproś agenta o aneks.",
        "seen_at": policy.sent_at,
        "actor": clerk("Z-other"),
        "at": timezone.now(),
    }
    return verifying.send_back(**{**values, **changed})


# --- which points, and what the data say -------------------------------------------------------


def test_points_follow_risks_and_requirements(asset):
    i.RequirementFactory(needs_assignment=False, sum_pct=0)
    rules = required_of(asset, on=ON)

    of_oc = {point.item for point in checklist.points([Risk.OC], {})}
    of_ac = {point.item for point in checklist.points([Risk.AC], rules)}

    assert of_oc == {CheckItem.INSURED, CheckItem.PREMIUM_PAID, CheckItem.NO_GAP}
    assert of_ac == set(CheckItem) - {CheckItem.SUM_AND_VAT, CheckItem.ASSIGNMENT}


def state(policy, item):
    policy = Policy.objects.select_related("asset__contract").get(pk=policy.pk)
    return checklist.findings(policy, on=ON)[item].state


def test_sound_policy_has_no_bad_finding(policy):
    states = {one.state for one in checklist.findings(policy, on=ON).values()}

    assert "bad" not in states


@pytest.mark.parametrize(
    ("changed", "item"),
    [
        ({"insured": "Ktoś inny"}, CheckItem.INSURED),
        ({"territory": "pl"}, CheckItem.TERRITORY),
        ({"has_assignment": False}, CheckItem.ASSIGNMENT),
    ],
)
def test_finding_of_the_policy(policy, changed, item):
    Policy.objects.filter(pk=policy.pk).update(**changed)

    assert state(policy, item) == "bad"


@pytest.mark.parametrize(
    ("changed", "item", "found"),
    [
        ({"sum_insured": Decimal("299999.99")}, CheckItem.SUM_AND_VAT, "bad"),
        ({"sum_insured": Decimal(300_000)}, CheckItem.SUM_AND_VAT, "good"),
        ({"sum_insured": None}, CheckItem.SUM_AND_VAT, "warn"),
        ({"vat_basis": "gross"}, CheckItem.SUM_AND_VAT, "bad"),
        ({"deductible": Decimal(500)}, CheckItem.NO_DEDUCTIBLE, "bad"),
    ],
)
def test_finding_of_the_cover(policy, changed, item, found):
    policy.covers.filter(risk=Risk.AC).update(**changed)

    assert state(policy, item) == found


@pytest.mark.parametrize(
    ("last", "found"), [(FROM - DAY, "good"), (FROM - 2 * DAY, "bad"), (None, "warn")]
)
def test_gap_after_the_policy_before(policy, last, found):
    if last is not None:
        earlier = {"asset": policy.asset, "valid_from": dt.date(2026, 1, 1)}
        i.PolicyFactory(**earlier, valid_to=last, risks=[Risk.OC, Risk.AC])

    assert state(policy, CheckItem.NO_GAP) == found


def test_instalment_past_its_day_without_a_payment_asks_for_a_look(policy):
    policy.instalments.update(due_on=ON)
    assert state(policy, CheckItem.PREMIUM_PAID) == "warn"

    policy.instalments.update(paid_on=ON)
    assert state(policy, CheckItem.PREMIUM_PAID) == "good"


# --- deciding ----------------------------------------------------------------------------------


def test_checked_policy_counts_and_the_sender_is_told(
    policy, member, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        approve(policy)

    policy.refresh_from_db()
    assert policy.verification == Verification.VERIFIED
    assert policy.checks.filter(is_met=True).count() == len(CheckItem)
    assert [message.to for message in mail.outbox] == [[member.user.email]]
    assert "jest sprawdzona" in mail.outbox[0].subject
    bell = OutgoingMessage.objects.get(kind="policy_checked", channel="bell")
    assert bell.url == f"/ubezpieczenia/polisy/{policy.public_id}/"
    assert AuditEntry.objects.filter(event="policy_verified").count() == 1


def test_returned_policy_names_its_defects(policy, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        send_back(policy)

    policy.refresh_from_db()
    assert policy.verification == Verification.RETURNED
    assert [row.note for row in policy.checks.filter(is_met=False)] == ["Suma za niska"]
    for text in ("Suma za niska", "Poproś agenta o aneks."):
        assert text in mail.outbox[0].body


def test_those_who_deal_with_insurance_are_told_when_the_sender_has_left(policy, member):
    other = f.MembershipFactory(company=member.company, role=Role.FLEET)
    f.MembershipFactory(company=member.company, role=Role.READ_ONLY)
    Membership.objects.filter(pk=member.pk).update(is_active=False)

    approve(policy)

    told = OutgoingMessage.objects.filter(kind="policy_checked", channel="bell")
    assert [row.user for row in told] == [other.user]


def test_policy_with_an_open_point_is_not_approved(policy):
    ticks = all_met(policy) | {CheckItem.NO_GAP: Tick(False)}

    with pytest.raises(PolicyError):
        approve(policy, ticks=ticks)

    policy.refresh_from_db()
    assert policy.verification == Verification.TO_VERIFY
    assert not policy.checks.exists()


def test_policy_whose_files_are_not_scanned_is_not_approved(policy):
    PolicyFile.objects.update(scan="waiting")

    with pytest.raises(PolicyError):
        approve(policy)


def test_return_without_a_defect_in_words_is_refused(policy):
    with pytest.raises(PolicyError):
        send_back(policy, ticks=all_met(policy))
    with pytest.raises(PolicyError):
        send_back(
            policy,
            ticks=all_met(policy) | {CheckItem.NO_GAP: Tick(False, "  ")},
            actor=clerk("Z-third"),
        )


def test_second_clerk_decides_nothing(policy):
    approve(policy)

    with pytest.raises(PolicyError, match="Ktoś był szybszy"):
        send_back(policy)

    policy.refresh_from_db()
    assert policy.verification == Verification.VERIFIED
    assert AuditEntry.objects.filter(event="policy_returned").count() == 0
    assert OutgoingMessage.objects.filter(kind="policy_checked", channel="bell").count() == 1


def test_decision_on_what_has_changed_since_is_refused(policy, member):
    seen_at = policy.sent_at
    own_policies.add_files(
        policy=policy, files=[file()], replace=True, actor=member.user, at=timezone.now()
    )

    with pytest.raises(PolicyError, match="coś dosłał"):
        approve(policy, seen_at=seen_at)


def test_second_round_replaces_the_list_of_the_first(policy, member):
    send_back(policy)
    policy.refresh_from_db()
    own_policies.send_again(
        policy=policy, files=[], replace=False, actor=member.user, at=timezone.now()
    )
    policy.refresh_from_db()

    approve(policy)

    assert not policy.checks.filter(is_met=False).exists()
    assert OutgoingMessage.objects.filter(kind="policy_checked", channel="bell").count() == 2


def test_policy_of_the_lessor_is_not_checked(asset):
    policy = i.PolicyFactory(asset=asset, verification=Verification.TO_VERIFY)
    PolicyFile.objects.create(
        policy=policy, author=f.UserFactory(), name="x", scan="clean", at=timezone.now()
    )

    with pytest.raises(PolicyError):
        approve(policy)


def test_machine_is_checked_by_its_own_points(member):
    machine = f.AssetFactory(
        contract__company=member.company, category="machine", vin="", serial_number="S1"
    )
    policy = sent(member, machine, covers=[Cover(Risk.MACHINERY, Decimal(1), "net")])

    items = set(checklist.findings(policy, on=ON))

    assert CheckItem.NO_DEDUCTIBLE in items
    assert CheckItem.FULL_SCOPE not in items

"""Cover of an asset: what is missing, ends, falls short or is paid for twice; and its timeline."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.enums import AssetCategory, ContractStatus
from insurance.cover import (
    AssetFacts,
    Attention,
    Defect,
    Part,
    PolicyFacts,
    cover_of,
    defects,
    doubles,
    traps,
)
from insurance.doubtful import doubtful
from insurance.enums import Placement, PolicyStatus, Risk, Territory, VatBasis, Verification
from insurance.filters import with_status
from insurance.loading import insured_assets, load, needed_days
from insurance.models import Policy
from insurance.requirements import Rule, Window, rulebook
from insurance.standing import standing
from insurance.statuses import policy_status
from insurance.timelines import State, gaps, timeline
from tests import factories as f
from tests.insurance.factories import PolicyCoverFactory, PolicyFactory, RequirementFactory

TODAY = dt.date(2026, 11, 22)
YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
FACTS = AssetFacts(
    *(1, AssetCategory.VEHICLE, 1, dt.date(2025, 12, 10), dt.date(2028, 11, 10)),
    *(Decimal(100_000), Decimal(23), "PLN"),
)


def part(first=YEAR[0], last=YEAR[1], *, pk=1, risk=Risk.OC, **changes):
    fields = {
        "pk": pk,
        "asset_id": 1,
        "insurer_id": 1,
        "placement": Placement.OWN,
        "valid_from": first,
        "valid_to": last,
        "terminated_on": None,
        "verification": Verification.VERIFIED,
        "replaced_by_id": None,
        "territory": Territory.EUROPE,
        "has_assignment": True,
        "currency": "PLN",
    }
    sums = {name: changes.pop(name) for name in ("sum_insured", "vat_basis") if name in changes}
    return Part(PolicyFacts(**(fields | changes)), risk, **sums)


def rule(**changes):
    fields = {
        "category": AssetCategory.VEHICLE,
        "contract_id": None,
        "risk": Risk.OC,
        "is_waived": False,
        "sum_pct": Decimal(0),
        "vat_basis": "",
        "territory": Territory.PL,
        "needs_assignment": False,
        "valid_from": dt.date(2020, 1, 1),
        "valid_to": None,
    }
    return Rule(**(fields | changes))


def cover(parts, rules=(), today=TODAY):
    policies = list({p.policy.pk: p.policy for p in parts}.values())
    return cover_of(FACTS, policies, parts, {r.risk: r for r in rules}, today=today)


# --- one asset ------------------------------------------------------------------------------
def test_required_risk_without_a_policy_is_missing():
    found = cover([], [rule()])

    assert found.attention == {Attention.MISSING}
    assert found.risks[Risk.OC].status == PolicyStatus.MISSING


@pytest.mark.parametrize("today", [dt.date(2025, 12, 9), dt.date(2028, 11, 11)])
def test_nothing_is_required_outside_the_lease(today):
    assert cover([], [rule()], today).attention == frozenset()


def test_end_within_30_days_needs_renewal_unless_a_checked_policy_follows():
    old = part(pk=1)
    new = part(dt.date(2027, 1, 1), dt.date(2027, 12, 31), pk=2)
    late = dt.date(2026, 12, 15)

    assert cover([old], [rule()], late).attention == {Attention.ENDING}
    assert cover([old, new], [rule()], late).attention == frozenset()
    assert cover([old], [rule()]).attention == frozenset()


def test_returned_policy_is_to_be_corrected_while_it_would_run():
    sent = part(dt.date(2027, 1, 1), dt.date(2027, 12, 31), verification=Verification.RETURNED)
    old = part(dt.date(2024, 1, 1), dt.date(2024, 12, 31), verification=Verification.RETURNED, pk=2)

    assert cover([sent]).returned == (sent.policy,)
    assert cover([old]).returned == ()


# --- paid twice -----------------------------------------------------------------------------
def test_two_checked_policies_on_the_same_days_are_double():
    old = part(pk=1)
    new = part(dt.date(2026, 12, 1), dt.date(2027, 11, 30), pk=2)

    (found,) = doubles([new, old], since=TODAY)

    assert (found.first, found.last) == (dt.date(2026, 12, 1), dt.date(2026, 12, 31))
    assert (found.old, found.new) == (old, new)
    assert doubles([new, old], since=dt.date(2027, 1, 1)) == []
    assert Attention.DOUBLE in cover([old, new]).attention


@pytest.mark.parametrize(
    "changes",
    [
        {"verification": Verification.TO_VERIFY},
        {"first": dt.date(2027, 1, 1), "last": dt.date(2027, 12, 31)},
    ],
)
def test_unchecked_or_adjacent_policy_is_no_double(changes):
    assert doubles([part(), part(pk=2, **changes)], since=TODAY) == []


def test_oc_that_renews_itself_beside_another_insurers_is_a_trap():
    old = part(pk=1)
    new = part(dt.date(2027, 1, 1), dt.date(2027, 12, 31), pk=2, insurer_id=2)

    (found,) = traps([old, new], today=TODAY)

    assert found.terminate_by == dt.date(2026, 12, 30)
    assert (found.old, found.new) == (old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"terminated_on": dt.date(2026, 12, 31)}, {}),
        ({"placement": Placement.LESSOR}, {}),
        ({"risk": Risk.AC}, {"risk": Risk.AC}),
        ({}, {"insurer_id": 1}),
        ({}, {"verification": Verification.RETURNED}),
    ],
)
def test_no_trap_without_a_second_oc_to_pay(old, new):
    parts = [
        part(pk=1, **old),
        part(dt.date(2027, 1, 1), dt.date(2027, 12, 31), pk=2, **({"insurer_id": 2} | new)),
    ]

    assert traps(parts, today=TODAY) == []


# --- short of what is required ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("pct", "basis", "expected"),
    [
        (0, "", None),
        (100, "", Decimal("100000.00")),
        (100, VatBasis.NET_HALF, Decimal("111500.00")),
        (80, VatBasis.GROSS, Decimal("98400.00")),
    ],
)
def test_required_sum_follows_price_share_and_vat(pct, basis, expected):
    asked = rule(sum_pct=Decimal(pct), vat_basis=basis)

    found = asked.least_sum(net_price=Decimal(100_000), vat_pct=Decimal(23))

    assert found == expected


@pytest.mark.parametrize(
    ("has", "wants", "expected"),
    [
        ({"sum_insured": Decimal(100_000)}, {"sum_pct": Decimal(100)}, ()),
        ({"sum_insured": Decimal("99999.99")}, {"sum_pct": Decimal(100)}, (Defect.SUM,)),
        ({"sum_insured": None}, {"sum_pct": Decimal(100)}, ()),
        ({"sum_insured": Decimal(1), "currency": "EUR"}, {"sum_pct": Decimal(100)}, ()),
        ({"vat_basis": VatBasis.NET}, {"vat_basis": VatBasis.GROSS}, (Defect.VAT,)),
        ({"vat_basis": VatBasis.GROSS}, {"vat_basis": VatBasis.NET_HALF}, ()),
        ({"territory": Territory.PL}, {"territory": Territory.EUROPE}, (Defect.TERRITORY,)),
        ({"territory": Territory.WORLD}, {"territory": Territory.EUROPE}, ()),
        ({"has_assignment": False}, {"needs_assignment": True}, (Defect.ASSIGNMENT,)),
    ],
)
def test_policy_that_falls_short(has, wants, expected):
    assert defects(part(**has), rule(**wants), FACTS) == expected


def test_one_good_policy_is_enough():
    good, poor = part(pk=1), part(pk=2, has_assignment=False)

    found = cover([good, poor], [rule(needs_assignment=True)])

    assert found.risks[Risk.OC].defects == ()


# --- over time ------------------------------------------------------------------------------
def test_timeline_shows_gaps_doubles_and_what_is_to_come():
    parts = [
        part(dt.date(2026, 1, 1), dt.date(2026, 6, 30), pk=1),
        part(dt.date(2026, 7, 11), dt.date(2026, 12, 31), pk=2),
        part(dt.date(2026, 12, 1), dt.date(2027, 2, 28), pk=3),
    ]
    windows = [Window(dt.date(2025, 12, 10), dt.date(2028, 11, 10), rule())]

    found = timeline(
        parts, windows, first=dt.date(2025, 12, 1), last=dt.date(2027, 11, 22), today=TODAY
    )

    assert [(s.first.isoformat(), s.last.isoformat(), s.state, len(s.parts)) for s in found] == [
        ("2025-12-01", "2025-12-09", State.NONE, 0),
        ("2025-12-10", "2025-12-31", State.GAP, 0),
        ("2026-01-01", "2026-06-30", State.COVERED, 1),
        ("2026-07-01", "2026-07-10", State.GAP, 0),
        ("2026-07-11", "2026-11-30", State.COVERED, 1),
        ("2026-12-01", "2026-12-31", State.DOUBLE, 2),
        ("2027-01-01", "2027-02-28", State.COVERED, 1),
        ("2027-03-01", "2027-11-22", State.OPEN, 0),
    ]
    assert [stretch.days for stretch in gaps(found)] == [22, 10, 267]
    assert sum(stretch.days for stretch in found) == 722


def test_lapsed_cover_is_a_gap_until_today_and_open_after():
    windows = [Window(dt.date(2026, 1, 1), dt.date(2028, 11, 10), rule())]

    found = timeline(
        [part(dt.date(2026, 1, 1), dt.date(2026, 10, 31))],
        windows,
        first=dt.date(2026, 1, 1),
        last=dt.date(2026, 12, 31),
        today=TODAY,
    )

    assert [(s.state, s.last) for s in found[1:]] == [
        (State.GAP, TODAY),
        (State.OPEN, dt.date(2026, 12, 31)),
    ]


def test_timeline_needs_days():
    with pytest.raises(ValueError, match="needs a day"):
        timeline([], [], first=TODAY, last=TODAY - dt.timedelta(days=1), today=TODAY)


@pytest.mark.parametrize(
    ("status", "handover_on", "end_on", "expected"),
    [
        ("active", dt.date(2026, 1, 5), dt.date(2028, 1, 5), ("2026-01-05", "2028-01-05")),
        ("active", None, dt.date(2028, 1, 5), ("2026-01-01", "2028-01-05")),
        ("signed", None, dt.date(2028, 1, 5), ("2026-01-01", "2025-12-31")),
        ("awaiting_handover", None, dt.date(2028, 1, 5), ("2026-01-01", "2025-12-31")),
        ("ended_buyout_pending", None, dt.date(2026, 11, 1), ("2026-01-01", "2026-11-22")),
        ("early_ended", None, dt.date(2028, 1, 5), ("2026-01-01", "2026-11-21")),
    ],
)
def test_days_on_which_a_lease_needs_its_asset_insured(status, handover_on, end_on, expected):
    found = needed_days(
        status=status,
        signed_on=dt.date(2026, 1, 1),
        handover_on=handover_on,
        end_on=end_on,
        today=TODAY,
    )

    assert tuple(day.isoformat() for day in found) == expected


# --- from the database ----------------------------------------------------------------------
@pytest.mark.django_db
def test_policies_of_the_previous_lessee_do_not_count():
    asset = f.AssetFactory()
    RequirementFactory(risk=Risk.OC)
    policy = PolicyFactory(asset=asset, risks=[Risk.OC])
    rows = insured_assets().filter(pk=asset.pk)
    assert load(rows, today=TODAY).cover(asset.pk, today=TODAY).attention == frozenset()

    Policy.objects.filter(pk=policy.pk).update(company=f.CompanyFactory())

    assert load(rows, today=TODAY).cover(asset.pk, today=TODAY).attention == {Attention.MISSING}
    rules = rulebook(rows.values("contract_id"))
    assert doubtful(rows, rules=rules, today=TODAY).count() == 1


def _fleet():
    """Assets of every kind that tells the doubtful from the certain; those that need nobody."""
    company = f.CompanyFactory()
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    RequirementFactory(
        risk=Risk.AC,
        vat_basis=VatBasis.NET_HALF,
        territory=Territory.EUROPE,
        needs_assignment=True,
    )

    def asset(**contract):
        return f.AssetFactory(contract=f.ContractFactory(company=company, **contract))

    def insured(row, *, ac=None, **changes):
        fields = {"valid_to": dt.date(2027, 3, 1), "territory": Territory.WORLD} | changes
        policy = PolicyFactory(asset=row, **fields)
        PolicyCoverFactory(policy=policy, risk=Risk.OC, sum_insured=None, vat_basis="")
        ac = {"sum_insured": Decimal(111_500), "vat_basis": VatBasis.GROSS} | (ac or {})
        PolicyCoverFactory(policy=policy, risk=Risk.AC, **ac)
        return policy

    calm = [asset() for _n in range(2)]
    for row in calm:
        insured(row)
    waived = asset()
    for risk in (Risk.OC, Risk.AC):
        RequirementFactory(contract=waived.contract, risk=risk, is_waived=True)
    asset(status=ContractStatus.CLOSED)
    wrong = {name: asset() for name in ("none", "ends", "short", "where", "cession", "back", "two")}
    insured(wrong["ends"], valid_to=TODAY + dt.timedelta(days=30))
    insured(wrong["short"], ac={"sum_insured": Decimal("111499.99")})
    insured(wrong["where"], territory=Territory.PL)
    insured(wrong["cession"], has_assignment=False)
    insured(wrong["back"])
    PolicyFactory(
        asset=wrong["back"],
        verification=Verification.RETURNED,
        valid_from=dt.date(2027, 3, 2),
        valid_to=dt.date(2028, 3, 1),
    )
    insured(wrong["two"])
    insured(wrong["two"], valid_from=dt.date(2026, 11, 1), placement=Placement.OWN)
    return wrong


@pytest.mark.django_db
def test_doubtful_assets_hold_every_one_that_needs_somebody():
    wrong = _fleet()
    rows = insured_assets().on_lease()
    all_covers = load(rows, today=TODAY).covers(today=TODAY)
    expected = {pk for pk, found in all_covers.items() if found.attention}

    stands = standing(rows, today=TODAY)

    assert expected == {row.pk for row in wrong.values()}
    assert set(stands.wrong) == expected
    assert stands.total == len(wrong) + 3
    assert {pk: set(found.attention) for pk, found in stands.wrong.items()} == {
        wrong["none"].pk: {Attention.MISSING},
        wrong["ends"].pk: {Attention.ENDING},
        wrong["short"].pk: {Attention.FIX},
        wrong["where"].pk: {Attention.FIX},
        wrong["cession"].pk: {Attention.FIX},
        wrong["back"].pk: {Attention.FIX},
        wrong["two"].pk: {Attention.DOUBLE},
    }
    # The certain ones were not even read, but for the one with rules of its own.
    rules = rulebook(rows.values("contract_id"))
    assert doubtful(rows, rules=rules, today=TODAY).count() == len(wrong) + 1


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_load_takes_four_queries(count, django_assert_num_queries):
    for _n in range(count):
        PolicyFactory(risks=[Risk.OC, Risk.AC])

    with django_assert_num_queries(4):
        found = load(insured_assets(), today=TODAY).covers(today=TODAY)

    assert len(found) == count


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"valid_to": dt.date(2026, 12, 22)},
        {"valid_to": dt.date(2026, 12, 23)},
        {"valid_to": TODAY},
        {"valid_to": dt.date(2026, 11, 21)},
        {"valid_from": dt.date(2026, 11, 23)},
        {"terminated_on": dt.date(2026, 11, 21)},
        {"terminated_on": TODAY},
        {"terminated_on": dt.date(2026, 12, 31)},
        {"valid_from": dt.date(2026, 12, 1), "terminated_on": dt.date(2026, 11, 25)},
        *({"verification": verification} for verification in Verification),
        {"verification": "returned", "terminated_on": dt.date(2026, 11, 1)},
    ],
)
@pytest.mark.parametrize("replaced", [False, True])
def test_status_by_the_database_is_that_of_the_rule(changes, replaced):
    policy = PolicyFactory(**changes)
    if replaced:
        policy.replaced_by = PolicyFactory(asset=policy.asset)
        policy.save()

    row = with_status(Policy.objects.filter(pk=policy.pk), today=TODAY).get()

    assert getattr(row, "status_now") == policy_status(policy, today=TODAY)  # noqa: B009 -- annotated

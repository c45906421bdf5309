"""What the pages call missing is what a lapse is opened for, one day later."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.enums import AssetCategory, ContractStatus
from insurance import lapses
from insurance.enums import PolicyStatus, Risk, Verification
from insurance.loading import insured_assets, load
from tests import factories as f
from tests.insurance.factories import PolicyFactory, RequirementFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 31)
MID = dt.date(2026, 3, 15)
YEAR = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 12, 31)}
OC = {"risks": [Risk.OC]}


def contract_with(asset, **changes):
    for name, value in changes.items():
        setattr(asset.contract, name, value)
    asset.contract.save()


def policy(asset, **changes):
    PolicyFactory(asset=asset, **{**YEAR, **OC, **changes})


def ceded(asset):
    """The policy stays with the lessee before."""
    policy(asset)
    contract_with(asset, company=f.CompanyFactory())


def over(asset, status):
    contract_with(asset, status=status, end_on=MID)


CASES = {
    "nothing": lambda asset: None,
    "covered": policy,
    "ends": lambda asset: policy(asset, valid_to=MID),
    "begins": lambda asset: policy(asset, valid_from=MID),
    "gap of a day": lambda asset: (
        policy(asset, valid_to=MID),
        policy(asset, valid_from=MID + 2 * DAY),
    ),
    "gap of two days": lambda asset: (
        policy(asset, valid_to=MID),
        policy(asset, valid_from=MID + 3 * DAY),
    ),
    "terminated": lambda asset: policy(asset, terminated_on=MID),
    "terminated before it began": lambda asset: policy(
        asset, valid_from=MID, terminated_on=MID - DAY
    ),
    "not checked": lambda asset: policy(asset, verification=Verification.TO_VERIFY),
    "returned": lambda asset: policy(asset, verification=Verification.RETURNED),
    "withdrawn": lambda asset: policy(asset, verification=Verification.WITHDRAWN),
    "another risk": lambda asset: policy(asset, risks=[Risk.AC]),
    "waived": lambda asset: RequirementFactory(
        contract=asset.contract, risk=Risk.OC, is_waived=True
    ),
    "waived until": lambda asset: RequirementFactory(
        contract=asset.contract, risk=Risk.GAP, is_waived=True, valid_to=MID
    ),
    "asked of this contract": lambda asset: RequirementFactory(
        contract=asset.contract, risk=Risk.GAP
    ),
    "of another kind": lambda asset: RequirementFactory(
        risk=Risk.MACHINERY, category=AssetCategory.MACHINE
    ),
    "not handed over": lambda asset: contract_with(
        asset, handover_on=None, status=ContractStatus.AWAITING_HANDOVER
    ),
    "signed": lambda asset: contract_with(asset, handover_on=None, status=ContractStatus.SIGNED),
    "handover not written down": lambda asset: contract_with(asset, handover_on=None),
    "handed over in the middle": lambda asset: contract_with(asset, handover_on=MID),
    "ceded": ceded,
    "ceded away": lambda asset: contract_with(asset, status=ContractStatus.CEDED),
    "closed": lambda asset: over(asset, ContractStatus.CLOSED),
    "waits for the buyout": lambda asset: over(asset, ContractStatus.ENDED_BUYOUT_PENDING),
}


def missing(on):
    rows = insured_assets()
    return {
        (pk, risk)
        for pk, cover in load(rows, today=on).covers(today=on).items()
        for risk, found in cover.risks.items()
        if found.status == PolicyStatus.MISSING
    }


@pytest.mark.parametrize("case", CASES)
def test_a_lapse_is_what_the_pages_call_missing_for_the_second_day(case):
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    CASES[case](f.AssetFactory())

    for n in range((LAST - FIRST).days + 1):
        on = FIRST + n * DAY
        found = {(row.asset_id, row.risk) for row in lapses.uncovered(on)}
        assert found == missing(on) & missing(on - DAY), on


def test_a_policy_of_the_lessee_before_closes_no_lapse():
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    asset = f.AssetFactory()
    at = dt.datetime(2026, 3, 15, 6, tzinfo=dt.UTC)
    lapses.look_after_cover(on=MID, at=at)

    policy(asset, company=f.CompanyFactory())
    assert lapses.close_covered(on=MID, at=at) == 0

    policy(asset)
    assert lapses.close_covered(on=MID, at=at) == 1

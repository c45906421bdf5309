"""What is required: by category and day, replaced or lifted for a contract."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.enums import AssetCategory
from insurance.enums import Risk
from insurance.requirements import Window, rulebook
from tests import factories as f
from tests.insurance.factories import RequirementFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 22)


def required(contract, day=DAY, category=AssetCategory.VEHICLE):
    rules = rulebook([contract.pk])
    return rules.on(day, category=category, contract_id=contract.pk)


def test_general_rows_hold_for_their_category():
    contract = f.ContractFactory()
    RequirementFactory(risk=Risk.OC)
    RequirementFactory(risk=Risk.AC)
    RequirementFactory(risk=Risk.MACHINERY, category=AssetCategory.MACHINE)

    assert set(required(contract)) == {Risk.OC, Risk.AC}
    assert set(required(contract, category=AssetCategory.MACHINE)) == {Risk.MACHINERY}
    assert required(contract, category=AssetCategory.OTHER) == {}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2025, 12, 31), False),
        (dt.date(2026, 1, 1), True),
        (dt.date(2026, 12, 31), True),
        (dt.date(2027, 1, 1), False),
    ],
)
def test_rows_hold_on_both_of_their_days(day, expected):
    contract = f.ContractFactory()
    RequirementFactory(valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 12, 31))

    assert (Risk.AC in required(contract, day)) is expected


def test_later_general_row_replaces_the_earlier():
    contract = f.ContractFactory()
    RequirementFactory(sum_pct=Decimal(100))
    RequirementFactory(sum_pct=Decimal(80), valid_from=dt.date(2026, 6, 1))

    assert required(contract)[Risk.AC].sum_pct == Decimal(80)
    assert required(contract, dt.date(2026, 5, 31))[Risk.AC].sum_pct == Decimal(100)


def test_row_of_a_contract_replaces_the_general_one_there_alone():
    ours, theirs = f.ContractFactory(), f.ContractFactory()
    RequirementFactory(needs_assignment=True)
    RequirementFactory(contract=ours, needs_assignment=False)
    RequirementFactory(contract=ours, risk=Risk.GAP)

    assert set(required(ours)) == {Risk.AC, Risk.GAP}
    assert required(ours)[Risk.AC].needs_assignment is False
    assert set(required(theirs)) == {Risk.AC}
    assert required(theirs)[Risk.AC].needs_assignment is True


def test_waiver_lifts_a_risk_for_its_days():
    contract = f.ContractFactory()
    RequirementFactory()
    RequirementFactory(
        contract=contract,
        is_waived=True,
        valid_from=dt.date(2026, 3, 1),
        valid_to=dt.date(2026, 11, 21),
    )

    assert Risk.AC not in required(contract, dt.date(2026, 11, 21))
    assert Risk.AC in required(contract)


def test_windows_are_cut_by_a_waiver():
    contract = f.ContractFactory()
    RequirementFactory()
    RequirementFactory(
        contract=contract,
        is_waived=True,
        valid_from=dt.date(2026, 3, 1),
        valid_to=dt.date(2026, 3, 31),
    )
    rules = rulebook([contract.pk])

    found = rules.windows(
        category=AssetCategory.VEHICLE,
        contract_id=contract.pk,
        first=dt.date(2026, 1, 1),
        last=dt.date(2026, 12, 31),
    )

    rule = found[Risk.AC][0].rule
    assert found == {
        Risk.AC: [
            Window(dt.date(2026, 1, 1), dt.date(2026, 2, 28), rule),
            Window(dt.date(2026, 4, 1), dt.date(2026, 12, 31), rule),
        ]
    }
    kwargs = {"category": AssetCategory.VEHICLE, "contract_id": contract.pk}
    assert rules.windows(first=DAY, last=DAY - dt.timedelta(days=1), **kwargs) == {}


@pytest.mark.parametrize("count", [1, 3])
def test_one_query_for_any_number_of_contracts(count, django_assert_num_queries):
    contracts = f.ContractFactory.create_batch(count)
    for contract in contracts:
        RequirementFactory(contract=contract)

    with django_assert_num_queries(1):
        rules = rulebook([contract.pk for contract in contracts])
    with django_assert_num_queries(0):
        assert all(
            rules.on(DAY, category=AssetCategory.VEHICLE, contract_id=contract.pk)
            for contract in contracts
        )

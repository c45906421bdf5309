"""Rows of insurance for `tests.world`: each text carries the company's mark."""

from __future__ import annotations

import datetime as dt
from typing import Any

from contracts.models import Asset
from eboks import clock
from insurance.enums import Placement, Risk
from tests.insurance.factories import PolicyFactory


def policy_rows(mark: str, asset: Asset) -> dict[str, Any]:
    """A checked policy of the client that runs today."""
    today = clock.today()
    policy = PolicyFactory(
        asset=asset,
        number=f"POL/{mark}/1",
        placement=Placement.OWN,
        policyholder=f"Ubezpieczający {mark}",
        insured=f"Ubezpieczony {mark}",
        valid_from=today - dt.timedelta(days=100),
        valid_to=today + dt.timedelta(days=264),
        risks=[Risk.OC, Risk.AC],
    )
    return {"policy": policy}

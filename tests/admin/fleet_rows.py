"""Records of a vehicle for the back office's tests."""

from __future__ import annotations

from typing import Any

from tests.fleet import factories as fleet


def make_fleet_rows(membership: Any, contract: Any, n: int) -> None:
    """Something of every kind that can happen to the contract's vehicle."""
    own = {"asset": contract.assets.order_by("pk")[0]}
    fleet.ServiceVisitFactory(**own)
    fleet.DamageFactory(**own)
    fleet.FuelTransactionFactory(**own, card=f"…{n:04d}")
    fleet.TyreSetFactory(**own)
    fleet.MileageReadingFactory(**own, author=membership.user)
    fleet.ReplacementCarFactory(**own)
    fleet.TollFactory(**own)
    fleet.MileageTermsFactory(**own)

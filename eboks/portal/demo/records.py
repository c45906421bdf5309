"""Policies, claims and records of vehicles beside the drawn contracts of a portfolio.

Everything in a small portfolio. In a large one the first client, which is a fleet, and one
contract in twenty of the others, with fewer months of records, so that it stays quick to make.
"""
# ruff: noqa: S311 -- made-up data, nothing secret

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random
from typing import Any

from eboks.portal.demo.contracts import MadeContract
from eboks.portal.demo.policies import insurer_rows, make_claims, make_policies
from eboks.portal.demo.vehicle_life import VehicleLife

_FLEET = 1  # number of the client whose vehicles all have CFM
_ONE_IN = 20
_MONTHS, _FEWER_MONTHS = 12, 4


class RecordMaker:
    """Writes what belongs to one contract after another. `write` is that of a `FeedSet`."""

    def __init__(
        self,
        write: Callable[[str, dt.date, tuple[Any, ...]], None],
        seed: int,
        on: dt.date,
        *,
        is_large: bool,
    ) -> None:
        self._write = write
        self._seed = seed
        self._on = on
        self._is_large = is_large
        for kind, _, row in insurer_rows():
            write(kind, on, row)

    def write(self, made: MadeContract, asset: tuple[Any, ...]) -> None:
        """Draws nothing from the randomness of the contract itself."""
        is_fleet = made.client.number == _FLEET
        if self._is_large and not is_fleet and made.place % _ONE_IN:
            return
        random = Random(f"{self._seed}/records/{made.place}")
        policies = make_policies(random, made, str(asset[0]), self._on)
        claims = make_claims(random, policies, self._on, often=0.35 if is_fleet else 0.12)
        for policy in policies:
            for kind, day, row in policy.rows(self._on):
                self._write(kind, day, row)
        for claim in claims:
            self._write(*claim.row(self._on))
        if is_fleet or random.random() < 0.15 or self._is_large:
            months = _FEWER_MONTHS if self._is_large else _MONTHS
            life = VehicleLife(random, made, asset, self._on, months=months)
            for kind, day, row in life.rows(claims):
                self._write(kind, day, row)

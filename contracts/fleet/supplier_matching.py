"""Whose row it is: by the plate and the day, the vehicle and the company that leased it then."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext as _

from contracts.enums import LIVE_STATUSES, AssetCategory, ContractStatus
from contracts.fleet.supplier_values import bare_plate
from contracts.models import Asset, LesseePeriod

_CHUNK = 2_000


class Owner(NamedTuple):
    """Keys of the vehicle and of its lessee on the day."""

    asset: int
    company: int


class _Leased(NamedTuple):
    asset: int
    contract: int
    company: int
    first: dt.date
    last: dt.date | None  # None: the contract still runs


class _Period(NamedTuple):
    first: dt.date
    last: dt.date | None  # the day when it is no longer theirs
    company: int


class Fleet:
    """All vehicles with a plate, loaded by two queries: a file names thousands of them."""

    def __init__(self) -> None:
        self._leased: dict[str, list[_Leased]] = {}
        rows = (
            Asset.objects.filter(category=AssetCategory.VEHICLE)
            .exclude(plate="")
            .exclude(contract__status=ContractStatus.DRAFT)
            .values_list(
                *("plate", "pk", "contract_id", "contract__company_id"),
                *("contract__signed_on", "contract__end_on", "contract__status"),
            )
        )
        for plate, asset, contract, company, first, end_on, status in rows.iterator(_CHUNK):
            last = None if status in LIVE_STATUSES else end_on
            leased = _Leased(asset, contract, company, first, last)
            self._leased.setdefault(bare_plate(plate), []).append(leased)
        self._periods: dict[int, list[_Period]] = {}
        periods = LesseePeriod.objects.order_by("from_on", "pk").values_list(
            "contract_id", "from_on", "to_on", "company_id"
        )
        for contract, from_on, to_on, company in periods.iterator(_CHUNK):
            self._periods.setdefault(contract, []).append(_Period(from_on, to_on, company))

    def owner(self, plate: str, day: dt.date) -> Owner:
        """Raises ValueError with a text for people when there is none, or more than one."""
        known = self._leased.get(plate)
        if known is None:
            raise ValueError(_("Nie ma pojazdu o takim numerze rejestracyjnym."))
        found = [
            Owner(one.asset, company)
            for one in known
            if one.first <= day
            and (one.last is None or day <= one.last)
            and (company := self._lessee(one, day)) is not None
        ]
        if not found:
            raise ValueError(_("W tym dniu pojazd nie był w leasingu."))
        if len(found) > 1:
            raise ValueError(_("Ten numer rejestracyjny miały w tym dniu dwa pojazdy."))
        return found[0]

    def _lessee(self, leased: _Leased, day: dt.date) -> int | None:
        """As `contracts.lessees.lessee_at` says, without asking the database for every row."""
        periods = self._periods.get(leased.contract)
        if periods is None:
            return leased.company
        then = [
            period
            for period in periods
            if period.first <= day and (period.last is None or day < period.last)
        ]
        return then[-1].company if then else None

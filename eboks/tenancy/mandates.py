"""What a person may do for a company and within what limits, as it is typed, stored and shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role
from eboks.ui.words import short_date

MOST_NAMED = 500  # contracts or vehicles that a limit may name
_SEPARATORS = re.compile(r"[\n\r,;]+")


@dataclass(frozen=True, slots=True)
class Mandate:
    """Role, limits and time. `contracts` and `assets` are ids of the company's own rows."""

    role: Role
    is_limited: bool = False
    contracts: tuple[int, ...] = ()
    assets: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()  # how the limits read: contract numbers, or plates
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "role": self.role.value,
            "is_limited": self.is_limited,
            "contracts": list(self.contracts),
            "assets": list(self.assets),
            "labels": list(self.labels),
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Mandate:
        days = [data[name] and dt.date.fromisoformat(data[name]) for name in _DAYS]
        return cls(
            role=Role(data["role"]),
            is_limited=data["is_limited"],
            contracts=tuple(data["contracts"]),
            assets=tuple(data["assets"]),
            labels=tuple(data["labels"]),
            valid_from=days[0],
            valid_to=days[1],
        )

    @classmethod
    def of(cls, membership: Membership) -> Mandate:
        """What `membership` allows now. At most one query."""
        rows: Iterable[Any] = ()
        driver = membership.role == Role.DRIVER
        if driver:
            rows = membership.assigned_assets.order_by("pk").select_related("asset__contract")
        elif membership.is_limited:
            rows = membership.allowed_contracts.order_by("pk").select_related("contract")
        rows = list(rows)
        return cls(
            role=Role(membership.role),
            is_limited=membership.is_limited,
            contracts=() if driver else tuple(row.contract_id for row in rows),
            assets=tuple(row.asset_id for row in rows) if driver else (),
            labels=tuple(_label(row.asset) if driver else row.contract.number for row in rows),
            valid_from=membership.valid_from,
            valid_to=membership.valid_to,
        )


_DAYS = ("valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Named:
    """What of a typed list was found among the company's contracts and vehicles."""

    contracts: tuple[int, ...]
    assets: tuple[int, ...]
    contract_labels: tuple[str, ...]
    asset_labels: tuple[str, ...]
    unknown: tuple[str, ...]


def find_named(*, company: Company, text: str) -> Named:
    """Contracts and vehicles of `company` named in `text`, one a line (or after a comma).

    By contract number, plate, VIN or serial number, however spaced. One query. Other companies'
    numbers are as unknown as invented ones.
    """
    typed = dict.fromkeys(part.strip() for part in _SEPARATORS.split(text) if part.strip())
    wanted = {_compact(part): part for part in list(typed)[: MOST_NAMED + 1]}
    keys = {*wanted, *(part.upper() for part in wanted.values())}
    found = (
        company.contracts.filter(
            Q(number__in=keys)
            | Q(assets__plate__in=keys)
            | Q(assets__vin__in=keys)
            | Q(assets__serial_number__in=keys)
        )
        .order_by("number", "assets__pk")
        .values_list("pk", "number", *(f"assets__{name}" for name in _ASSET))
    )
    contracts: dict[int, str] = {}
    assets: dict[int, str] = {}
    known: set[str] = set()
    for pk, number, asset, plate, vin, serial in found:
        marks = {_compact(mark) for mark in (number, plate, vin, serial) if mark}
        known |= marks & wanted.keys()
        contracts[pk] = number
        if asset is not None:
            assets[asset] = plate or vin or serial or number
    return Named(
        contracts=tuple(contracts),
        assets=tuple(assets),
        contract_labels=tuple(contracts.values()),
        asset_labels=tuple(assets.values()),
        unknown=tuple(part for key, part in wanted.items() if key not in known),
    )


_ASSET = ("pk", "plate", "vin", "serial_number")


def _compact(text: str) -> str:
    return text.replace(" ", "").upper()


def _label(asset: Any) -> str:
    """A vehicle as a person writes it: its plate, or what it has instead."""
    return str(asset.sign or asset.contract.number)


def scope_text(mandate: Mandate) -> str:
    """„wszystkie umowy”, „2 wybrane umowy”, „1 pojazd”."""
    if mandate.role == Role.DRIVER:
        count = len(mandate.assets)
        return ngettext("%(n)d pojazd", "%(n)d pojazdy", count) % {"n": count}
    if not mandate.is_limited:
        return _("wszystkie umowy")
    count = len(mandate.contracts)
    return ngettext("%(n)d wybrana umowa", "%(n)d wybrane umowy", count) % {"n": count}


def validity_text(mandate: Mandate) -> str:
    since, until = mandate.valid_from, mandate.valid_to
    if since and until:
        return _("od %(since)s do %(until)s") % {
            "since": short_date(since),
            "until": short_date(until),
        }
    if since:
        return _("od %s") % short_date(since)
    return _("do %s") % short_date(until) if until else _("bezterminowo")


def label_lines(labels: Sequence[str], *, longest: int = 240) -> list[str]:
    """`labels` as lines of at most `longest` characters: all of them, none cut."""
    lines: list[str] = []
    for label in labels:
        if lines and len(lines[-1]) + len(label) + 2 <= longest:
            lines[-1] += f", {label}"
        else:
            lines.append(label)
    return lines

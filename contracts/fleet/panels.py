"""What the fleet adds to the page of a vehicle. Drivers see what is due, never what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.enums import AssetCategory
from contracts.fleet.lists import LISTS
from contracts.fleet.mileage import last_reading, standing
from contracts.fleet.mileage_entry import can_withdraw
from contracts.fleet.models import MileageTerms, ReplacementCar, ServiceVisit, TyreSet
from contracts.models import Asset
from contracts.vehicle_panels import Panel, add_panel
from eboks import clock
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in
from eboks.tenancy.rights import Right
from eboks.ui.words import days_hint, number

_EVENTS = 5


def register() -> None:
    """Called once, when the app is ready. Damage (10), policy (20) and papers (40) come from rooms
    above."""
    add_panel("fleet_service", order=30, build=service)
    add_panel("fleet_mileage", order=50, build=mileage)
    add_panel("fleet_equipment", order=60, build=equipment)
    add_panel("fleet_events", order=70, build=events)


def _sees_fleet(request: PortalRequest, asset: Asset) -> bool:
    return has_right_in(request, asset.contract.company_id, Right.VIEW_FLEET)


def _has_odometer(asset: Asset) -> bool:
    """Machines count hours, which are not kept here."""
    return asset.category == AssetCategory.VEHICLE


# --- service --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Due:
    """When a kind of visit is due: by km, by day, or both; `left` says how far that is."""

    kind: str
    km: int | None
    on: dt.date | None
    left: str
    is_overdue: bool
    done_on: dt.date


def due_visits(visits: Iterable[ServiceVisit], *, km: int | None, today: dt.date) -> list[Due]:
    """What the latest visit of each kind says of the next one, what is due first on top.

    `km` is what the odometer shows; None when nobody knows. Overdue: the day has passed, or the
    kilometres are used up.
    """
    latest: dict[str, ServiceVisit] = {}
    for visit in sorted(visits, key=lambda visit: (visit.on, visit.pk)):
        latest[visit.kind] = visit
    found = []
    for visit in latest.values():
        if visit.next_due_km is None and visit.next_due_on is None:
            continue
        km_left = None if visit.next_due_km is None or km is None else visit.next_due_km - km
        days_left = None if visit.next_due_on is None else (visit.next_due_on - today).days
        found.append(
            Due(
                kind=visit.get_kind_display(),
                km=visit.next_due_km,
                on=visit.next_due_on,
                left=_left(km_left, visit.next_due_on, today),
                is_overdue=(km_left is not None and km_left < 0)
                or (days_left is not None and days_left < 0),
                done_on=visit.on,
            )
        )
    return sorted(found, key=lambda due: (not due.is_overdue, due.on or dt.date.max, due.kind))


def _left(km_left: int | None, day: dt.date | None, today: dt.date) -> str:
    """`za 1 200 km / za 12 dni`, `300 km temu`."""
    said = []
    if km_left is not None and km_left >= 0:
        said.append(_("za %s km") % number(km_left))
    elif km_left is not None:
        said.append(_("%s km temu") % number(-km_left))
    if day is not None:
        said.append(days_hint(day, today))
    return " / ".join(said)


def service(request: PortalRequest, asset: Asset) -> Panel | None:
    """„Serwis i przeglądy”: for drivers, too, without costs."""
    if not _has_odometer(asset):
        return None
    visits = ServiceVisit.of_vehicles.for_user(request.user).filter(
        asset=asset, company=asset.contract.company_id
    )
    reading = last_reading(asset)
    due = due_visits(
        visits.defer("net", "covered_by", "items"),
        km=reading.km if reading else asset.mileage_km,
        today=clock.today(timezone.now()),
    )
    sees_fleet = _sees_fleet(request, asset)
    if not due and not sees_fleet:
        return None
    href = _list_address("service", asset) if sees_fleet else ""
    return Panel("contracts/fleet/_service.html", {"due": due, "href": href})


# --- mileage --------------------------------------------------------------------------------
def mileage(request: PortalRequest, asset: Asset) -> Panel | None:
    """„Przebieg”: the last reading, and where it stands against the limit. What it will cost is for
    those who look after the fleet."""
    if not _has_odometer(asset):
        return None
    at = timezone.now()
    reading = last_reading(asset)
    now = None
    terms = MileageTerms.objects.for_user(request.user).filter(asset=asset).first()
    sees_fleet = _sees_fleet(request, asset)
    may_enter = has_right_in(request, asset.contract.company_id, Right.ENTER_MILEAGE)
    if reading is None and terms is None and not (may_enter or sees_fleet):
        return None
    if terms and reading:
        now = standing(terms=terms, km=reading.km, on=reading.on)
    return Panel(
        "contracts/fleet/_mileage.html",
        {
            "reading": reading,
            "terms": terms,
            "standing": now,
            # Its sign is in the words beside it.
            "charge": abs(now.expected_charge) if now and now.expected_charge is not None else None,
            "sees_fleet": sees_fleet,
            "may_enter": may_enter,
            "may_withdraw": reading is not None
            and may_enter
            and can_withdraw(reading, actor=request.user, at=at),
            "csrf_token": get_token(request),
            "href": _list_address("mileage", asset) if sees_fleet else "",
        },
    )


# --- tyres, replacement car -----------------------------------------------------------------
def equipment(request: PortalRequest, asset: Asset) -> Panel | None:
    """The tyres that are mounted now, and the car that is used instead."""
    if not _sees_fleet(request, asset):
        return None
    today = clock.today(timezone.now())
    own = {"asset": asset, "company": asset.contract.company_id}
    tyres = TyreSet.objects.for_user(request.user).filter(
        **own, mounted_on__lte=today, removed_on=None
    )
    cars = ReplacementCar.objects.for_user(request.user).filter(**own, on__lte=today)
    mounted = tyres.order_by("-mounted_on", "-pk").first()
    used = [
        car for car in cars.order_by("-on", "-pk")[:_EVENTS] if not car.to_on or car.to_on >= today
    ]
    if mounted is None and not used:
        return None
    return Panel(
        "contracts/fleet/_equipment.html",
        {
            "tyres": mounted,
            "car": used[0] if used else None,
            "days": (today - used[0].on).days + 1 if used else 0,
        },
    )


# --- events ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Event:
    on: dt.date
    title: str
    text: str
    href: str


def events(request: PortalRequest, asset: Asset) -> Panel | None:
    """„Ostatnie zdarzenia”: the newest of all kinds, each leading to its list of this vehicle."""
    if not _sees_fleet(request, asset):
        return None
    found = []
    for name, wanted in LISTS.items():
        rows: Any = wanted.rows()
        rows = rows.for_user(request.user).filter(asset=asset, company=asset.contract.company_id)
        for row in rows.select_related(*wanted.related).order_by("-on", "-pk")[:_EVENTS]:
            state = next(c for c in wanted.columns if c.cell == "state")
            text = str(state.value(row))
            found.append(Event(row.on, str(wanted.tab), text, _list_address(name, asset)))
    found.sort(key=lambda event: event.on, reverse=True)
    return Panel("contracts/fleet/_events.html", {"events": found[:_EVENTS]}) if found else None


def _list_address(name: str, asset: Asset) -> str:
    """The list of that kind, narrowed to the vehicle."""
    return f"{reverse(f'fleet:{name}')}?q={asset.vin or asset.serial_number}"

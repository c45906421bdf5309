"""What of a vehicle needs somebody: the rules in one place, pure, and their words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from django.db import models
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contracts.fleet.enums import ServiceKind
from contracts.fleet.models import ServiceVisit, TyreSet
from contracts.models import Asset
from eboks.ui import words

SOON_DAYS = 30
SOON_KM = 1_500
OUTLIER_DAYS = 90
READING_DAYS = 60
LEAST_TREAD_MM = Decimal("1.6")  # Polish road traffic rules: the least that a tyre may have


class NeedKind(models.TextChoices):
    SERVICE = "service", gettext_lazy("przegląd okresowy")
    TECHNICAL = "technical", gettext_lazy("badanie techniczne")
    TYRES = "tyres", gettext_lazy("zużyte opony")
    MILEAGE = "mileage", gettext_lazy("ponad limit kilometrów")
    FUEL = "fuel", gettext_lazy("odstępstwa w tankowaniu")
    READING = "reading", gettext_lazy("brak odczytu licznika")


class Need(NamedTuple):
    """One thing to see to. `on` and `figure` are what its words speak of."""

    kind: str
    is_urgent: bool = False
    on: dt.date | None = None
    figure: int | None = None

    @property
    def text(self) -> str:
        """In words, for people."""
        return _WORDS[self.kind](self)


class Due(NamedTuple):
    """When a visit is due: by kilometres, by a day, or whichever comes first."""

    km: int | None
    on: dt.date | None


def due_need(kind: NeedKind, due: Due | None, *, km: int | None, on: dt.date) -> Need | None:
    """A visit that is overdue (urgent), or due within 30 days or 1 500 km. None when it is not."""
    if due is None:
        return None
    left_km = due.km - km if due.km is not None and km is not None else None
    if due.on is not None and due.on < on:
        return Need(kind, True, on=due.on)
    if left_km is not None and left_km <= 0:
        return Need(kind, True, figure=left_km)
    if due.on is not None and (due.on - on).days <= SOON_DAYS:
        return Need(kind, on=due.on)
    if left_km is not None and left_km <= SOON_KM:
        return Need(kind, figure=left_km)
    return None


def needs_of(
    *,
    on: dt.date,
    km: int | None,
    read_on: dt.date | None,
    due: dict[str, Due],
    forecast_over: int | None,
    outliers: int,
    tread_mm: Decimal | None,
) -> Iterator[Need]:
    """All that a vehicle needs on the day `on`, in the order of kinds."""
    for kind in (NeedKind.SERVICE, NeedKind.TECHNICAL):
        need = due_need(kind, due.get(kind), km=km, on=on)
        if need is not None:
            yield need
    if tread_mm is not None and tread_mm < LEAST_TREAD_MM:
        yield Need(NeedKind.TYRES, True, figure=int(tread_mm * 10))
    if forecast_over is not None and forecast_over > 0:
        yield Need(NeedKind.MILEAGE, figure=forecast_over)
    if outliers:
        yield Need(NeedKind.FUEL, figure=outliers)
    if read_on is None or (on - read_on).days >= READING_DAYS:
        yield Need(NeedKind.READING, on=read_on)


def visits_due(assets: QuerySet[Asset]) -> dict[int, dict[str, Due]]:
    """By vehicle: what its last periodic inspection and its last technical inspection said of the
    next one. One query."""
    kinds = {
        ServiceKind.INSPECTION: NeedKind.SERVICE,
        ServiceKind.TECHNICAL: NeedKind.TECHNICAL,
    }
    rows = (
        ServiceVisit.objects.filter(
            asset__in=assets.order_by().values("pk"),
            company=F("asset__contract__company"),
            kind__in=list(kinds),
        )
        .annotate(
            place=Window(
                RowNumber(),
                partition_by=[F("asset_id"), F("kind")],
                order_by=[F("on").desc(), F("pk").desc()],
            )
        )
        .filter(place=1)
        .order_by("asset_id", "kind")
    )
    found: dict[int, dict[str, Due]] = {}
    for pk, kind, km, on in rows.values_list("asset_id", "kind", "next_due_km", "next_due_on"):
        found.setdefault(pk, {})[kinds[ServiceKind(kind)]] = Due(km, on)
    return found


def treads(assets: QuerySet[Asset]) -> dict[int, Decimal]:
    """By vehicle: the tread of the most worn set that is mounted, in mm. One query."""
    rows = TyreSet.objects.filter(
        asset__in=assets.order_by().values("pk"),
        company=F("asset__contract__company"),
        mounted_on__isnull=False,
        removed_on__isnull=True,
        depth_mm__isnull=False,
    ).order_by("asset_id")
    found = rows.values_list("asset_id").annotate(tread=models.Min("depth_mm"))
    return dict(found)


# --- words ----------------------------------------------------------------------------------
def _visit(need: Need, name: str) -> str:
    if need.on is not None:
        text = _("%(what)s: termin minął %(day)s") if need.is_urgent else _("%(what)s do %(day)s")
        return text % {"what": name, "day": words.short_date(need.on)}
    km = words.number(abs(need.figure or 0))
    text = _("%(what)s: o %(km)s km za późno") if need.is_urgent else _("%(what)s za %(km)s km")
    return text % {"what": name, "km": km}


def _tyres(need: Need) -> str:
    tread = f"{Decimal(need.figure or 0) / 10:.1f}".replace(".", ",")
    return _("bieżnik %(tread)s mm, a musi mieć 1,6 mm") % {"tread": tread}


def _mileage(need: Need) -> str:
    km = words.number(need.figure or 0)
    return _("prognoza o %(km)s km ponad limit") % {"km": km}


def _fuel(need: Need) -> str:
    count = need.figure or 0
    return ngettext(
        "%(count)d tankowanie do wyjaśnienia", "%(count)d tankowania do wyjaśnienia", count
    ) % {"count": count}


def _reading(need: Need) -> str:
    if need.on is None:
        return _("brak odczytu licznika")
    return _("ostatni odczyt licznika %(day)s") % {"day": words.short_date(need.on)}


_WORDS: dict[str, Callable[[Need], str]] = {
    NeedKind.SERVICE: lambda need: _visit(need, _("przegląd")),
    NeedKind.TECHNICAL: lambda need: _visit(need, _("badanie techniczne")),
    NeedKind.TYRES: _tyres,
    NeedKind.MILEAGE: _mileage,
    NeedKind.FUEL: _fuel,
    NeedKind.READING: _reading,
}

"""What the AC policy in the portal says of a trip abroad."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks.ui.words import short_date
from insurance.enums import Territory
from insurance.territory import Reach, reach_of
from requests_app.models.countries import CountryGroup, CountryRule

_EAST = frozenset({"BY", "RU", "UA"})


def cover_of_trip(
    asset: Asset,
    codes: Iterable[str],
    rules: Mapping[str, CountryRule],
    *,
    first: dt.date,
    last: dt.date,
) -> Reach:
    """How far the AC of `asset` covers the widest of the countries `codes` on all days."""
    wanted = [_territory(code, rules.get(code)) for code in codes]
    order = list(Territory)
    widest = max(wanted, key=order.index, default=Territory.PL)
    return reach_of(asset, first=first, last=last, territory=widest)


def not_covered(reach: Reach) -> str:
    """The reason why a person must look; empty when the policy covers the trip or is not known."""
    if not reach.is_known or reach.covers_all:
        return ""
    return _("Polisa AC w portalu nie obejmuje tych krajów we wszystkich dniach wyjazdu.")


def said_of(reach: Reach) -> list[tuple[str, str]]:
    """(label, value) for whoever decides; nothing when the portal has no checked AC policy."""
    if not reach.is_known:
        return []
    label = _("Polisa AC na wyjazd")
    found = ", ".join(
        _("%(number)s, %(territory)s, do %(day)s")
        % {
            "number": policy.number,
            "territory": policy.get_territory_display(),
            "day": short_date(policy.last_day),
        }
        for policy in reach.policies
    )
    if reach.covers_all:
        return [(label, found)]
    return [(label, _("tylko część dni: %s") % found if found else _("nie obejmuje tych krajów"))]


def _territory(code: str, rule: CountryRule | None) -> Territory:
    if code == "PL":
        return Territory.PL
    if code in _EAST:
        return Territory.EUROPE_EAST
    group = rule.group if rule else CountryGroup.EXCLUDED
    return Territory.WORLD if group == CountryGroup.EXCLUDED else Territory.EUROPE

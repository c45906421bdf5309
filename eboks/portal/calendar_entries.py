"""What lies ahead of a person: ends of policies and contracts, payments, inspections, by day.

Everything is read by the person's own rights of this moment. Many of a kind on one day (the
policies of a fleet) are one entry.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Sum
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.enums import LIVE_STATUSES
from contracts.fleet.models import ServiceVisit
from contracts.models import Asset, Contract, ScheduleRow
from contracts.selectors import asset_name, with_assets
from eboks.accounts.models import User
from eboks.money import format_money, zloty_first
from eboks.tenancy.models import Company
from insurance.enums import Verification
from insurance.models import Policy, PolicyCover
from invoicing.models import ReceivableItem

_EACH = 3  # of a kind, company and day that stand by themselves
_NAMED = 20  # in an entry for many
POLICY, PAYMENT, CONTRACT, SERVICE = "policy", "payment", "contract", "service"
ICONS = {
    POLICY: "shield-check",
    PAYMENT: "wallet",
    CONTRACT: "file-text",
    SERVICE: "wrench",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something of the day `on`. `uid` stays the same from one reading to the next."""

    on: dt.date
    kind: str
    uid: str
    title: str
    details: tuple[str, ...] = ()
    company: str = ""
    url: str = ""

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


@dataclass(frozen=True, slots=True)
class _One:
    """An object whose day comes; `name` stands in the list of an entry for many."""

    on: dt.date
    key: str
    company_key: str
    company: str
    title: str
    name: str
    details: tuple[str, ...]
    url: str


def entries(*, user: User, company: Company | None, first: dt.date, last: dt.date) -> list[Entry]:
    """Entries from `first` to `last`, by day. A fixed number of queries."""
    found = [
        *_grouped(POLICY, _policies(user, company, first, last), _many_policies),
        *_payments(user, company, first, last),
        *_grouped(CONTRACT, _contracts(user, company, first, last), _many_contracts),
        *_grouped(SERVICE, _services(user, company, first, last), _many_services),
    ]
    return sorted(found, key=lambda entry: (entry.on, entry.kind, entry.title, entry.uid))


def _policies(user: User, company: Company | None, first: dt.date, last: dt.date) -> Iterable[_One]:
    rows = Policy.objects.for_user(user).for_company(company).with_last_day()
    rows = rows.filter(
        Q(last_on__gte=first, last_on__lte=last),
        valid_to__gte=first,
        verification=Verification.VERIFIED,
        replaced_by=None,
        company=F("contract__company"),
        contract__status__in=LIVE_STATUSES,
    )
    covers = PolicyCover.objects.order_by("pk")
    rows = rows.select_related("company", "asset", "insurer").prefetch_related(
        Prefetch("covers", covers)
    )
    for row in rows.order_by("pk"):
        risks = ", ".join(str(cover.get_risk_display()) for cover in row.covers.all())
        yield _One(
            on=row.last_day,
            key=str(row.public_id),
            company_key=str(row.company.public_id),
            company=row.company.name,
            title=_("Koniec polisy %(risks)s: %(asset)s")
            % {"risks": risks, "asset": _asset(row.asset)},
            name=f"{_asset(row.asset)}: {risks}",
            details=(row.insurer.name, _("polisa %s") % row.number),
            url=_url("insurance:policy", row.public_id),
        )


def _contracts(
    user: User, company: Company | None, first: dt.date, last: dt.date
) -> Iterable[_One]:
    rows = Contract.objects.for_user(user).for_company(company)
    rows = rows.filter(status__in=LIVE_STATUSES, end_on__gte=first, end_on__lte=last)
    found = list(rows.select_related("company").order_by("pk"))
    with_assets(found)
    for row in found:
        name = asset_name(row.assets.all())
        yield _One(
            on=row.end_on,
            key=str(row.public_id),
            company_key=str(row.company.public_id),
            company=row.company.name,
            title=_("Koniec umowy %(number)s") % {"number": row.number},
            name=f"{row.number} {name}".strip(),
            details=(name,) if name else (),
            url=_url("contracts:detail", row.public_id),
        )


def _services(user: User, company: Company | None, first: dt.date, last: dt.date) -> Iterable[_One]:
    """What the last visit of each vehicle says of the next one."""
    later = ServiceVisit.objects.filter(
        asset=OuterRef("asset"), company=OuterRef("company"), next_due_on__isnull=False
    )
    newer = Exists(later.filter(on__gt=OuterRef("on")))
    same_day = Exists(later.filter(on=OuterRef("on"), pk__gt=OuterRef("pk")))
    rows = ServiceVisit.of_vehicles.for_user(user).for_company(company)
    rows = rows.filter(
        ~newer,
        ~same_day,
        next_due_on__gte=first,
        next_due_on__lte=last,
        company=F("asset__contract__company"),
        asset__contract__status__in=LIVE_STATUSES,
    )
    for row in rows.select_related("company", "asset").order_by("pk"):
        yield _One(
            on=row.next_due_on,
            key=str(row.public_id),
            company_key=str(row.company.public_id),
            company=row.company.name,
            title=_("Przegląd lub serwis: %s") % _asset(row.asset),
            name=_asset(row.asset),
            details=(_("najpóźniej tego dnia"),),
            url=_url("vehicles:detail", row.asset.public_id),
        )


def _payments(
    user: User, company: Company | None, first: dt.date, last: dt.date
) -> Iterable[Entry]:
    """Amounts come from what is invoiced, and only to who sees finance; days of later payments from
    the schedules."""
    names: dict[Any, str] = {}
    contracts: dict[tuple[Any, dt.date], int] = {}
    company_of = "version__contract__company"
    rows = ScheduleRow.objects.for_user(user).for_company(company)
    rows = rows.filter(
        version__is_current=True,
        version__contract__status__in=LIVE_STATUSES,
        effective_due_on__gte=first,
        effective_due_on__lte=last,
    )
    by_day = rows.values_list(
        f"{company_of}__public_id", f"{company_of}__name", "effective_due_on"
    ).annotate(n=Count("version__contract", distinct=True))
    for key, name, day, count in by_day.order_by(
        "effective_due_on", f"{company_of}__public_id", f"{company_of}__name"
    ):
        names[key] = name
        contracts[key, day] = count
    sums: dict[tuple[Any, dt.date], dict[str, Decimal]] = defaultdict(dict)
    items = ReceivableItem.objects.for_user(user).for_company(company)
    items = items.filter(open_amount__gt=0, effective_due_on__gte=first, effective_due_on__lte=last)
    open_by_day = items.values_list(
        "company__public_id", "company__name", "effective_due_on", "currency"
    ).annotate(total=Sum("open_amount"))
    for key, name, day, currency, total in open_by_day.order_by(
        "effective_due_on", "company__public_id", "company__name", "currency"
    ):
        names[key] = name
        sums[key, day][currency] = total
    for key, day in {**contracts, **sums}:
        found = sums.get((key, day), {})
        amounts = ", ".join(
            format_money(found[currency], currency) for currency in sorted(found, key=zloty_first)
        )
        count = contracts.get((key, day), 0)
        yield Entry(
            on=day,
            kind=PAYMENT,
            uid=f"{PAYMENT}-{key}-{day}",
            title=_("Do zapłaty %s") % amounts if amounts else _("Termin płatności rat"),
            details=(ngettext("%(n)d umowa", "%(n)d umowy", count) % {"n": count},)
            if count
            else (),
            company=names[key],
            url=_url("invoicing:settlements") if amounts else _url("contracts:list"),
        )


def _grouped(
    kind: str, found: Iterable[_One], many: Callable[[int], tuple[str, str]]
) -> Iterable[Entry]:
    by_day: dict[tuple[str, dt.date], list[_One]] = defaultdict(list)
    for one in found:
        by_day[one.company_key, one.on].append(one)
    for (company, day), ones in by_day.items():
        if len(ones) > _EACH:
            title, url = many(len(ones))
            more = len(ones) - _NAMED
            rest = [_("i jeszcze %d") % more] if more > 0 else []
            names = (*(one.name for one in ones[:_NAMED]), *rest)
            uid = f"{kind}-{company}-{day}"
            yield Entry(day, kind, uid, title, names, ones[0].company, url)
            continue
        for one in ones:
            uid = f"{kind}-{one.key}"
            yield Entry(day, kind, uid, one.title, one.details, one.company, one.url)


def _many_policies(count: int) -> tuple[str, str]:
    return _("Kończą się polisy: %d") % count, _url("insurance:list")


def _many_contracts(count: int) -> tuple[str, str]:
    return _("Kończą się umowy: %d") % count, _url("contracts:list")


def _many_services(count: int) -> tuple[str, str]:
    return _("Przeglądy i serwisy: %d") % count, _url("vehicles:list")


def _asset(asset: Asset) -> str:
    return f"{asset.make} {asset.model} {asset.sign}".strip()


def _url(view: str, *args: Any) -> str:
    try:
        return reverse(view, args=args)
    except NoReverseMatch:  # a page that this portal does not have
        return ""

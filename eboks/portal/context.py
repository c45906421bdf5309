"""What every page's frame shows: lessor, navigation, company switcher, session end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.notifications.bell import MOST_SHOWN, unread_count
from eboks.portal.branding import brand_version, lessor_profile
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Right

# Only pages that exist are offered: a name that does not resolve yet drops out of the menu.
FINANCE = "finance"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A link of the navigation, or a heading over `children` when it has no address."""

    label: str
    icon: str
    url: str = ""
    current: str = ""  # the value of aria-current: page, true (somewhere below) or nothing
    short: str = ""  # for the bottom bar of a phone
    children: list[Entry] = field(default_factory=list)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `lessor` and `frame`, both made only when a template asks."""
    lessor = SimpleLazyObject(lessor_profile)
    return {"lessor": lessor, "frame": SimpleLazyObject(lambda: _frame(request, lessor))}


def _frame(request: HttpRequest, lessor: Any) -> dict[str, Any]:
    memberships: list[Membership] = getattr(request, "memberships", [])
    company = getattr(request, "company", None)
    acting = [m for m in memberships if company is None or m.company_id == company.pk]
    finance = any(Right.VIEW_FINANCE in m.rights for m in acting)
    reports = any(Right.EXPORT_REPORTS in m.rights for m in acting)
    contracts = any(Right.VIEW_CONTRACTS in m.rights for m in acting)
    vehicles = any(Right.VIEW_VEHICLES in m.rights for m in acting)
    requests = any(Right.FILE_REQUESTS in m.rights for m in acting)
    costs = any(Right.VIEW_FLEET in m.rights for m in acting)
    insurance = any(Right.VIEW_INSURANCE in m.rights for m in acting)
    menu = _menu(
        request,
        finance=finance,
        reports=reports,
        contracts=contracts,
        vehicles=vehicles,
        requests=requests,
        costs=costs,
        insurance=insurance,
    )
    flat = list(_flat(menu))
    inside = bool(memberships) or getattr(request, "session_ends_at", None) is not None
    return {
        "layout": "layout/portal.html" if inside else "layout/public.html",
        "menu": menu,
        "bar": [entry for entry in flat if entry.short][:4],
        "more": [entry for entry in flat if not entry.short],
        "more_current": any(entry.current for entry in flat if not entry.short),
        "companies": [m.company for m in memberships],
        "company": company,
        "brand_version": brand_version(lessor),
        "home_url": _url("portal:dashboard"),
        "help_url": _url("portal:help"),
        "fees_url": _url("invoicing:fee_table"),
        "search_url": _url("portal:search") if contracts else "",
        "switch_url": _url("tenancy:switch_company"),
        "password_url": _url("account_change_password"),
        "security_url": _url("account_security"),
        "instructions_url": _url("authorisation:list"),
        "files_url": _url("exports:list"),
        "calendar_url": _url("portal:calendar"),
        "notices_url": _url("notifications:list"),
        "notification_settings_url": _url("notifications:settings"),
        "unread": SimpleLazyObject(lambda: _unread(request)),
        "demo_inbox_url": _url("notifications:demo_inbox") if settings.DEMO else "",
        "logout_url": _url("account_logout"),
        "login_url": _url("account_login"),
        "language_url": _url("set_language"),
        "extend_url": _url("extend_session"),
        "session_seconds": _seconds_left(request),
    }


def _menu(
    request: HttpRequest,
    *,
    finance: bool,
    reports: bool,
    contracts: bool,
    vehicles: bool,
    requests: bool,
    costs: bool,
    insurance: bool,
) -> list[Entry]:
    def entry(view: str, label: str, icon: str, *, short: str = "", also: str = "") -> list[Entry]:
        url = _url(view)
        if not url:
            return []
        current = _current(request, view, also)
        return [Entry(label=label, icon=icon, url=url, current=current, short=short)]

    money: list[Entry] = []
    if finance:
        money += entry(
            "invoicing:invoice_list",
            _("Faktury"),
            "receipt-text",
            short=_("Faktury"),
            also="invoicing:invoice_",
        )
        money += entry("invoicing:settlements", _("Rozrachunki"), "scale", short=_("Rozrachunki"))
    if reports:
        money += entry(
            "invoicing:report_index",
            _("Raporty"),
            "file-spreadsheet",
            also=(
                "invoicing:cost_report invoicing:payments_ahead invoicing:extra_fees"
                " invoicing:insurance_costs invoicing:accounting invoicing:tax"
                " invoicing:vehicle_uses exports:report"
            ),
        )
        money += entry(
            "exports:list",
            _("Moje pliki"),
            "folder-down",
            also="exports:list exports:order_again exports:delete",
        )
    group = [Entry(label=_("Finanse"), icon="wallet", children=money)] if money else []
    drives_only = vehicles and not contracts
    start = (
        [] if drives_only else entry("portal:dashboard", _("Pulpit"), "house", short=_("Pulpit"))
    )
    agreements: list[Entry] = []
    if contracts:
        agreements += entry(
            "contracts:list",
            _("Umowy"),
            "file-text",
            short=_("Umowy"),
            also="contracts: portal:contract_",
        )
    fleet: list[Entry] = []
    if vehicles:
        label = _("Moje pojazdy") if drives_only else _("Pojazdy")
        # The bar of a phone has four places; money takes two of them.
        short = "" if finance else _("Pojazdy")
        fleet += entry("vehicles:list", label, "car", short=short, also="vehicles: mileage:")
    if costs:
        fleet += entry("fleet:overview", _("Flota"), "gauge", also="fleet:")
    policies: list[Entry] = []
    if insurance:
        policies += entry("insurance:list", _("Ubezpieczenia"), "shield-check", also="insurance:")
    matters: list[Entry] = []
    if requests:
        matters += entry("requests_app:list", _("Wnioski"), "file-pen-line", also="requests_app:")
    return [
        *start,
        *agreements,
        *fleet,
        *group,
        *matters,
        *policies,
        *entry("portal:company", _("Firma"), "building-2"),
    ]


def _flat(entries: Iterable[Entry]) -> Iterable[Entry]:
    for entry in entries:
        if entry.children:
            yield from entry.children
        else:
            yield entry


def _current(request: HttpRequest, view: str, also: str) -> str:
    match = request.resolver_match
    here = match.view_name if match else ""
    if here == view:
        return "page"
    return "true" if here and here.startswith(tuple(also.split())) else ""


def _unread(request: HttpRequest) -> str:
    """For the bell: the number of unread notices, or nothing. One query, only when it is shown."""
    count = unread_count(request.user) if isinstance(request.user, User) else 0
    if count > MOST_SHOWN:
        return f"{MOST_SHOWN}+"
    return str(count or "")


def _seconds_left(request: HttpRequest) -> int:
    """Until the session ends, when nobody touches it (accounts.middleware knows the moment)."""
    ends_at = getattr(request, "session_ends_at", None)
    if ends_at is None:
        return int(settings.SESSION_IDLE_SECONDS)
    return max(0, int((ends_at - timezone.now()).total_seconds()))


def _url(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""

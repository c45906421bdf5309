"""Template tags and filters of the portal, built in everywhere (library name `ebok`)."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal
from typing import Any

import lucide
from django import template
from django.core.paginator import Page
from django.forms import BaseForm
from django.template.context import Context
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from eboks.money import format_money
from eboks.ui import paging, words

register = template.Library()

STALE_AFTER = dt.timedelta(hours=26)

# The look of a state: colour and icon. The word is always given by the page.
STATES = {
    "good": ("good", "check"),
    "warn": ("warn", "clock"),
    "bad": ("bad", "triangle-alert"),
    "info": ("info", "info"),
    "neutral": ("", ""),
    "paid": ("good", "check"),
    "due": ("warn", "clock"),
    "overdue": ("bad", "triangle-alert"),
    "future": ("", ""),
    "active": ("good", "check"),
    "ended": ("", "archive"),
    "new": ("info", "sparkles"),
}
MESSAGE_LOOK = {
    "success": ("good", "circle-check"),
    "warning": ("warn", "triangle-alert"),
    "error": ("bad", "circle-alert"),
}

# --- figures and dates ----------------------------------------------------------------------
# A missing value shows as a dash, so that a table needs no conditions of its own.
DASH = "–"


@register.filter
def money(value: Decimal | None, currency: str = "PLN") -> str:
    """`{{ x|money }}` → 1 234,56 zł; `{{ x|money:row.currency }}` → 1 234,56 €."""
    return DASH if value is None else format_money(Decimal(value), str(currency))


@register.filter
def amount(value: Decimal | None) -> str:
    """`{{ x|amount }}` → 1 234,56: for a column whose head names the currency."""
    return DASH if value is None else format_money(Decimal(value), with_currency=False)


@register.simple_tag
def figure(value: Decimal, currency: str = "PLN") -> SafeString:
    """`{% figure x %}`: the big amount of the answer card, its grosze small."""
    whole, comma, rest = format_money(Decimal(value), str(currency)).partition(",")
    return format_html("{}<small>{}{}</small>", whole, comma, rest)


@register.filter
def percent(value: Decimal | None, places: int = 2) -> str:
    """`{{ rate|percent }}` → 6,50%."""
    return DASH if value is None else f"{Decimal(value):.{int(places)}f}%".replace(".", ",")


@register.filter
def rate(value: Decimal | None, sign: str = "%") -> str:
    """`{{ index|rate }}` → 4,80649%: as it was published, no idle zeros. `|rate:""` without %."""
    return DASH if value is None else words.rate(Decimal(value), sign=sign)


@register.filter
def number(value: int | None) -> str:
    """`{{ n|number }}` → 12 345."""
    return DASH if value is None else words.number(int(value))


@register.filter
def long_date(value: dt.date | None) -> str:
    return words.long_date(value) if value else DASH


@register.filter
def short_date(value: dt.date | None) -> str:
    return words.short_date(value) if value else DASH


@register.filter
def moment(value: dt.datetime | None) -> str:
    return words.moment(value) if value else DASH


@register.filter
def clock(value: dt.datetime | None) -> str:
    """`14:02`, in Warsaw."""
    return words.moment(value).rpartition(" ")[2] if value else DASH


@register.filter
def utc(value: dt.datetime) -> str:
    """`2026-11-22 13:02:07` in UTC, for evidence."""
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


@register.filter
def month_year(value: dt.date | None) -> str:
    return words.month_year(value) if value else DASH


@register.filter
def days_hint(value: dt.date | None, today: dt.date | None = None) -> str:
    return words.days_hint(value, today) if value else ""


@register.filter
def nrb(value: str | None) -> str:
    return words.nrb(value) if value else DASH


# --- small pieces ---------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, size: int = 24) -> SafeString:
    """`{% icon "house" %}`: an icon of the lucide set; never the only carrier of meaning."""
    return _icon(str(name) + "", size)


@functools.lru_cache(maxsize=256)
def _icon(name: str, size: int = 24) -> SafeString:
    svg = lucide._render_icon(
        name, size, stroke_width="1.75", aria_hidden="true", focusable="false"
    )
    return mark_safe(" ".join(svg.split()))  # noqa: S308 -- drawn by the package


@register.simple_tag
def tag(state: str, text: str | Promise) -> SafeString:
    """`{% tag "paid" "Zapłacona" %}`: a state as colour, icon and word. States: see STATES."""
    look, image = STATES[str(state)]
    return format_html(
        '<span class="tag {}">{}{}</span>', look, _icon(image, 15) if image else "", text
    )


@register.inclusion_tag("components/copy_button.html")
def copy_button(text: str, label: str | Promise = "") -> dict[str, Any]:
    """`{% copy_button account _("Kopiuj numer rachunku") %}`: shown by the script only.

    Without JavaScript the text stands beside it and can be selected. Spaces between digits are
    for the eye and are not copied.
    """
    bare = "".join(str(text).split())
    return {"text": bare if bare.isdigit() else text, "label": label}


# --- components -----------------------------------------------------------------------------
@register.inclusion_tag("components/crumbs.html")
def crumbs(*parts: str | Promise) -> dict[str, Any]:
    """`{% crumbs _("Umowy") contracts_url contract.number %}`: label, address, …, this page."""
    links = list(zip(parts[:-1:2], parts[1::2], strict=True))
    return {"links": links, "here": parts[-1]}


@register.inclusion_tag("components/as_of.html")
def as_of(
    at: dt.datetime | None, statement_on: dt.date | None = None, alone: bool = False
) -> dict[str, Any]:
    """`{% as_of balance.refreshed_at statement_on=day %}`: of when the figures are.

    Says so plainly when they are older than 26 hours. `alone=True` outside an answer card.
    """
    stale = at is not None and timezone.now() - at > STALE_AFTER
    return {"at": at, "statement_on": statement_on, "stale": stale, "alone": alone}


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """`{% error_summary form %}`: everything wrong, on top; the focus moves to it."""
    rows = [
        {"href": _anchor(form, field), "label": _label(form, field), "text": message}
        for form in forms
        for field, messages in form.errors.items()
        for message in messages
    ]
    return {"rows": rows}


def _anchor(form: BaseForm, name: str) -> str:
    if name not in form.fields:
        return ""
    bound = form[name]
    if bound.field.widget.is_hidden:
        return ""
    # A group of radios or boxes has no id of its own: its first choice has.
    return f"#{bound.id_for_label or f'{bound.auto_id}_0'}"


def _label(form: BaseForm, name: str) -> str:
    """The field's name in front of words such as „To pole jest wymagane”."""
    return str(form[name].label) if name in form.fields else ""


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any]) -> dict[str, Any]:
    """`{% pager page %}`: how many rows, page numbers, size of the page."""
    query = context["request"].GET
    paginator = page.paginator

    def address(name: str, value: int) -> str:
        changed = query.copy()
        changed.pop(paging.PAGE, None)
        changed[name] = str(value)
        return f"?{changed.urlencode()}"

    numbers = [
        {
            "number": n if isinstance(n, int) else 0,
            "href": address(paging.PAGE, n) if isinstance(n, int) else "",
            "far": not isinstance(n, int) or abs(n - page.number) > 1,  # left out on a phone
        }
        for n in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return {
        "page": page,
        "numbers": numbers,
        "previous": address(paging.PAGE, page.number - 1) if page.has_previous() else "",
        "next": address(paging.PAGE, page.number + 1) if page.has_next() else "",
        "sizes": [{"size": n, "href": address(paging.SIZE, n)} for n in paging.SIZES],
        "offer_sizes": paginator.count > min(paging.SIZES),
    }


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: Context,
    field: str,
    label: str | Promise,
    right: bool = False,
    default: str = "",
) -> dict[str, Any]:
    """`{% sort_header "due_on" "Termin" %}`: a `<th>` whose link sorts by `?sort=`.

    A second press turns the order. `default` is the order that the list has without `?sort=`,
    e.g. `default="-due_on"`; other query parameters stay, the page number goes.
    """
    query = context["request"].GET.copy()
    current = query.get("sort") or default
    descending = current == f"-{field}"
    direction = "descending" if descending else "ascending" if current == field else "none"
    query["sort"] = f"-{field}" if direction == "ascending" else field
    query.pop(paging.PAGE, None)
    return {
        "label": label,
        "right": right,
        "direction": direction,
        "href": f"?{query.urlencode()}",
    }


@register.simple_tag
def message_look(tags: str) -> dict[str, str]:
    """Colour and icon of a message of django.contrib.messages."""
    look, image = next((MESSAGE_LOOK[t] for t in tags.split() if t in MESSAGE_LOOK), ("", "info"))
    return {"look": look, "icon": image}

"""A fee table as the public reads it: what a thing costs here, on paper, and the difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eboks.documents.brand import lessor_brand
from eboks.documents.pdf import render_pdf
from eboks.money import ZERO, format_money
from invoicing import fees
from invoicing.enums import FeeBase, FeeChannel
from invoicing.models import FeeLine, FeeTable
from invoicing.words import vat_rate

_DEFINITE = {FeeBase.FIXED, FeeBase.PER_MONTH, FeeBase.PER_YEAR, FeeBase.LUMP_SUM}


@dataclass(frozen=True, slots=True)
class FeeRow:
    """One line of the page. `saved`: by how much it is cheaper through the portal, PLN net."""

    title: str
    tier: str
    unit: str
    notes: Sequence[str]
    online: str
    paper: str
    saved: Decimal | None
    vat: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Tables in force on a day, and which of them is shown."""

    day: dt.date
    table: FeeTable | None
    tables: Sequence[FeeTable]


def choose(*, day: dt.date, version: str = "", today: dt.date) -> Choice:
    """The table called `version` among those in force on `day`, or the first of them. Days to
    come are not shown: what is not in force yet may still change."""
    day = min(day, today)
    tables = list(fees.tables_of_any(on=day))
    found = next((table for table in tables if table.version == version), None)
    return Choice(day, found or (tables[0] if tables else None), tables)


def past_tables(*, today: dt.date) -> list[FeeTable]:
    """Every table that is, or was, in force; the latest first."""
    rows = FeeTable.objects.filter(valid_from__lte=today)
    return list(rows.order_by("-valid_from", "-pk"))


def rows_of(table: FeeTable) -> list[FeeRow]:
    """The fees of `table`, each with its price in both channels, in the order of the table."""
    by_code: dict[str, dict[str, list[FeeLine]]] = {}
    for line in table.lines.order_by("position", "pk"):
        by_code.setdefault(line.code, {}).setdefault(line.channel, []).append(line)
    found: list[FeeRow] = []
    for channels in by_code.values():
        online = channels.get(FeeChannel.ONLINE, [])
        paper = channels.get(FeeChannel.PAPER, [])
        starts = sorted({line.contracts_from for line in paper or online})
        several = len(starts) > 1
        found += [_row(_tier(online, n), _tier(paper, n), with_tier=several) for n in starts]
    return found


def _tier(lines: Sequence[FeeLine], start: int) -> FeeLine | None:
    """Of one fee in one channel, what costs a client with `start` contracts."""
    below = [line for line in lines if line.contracts_from <= start]
    return max(below, key=lambda line: line.contracts_from, default=None)


def _row(online: FeeLine | None, paper: FeeLine | None, *, with_tier: bool) -> FeeRow:
    line = paper or online
    assert line is not None  # noqa: S101 -- a tier comes from one of them
    notes = [one.note for one in (online, paper) if one is not None and one.note]
    return FeeRow(
        title=line.title,
        tier=_tier_words(line) if with_tier else "",
        unit=line.unit,
        notes=list(dict.fromkeys(notes)),
        online=price_words(online),
        paper=price_words(paper),
        saved=_saved(online, paper),
        vat=vat_rate(line.vat_code),
    )


def price_words(line: FeeLine | None) -> str:
    """`250,00 zł`, `bezpłatnie`, `300,00 zł–500,00 zł`, `3% raty, najmniej 15,00 zł`, `–`."""
    if line is None:
        return "–"
    if line.base == FeeBase.LUMP_SUM:
        return _("w opłacie rocznej")
    if line.base == FeeBase.PERCENT:
        return _percent_words(line)
    net = line.net or ZERO
    if line.base == FeeBase.RANGE:
        return f"{format_money(net)}–{format_money(line.net_to or net)}"
    return format_money(net) if net else _("bezpłatnie")


def _percent_words(line: FeeLine) -> str:
    percent = f"{line.percent or ZERO:f}".rstrip("0").rstrip(".").replace(".", ",")
    parts = [f"{percent}% {line.percent_of}".strip()]
    if line.minimum is not None:
        parts.append(_("najmniej %s") % format_money(line.minimum))
    if line.maximum is not None:
        parts.append(_("najwięcej %s") % format_money(line.maximum))
    return ", ".join(parts)


def _tier_words(line: FeeLine) -> str:
    low, high = max(line.contracts_from, 1), line.contracts_to
    if high is None:
        return _("%(n)d i więcej umów") % {"n": low}
    if low == high:
        return ngettext("%(n)d umowa", "%(n)d umowy", low) % {"n": low}
    return ngettext("%(low)d–%(n)d umowa", "%(low)d–%(n)d umowy", high) % {"low": low, "n": high}


def _saved(online: FeeLine | None, paper: FeeLine | None) -> Decimal | None:
    if online is None or paper is None or {online.base, paper.base} - _DEFINITE:
        return None
    saved = fees.price(paper) - fees.price(online)
    return saved if saved > 0 else None


def pdf(table: FeeTable, *, on: dt.date) -> bytes:
    """The table as a tagged PDF. Raises PdfError."""
    title = f"{table.title} {table.version}"
    context: dict[str, Any] = {
        "title": title,
        "created": on.isoformat(),
        "brand": lessor_brand(),
        "table": table,
        "rows": rows_of(table),
        "today": on,
    }
    return render_pdf(render_to_string("invoicing/fee_table_pdf.html", context), title=title)

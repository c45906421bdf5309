"""What pages show of interest for late payment: run up until today, and how a note came about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from eboks.money import ZERO
from invoicing.accruals import BEARING, Accrued, accrued, totals
from invoicing.enums import InvoiceKind
from invoicing.late_interest import Part
from invoicing.models import InterestNoteLine, Invoice, ReceivableItem, ReceivableItemQuerySet
from invoicing.settlements import Position
from invoicing.totals import Kept

_PLACES = Decimal("0.000001")


def with_run_up(
    positions: Sequence[Position], items: ReceivableItemQuerySet, kept: Kept, *, on: dt.date
) -> list[Position]:
    """`positions` with what has run up on their overdue items; nothing is read when none is."""
    late = sum(position.overdue_count for position in positions)
    if not late:
        return list(positions)
    found = kept.value("interest run up", lambda: totals(items, on=on), rows=lambda _sums: late)
    return [
        replace(position, interest=found.get(position.currency, ZERO)) for position in positions
    ]


def add_run_up(lines: Sequence[dict[str, Any]], *, on: dt.date) -> None:
    """Adds to each line of open items the interest that has run up, where there is some."""
    late = [
        line["item"]
        for line in lines
        if line["item"].kind in BEARING
        and line["item"].open_amount > 0
        and line["item"].effective_due_on < on
    ]
    found = {one.item.pk: one for one in accrued(late, until=on, strict=False) if one.interest}
    for line in lines:
        line["run_up"] = found.get(line["item"].pk)


def of_invoice(invoice: Invoice, item: ReceivableItem | None, *, on: dt.date) -> dict[str, Any]:
    """For the page of a document: what has run up on it, or, of a note, its arithmetic."""
    run_up = _run_up(item, on=on)
    if run_up is not None:
        parts = [replace(part, interest=_short(part)) for part in run_up.interest.parts]
        return {"run_up": run_up, "note_parts": parts, "late_label": ""}
    if invoice.kind != InvoiceKind.INTEREST_NOTE:
        return {"run_up": None, "note_parts": [], "late_label": ""}
    lines = InterestNoteLine.objects.filter(note=invoice).select_related("item")
    parts_of_note = list(lines.order_by("position", "pk"))
    late = parts_of_note[0].item.label if parts_of_note else ""
    return {"run_up": None, "note_parts": parts_of_note, "late_label": late}


def _run_up(item: ReceivableItem | None, *, on: dt.date) -> Accrued | None:
    """Of what is open and late; what was paid late counts as well, until a note charges it."""
    if item is None or item.kind not in BEARING or item.open_amount <= 0:
        return None
    if item.effective_due_on >= on:
        return None
    found = next(accrued([item], until=on, strict=False), None)
    return found if found and found.interest else None


def _short(part: Part) -> Decimal:
    return part.interest.quantize(_PLACES)

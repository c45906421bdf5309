"""What the page „Dlaczego zmieniła się rata?” shows about one change of the rate.

The same for the page and for the notice as a PDF. Amounts are net in the contract's currency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from contracts.enums import Product, RateChangeKind, RateChangeOutcome, RowKind
from contracts.models import Contract, IndexFixing, RateChange, ScheduleRow
from contracts.rate_arithmetic import Arithmetic, arithmetic_of
from contracts.repricing_reading import APPLIED
from contracts.words import index_name
from eboks import clock
from eboks.money import ZERO, format_money, to_grosz
from eboks.ui import step_chart
from eboks.ui.words import rate, short_date

_CHART_MONTHS = 24
RECENT = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class RowChange:
    """One instalment before and after; None where that schedule has none with this number."""

    n: int
    old: ScheduleRow | None
    new: ScheduleRow | None

    @property
    def due_on(self) -> dt.date:
        row = self.new or self.old
        assert row is not None  # noqa: S101 -- one of the two made this line
        return row.effective_due_on

    @property
    def difference(self) -> Decimal:
        return self._grown("payment")

    @property
    def gross_difference(self) -> Decimal:
        return self._grown("gross")

    @property
    def is_changed(self) -> bool:
        def money(row: ScheduleRow | None) -> tuple[Decimal, ...]:
            return (row.payment, row.interest, row.principal) if row else ()

        return money(self.old) != money(self.new)

    def _grown(self, field: str) -> Decimal:
        """How much more is paid; a row that one side lacks counts as nothing."""
        new, old = (getattr(row, field, ZERO) for row in (self.new, self.old))
        return to_grosz(new - old)


@dataclass(frozen=True, slots=True)
class RateChangePage:
    """One change of the rate of `contract`, with the rows that it touched."""

    change: RateChange
    contract: Contract
    rows: Sequence[RowChange]  # those that changed
    arithmetic: Arithmetic | None
    chart: step_chart.StepChart | None
    old_source: str  # who published the value before; empty when the portal does not know

    @property
    def is_changed(self) -> bool:
        return bool(self.change.outcome == RateChangeOutcome.CHANGED)

    @property
    def first(self) -> RowChange | None:
        return self.rows[0] if self.rows else None

    @property
    def difference(self) -> Decimal:
        """Of all instalments to the end, net."""
        return sum((row.difference for row in self.rows), ZERO)

    @property
    def gross_difference(self) -> Decimal:
        return sum((row.gross_difference for row in self.rows), ZERO)

    @property
    def old_total(self) -> Decimal:
        return sum((row.old.payment for row in self.rows if row.old), ZERO)

    @property
    def new_total(self) -> Decimal:
        return sum((row.new.payment for row in self.rows if row.new), ZERO)

    @property
    def old_interest(self) -> Decimal:
        return sum((row.old.interest for row in self.rows if row.old), ZERO)

    @property
    def new_interest(self) -> Decimal:
        return sum((row.new.interest for row in self.rows if row.new), ZERO)

    @property
    def rate_after(self) -> Decimal:
        """The rate in force from then on: a move below the contract's threshold is left out."""
        change = self.change
        is_small = change.outcome == RateChangeOutcome.THRESHOLD
        rate: Decimal = change.old_rate_pct if is_small else change.new_rate_pct
        return rate

    @property
    def is_conversion(self) -> bool:
        return bool(self.change.kind == RateChangeKind.CONVERSION)

    @property
    def corrects_vat(self) -> bool:
        """Financial lease: VAT was invoiced once on the sum of instalments, which has changed."""
        return self.contract.product == Product.FINANCIAL and bool(self.difference)

    @property
    def headline(self) -> str:
        return headline(self)

    @property
    def old_index_name(self) -> str:
        return index_name(self.change.old_index)

    @property
    def new_index_name(self) -> str:
        return index_name(self.change.new_index)


def page_of(change: RateChange, *, contract: Contract) -> RateChangePage:
    """Everything about `change` of `contract`. At most six queries."""
    old, new = _instalments(change)
    numbers = sorted(old.keys() | new.keys())
    every = [RowChange(n, old.get(n), new.get(n)) for n in numbers if n > change.frozen_through]
    rows = [row for row in every if row.is_changed] if change.new_version_id else []
    arithmetic = None
    if change.new_version_id:
        arithmetic = arithmetic_of(
            change,
            contract=contract,
            old_rows=list(old.values()),
            new_rows=list(new.values()),
            earlier=_earlier(change),
        )
    return RateChangePage(
        change, contract, rows, arithmetic, _chart(change), _source_before(change)
    )


def _source_before(change: RateChange) -> str:
    """Who published the value that stood before. One query; a mean or a compound rate has none."""
    if change.old_fixed_on is None:
        return ""
    before = IndexFixing.objects.filter(
        rate__code=change.old_index, on=change.old_fixed_on, value=change.old_value
    )
    return before.values_list("source", flat=True).first() or ""


def recent_change(contract: Contract, *, on: dt.date) -> RateChange | None:
    """The latest change of the instalments that works since at most 60 days, or will. One query."""
    rows = contract.rate_changes.filter(
        outcome=RateChangeOutcome.CHANGED, effective_on__gte=on - RECENT
    )
    return rows.order_by("-effective_on", "-pk").first()


def _instalments(
    change: RateChange,
) -> tuple[Mapping[int, ScheduleRow], Mapping[int, ScheduleRow]]:
    """Instalments of the schedule before and after, by their number. One query."""
    versions = [key for key in (change.old_version_id, change.new_version_id) if key]
    rows = ScheduleRow.objects.filter(version__in=versions, kind=RowKind.INSTALMENT).order_by("n")
    old: dict[int, ScheduleRow] = {}
    new: dict[int, ScheduleRow] = {}
    for row in rows:
        (new if row.version_id == change.new_version_id else old)[row.n] = row
    return old, new


def _earlier(change: RateChange) -> list[RateChange]:
    """Changes that took effect before, of the last period or so. One query."""
    months = change.contract.frequency_months + 1
    rows = RateChange.objects.filter(
        contract=change.contract_id,
        outcome__in=APPLIED,
        effective_on__gte=clock.add_months(change.effective_on, -months),
        effective_on__lt=change.effective_on,
    )
    return list(rows.order_by("effective_on", "pk"))


# --- in words --------------------------------------------------------------------------------
def headline(page: RateChangePage) -> str:
    """The answer in one sentence."""
    change = page.change
    cause = _cause(change)
    if not page.is_changed:
        return f"{cause} {reason_unchanged(change, contract=page.contract)}"
    first = page.first
    if first is None or first.old is None or first.new is None:
        return cause
    if first.difference == 0:
        return (
            cause
            + " "
            + _(
                "Rata nr %(n)s pozostała taka sama: %(amount)s netto. Zmieniła się jej "
                "część odsetkowa, a z nią ostatnie raty."
            )
            % {
                "n": first.n,
                "amount": format_money(first.new.payment, page.contract.currency),
            }
        )
    went = (
        _("Rata nr %(n)s wzrosła o %(amount)s netto.")
        if first.difference > 0
        else _("Rata nr %(n)s spadła o %(amount)s netto.")
    )
    amount = format_money(abs(first.difference), page.contract.currency)
    return f"{cause} {went % {'n': first.n, 'amount': amount}}"


def _cause(change: RateChange) -> str:
    """What the index did."""
    facts = {
        "old_index": index_name(change.old_index),
        "index": index_name(change.new_index),
        "old": "" if change.old_value is None else rate(change.old_value),
        "new": rate(change.new_value),
        "old_on": short_date(change.old_fixed_on) if change.old_fixed_on else "",
        "new_on": short_date(change.new_fixed_on),
    }
    if change.kind == RateChangeKind.CONVERSION:
        return _("Stopę %(old_index)s zastąpiła stopa %(index)s: %(new)s z %(new_on)s.") % facts
    if change.old_value is None:
        return _("Stopa %(index)s z %(new_on)s wynosi %(new)s.") % facts
    if change.new_value == change.old_value:
        return _("Stopa %(index)s z %(new_on)s wynosi tyle samo co poprzednio: %(new)s.") % facts
    text = (
        _("Stopa %(index)s wzrosła z %(old)s do %(new)s (%(new_on)s).")
        if change.new_value > change.old_value
        else _("Stopa %(index)s spadła z %(old)s do %(new)s (%(new_on)s).")
    )
    return text % facts


def reason_unchanged(change: RateChange, *, contract: Contract) -> str:
    """Why the instalment did not change although the index was fixed anew."""
    match change.outcome:
        case RateChangeOutcome.SAME_VALUE:
            return _("Rata się nie zmieniła, bo oprocentowanie pozostało takie samo.")
        case RateChangeOutcome.THRESHOLD:
            moved = abs(change.new_rate_pct - change.old_rate_pct)
            return _(
                "Rata się nie zmieniła: stopa zmieniła się o %(moved)s p.p., a umowa przewiduje "
                "przeliczenie rat dopiero od zmiany o %(threshold)s p.p."
            ) % {
                "moved": rate(moved, sign=""),
                "threshold": rate(contract.threshold_pp, sign=""),
            }
        case RateChangeOutcome.FLOOR:
            return _(
                "Rata się nie zmieniła: umowa ustala najniższą stopę na %(floor)s, a stopa jest "
                "niższa. Do raty przyjmujemy najniższą stopę z umowy, tak jak poprzednio."
            ) % {"floor": rate(contract.floor_pct or ZERO)}
        case RateChangeOutcome.ALL_INVOICED:
            return _(
                "Rata się nie zmieniła, bo wszystkie raty tej umowy są już zafakturowane. "
                "Wystawione faktury pozostają bez zmian."
            )
        case RateChangeOutcome.SAME_ROWS:
            return _(
                "Rata się nie zmieniła: po przeliczeniu kwoty rat, zaokrąglone do grosza, wyszły "
                "takie same."
            )
    return ""


# --- drawing ---------------------------------------------------------------------------------
def _chart(change: RateChange) -> step_chart.StepChart | None:
    """The reference rate for two years up to the change; None when fewer than two values are
    known. Of a month with many values the last one is drawn. One query."""
    since = clock.add_months(change.new_fixed_on, -_CHART_MONTHS)
    fixings = IndexFixing.objects.filter(
        rate__code__in={change.old_index, change.new_index},
        on__gte=since,
        on__lte=change.new_fixed_on,
    )
    turn = change.old_fixed_on or change.new_fixed_on
    used = {change.old_fixed_on, change.new_fixed_on}
    points: dict[tuple[int, int], tuple[dt.date, Decimal]] = {}
    marked: dict[dt.date, Decimal] = {}
    for code, day, value in fixings.order_by("on").values_list("rate__code", "on", "value"):
        if code != (change.new_index if day > turn else change.old_index):
            continue  # after a conversion only the new index counts, before it only the old one
        points[day.year, day.month] = (day, value)
        if day in used:
            marked[day] = value
    marked[change.new_fixed_on] = change.new_value
    if change.old_fixed_on and change.old_value is not None:
        marked[change.old_fixed_on] = change.old_value
    drawn = sorted((dict(points.values()) | marked).items())
    if len(drawn) < 2:
        return None
    names = dict.fromkeys([index_name(change.old_index), index_name(change.new_index)])
    return step_chart.rate_steps(
        id="rate",
        title=_("Stopa bazowa: %s") % ", ".join(names),
        points=drawn,
        marked={day for day in used if day},
    )

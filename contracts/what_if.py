"""What another schedule would look like: an extra payment or another number of instalments.

Nothing is written. The arithmetic is the engine's (domain 1.3-1.5), from the capital that the
schedule in force leaves after an instalment, at the rate of today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import schedule as engine
from contracts.enums import RowKind
from contracts.frozen import frozen_through
from contracts.models import Contract, ScheduleRow, ScheduleVersion
from contracts.rate_terms import terms_of
from contracts.schedule_checks import MAX_ROWS
from contracts.stored_schedules import Instalments, StoredRow, terms_after
from eboks.money import ZERO, format_money
from eboks.ui.words import long_date


class Wish(models.TextChoices):
    LOWER = "lower", gettext_lazy("nadpłata: niższa rata, tyle samo rat")
    SHORTER = "shorter", gettext_lazy("nadpłata: krótszy okres, podobna rata")
    TERM = "term", gettext_lazy("inna liczba rat, bez nadpłaty")


class WhatIfError(Exception):
    """Such a schedule cannot be made; the text is for people, `field` says what to change."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Outlook:
    """Instalments after a point and the buyout; money net, in the contract's currency."""

    payment: Decimal  # the first of them
    gross: Decimal
    count: int
    last_on: dt.date
    interest: Decimal
    total: Decimal  # instalments and buyout


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The schedule in force after instalment `kept`, due on `begins`, and the one instead of it.

    `balance` is the capital after that instalment, `extra` what is paid besides on that day.
    """

    version: ScheduleVersion
    kept: int
    begins: dt.date
    balance: Decimal
    extra: Decimal
    buyout: Decimal
    rate_pct: Decimal
    old: Outlook
    new: Outlook
    rows: Sequence[engine.ScheduleRow]

    @property
    def capital(self) -> Decimal:
        """What the new instalments and the buyout repay."""
        return self.balance - self.extra

    @property
    def new_total(self) -> Decimal:
        """All that is paid from now on, the extra payment with it."""
        return self.new.total + self.extra

    @property
    def interest_saved(self) -> Decimal:
        """Below zero where the new schedule costs more."""
        return self.old.interest - self.new.interest

    @property
    def numbered(self) -> list[engine.ScheduleRow]:
        """New instalments with the numbers that they would have."""
        return [replace(row, n=row.n + self.kept) for row in self.rows]


def what_if(
    contract: Contract,
    *,
    wish: Wish,
    on: dt.date,
    extra: Decimal = ZERO,
    extra_on: dt.date | None = None,
    count: int | None = None,
) -> WhatIf:
    """`contract` as it would be after `extra` (net) paid on `extra_on`, or with `count` instalments
    left.

    An extra payment counts from the next due day, or from the last instalment that is invoiced
    already; another number of instalments from the first one that is not. Raises WhatIfError.
    """
    version = contract.schedule_versions.filter(is_current=True).first()
    if version is None or contract.handover_on is None:
        raise WhatIfError(_("Ta umowa nie ma jeszcze harmonogramu."))
    stored = list(version.rows.filter(kind=RowKind.INSTALMENT).order_by("n"))
    if [row.n for row in stored] != list(range(1, len(stored) + 1)) or not stored:
        raise WhatIfError(_("Tego harmonogramu portal nie przeliczy. Złóż wniosek, policzymy."))
    is_extra = wish != Wish.TERM
    kept = _kept(stored, contract, on=on, extra_on=extra_on if is_extra else None)
    if kept >= len(stored):
        raise WhatIfError(_("Nie ma już rat, które można zmienić: pozostałe są na fakturach."))
    balance = stored[kept - 1].balance if kept else contract.financed
    extra = extra if is_extra else ZERO
    if is_extra:
        _check_extra(contract, stored, kept, balance, extra)
    elif count is None or not 1 <= count <= MAX_ROWS:
        raise WhatIfError(_("Podaj liczbę rat, które mają zostać."), "count")
    elif count == len(stored) - kept:
        raise WhatIfError(_("Tyle rat zostaje dziś. Podaj inną liczbę."), "count")
    rows = Instalments(
        [StoredRow(r.n, r.nominal_due_on, r.payment, r.interest, r.balance) for r in stored]
    )
    try:
        terms = terms_after(terms_of(contract), rows, kept=kept, balance=balance - extra)
        made = _made(terms, stored[kept:], wish=wish, count=count)
    except engine.InvalidTermsError as error:
        reasons = ", ".join(problem.reason for problem in error.problems)
        raise WhatIfError(_("Takiego harmonogramu nie da się policzyć: %s.") % reasons) from error
    buyout = version.rows.filter(kind=RowKind.BUYOUT).first()
    return WhatIf(
        version=version,
        kept=kept,
        begins=stored[kept - 1].nominal_due_on if kept else contract.handover_on,
        balance=balance,
        extra=extra,
        buyout=contract.buyout,
        rate_pct=contract.annual_rate_pct,
        old=_outlook(stored[kept:], buyout),
        new=_outlook(made.rows, made.buyout_row),
        rows=made.rows,
    )


def _kept(
    stored: Sequence[ScheduleRow], contract: Contract, *, on: dt.date, extra_on: dt.date | None
) -> int:
    past = sum(row.nominal_due_on <= on for row in stored)
    kept = max(past, frozen_through([contract.pk]).get(contract.pk, 0))
    if extra_on is None:
        return kept
    if extra_on < on:
        raise WhatIfError(
            _("Dzień nadpłaty już minął. Wybierz dzisiejszy albo późniejszy."), "extra_on"
        )
    counts = next((row.n for row in stored if row.nominal_due_on >= extra_on), None)
    if counts is None:
        raise WhatIfError(_("Tego dnia umowa jest już spłacona. Wybierz wcześniejszy."), "extra_on")
    return max(kept, counts)


def _check_extra(
    contract: Contract,
    stored: Sequence[ScheduleRow],
    kept: int,
    balance: Decimal,
    extra: Decimal,
) -> None:
    if extra <= 0:
        raise WhatIfError(_("Podaj kwotę nadpłaty."), "extra")
    # What the last instalment leaves is the buyout's.
    most = balance - stored[-1].balance
    if extra >= most:
        raise WhatIfError(
            _(
                "Po racie %(n)s (%(day)s) do spłaty ratami zostaje %(most)s. Nadpłata musi być"
                " niższa. Całość spłacisz przez wcześniejsze zakończenie umowy."
            )
            % {
                "n": kept,
                "day": long_date(stored[kept - 1].nominal_due_on),
                "most": format_money(most, contract.currency),
            },
            "extra",
        )


def _made(
    terms: engine.ScheduleTerms,
    left: Sequence[ScheduleRow],
    *,
    wish: Wish,
    count: int | None,
) -> engine.Schedule:
    if wish == Wish.LOWER:
        return engine.build_schedule(terms)
    if terms.weights or terms.fixed_amounts or terms.interest_only:
        raise WhatIfError(
            _("Raty tej umowy są ustalone indywidualnie. Złóż wniosek: policzymy je dla Ciebie.")
        )
    if wish == Wish.TERM:
        return engine.build_schedule(replace(terms, n=count))
    if terms.pattern is engine.PaymentPattern.EQUAL_PRINCIPAL:
        to_repay = terms.financed - left[-1].balance
        n = int((to_repay / left[0].principal).to_integral_value(rounding=ROUND_CEILING))
        return engine.build_schedule(replace(terms, n=min(n, len(left))))
    if terms.buyout_timing is engine.BuyoutTiming.WITH_LAST:
        return engine.build_schedule(replace(terms, n=None, payment=left[0].payment))
    return _fewest(terms, len(left), left[0].payment)


def _fewest(terms: engine.ScheduleTerms, most: int, payment: Decimal) -> engine.Schedule:
    """The shortest schedule whose instalment is not above `payment`, of at most `most` rows."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if engine.build_schedule(replace(terms, n=middle)).payment <= payment:
            high = middle
        else:
            low = middle + 1
    return engine.build_schedule(replace(terms, n=low))


def _outlook(
    rows: Sequence[ScheduleRow | engine.ScheduleRow],
    buyout: ScheduleRow | engine.ScheduleRow | None,
) -> Outlook:
    ends = [buyout] if buyout is not None else []
    return Outlook(
        payment=rows[0].payment,
        gross=rows[0].gross,
        count=len(rows),
        last_on=rows[-1].nominal_due_on,
        interest=sum((row.interest for row in (*rows, *ends)), ZERO),
        total=sum((row.payment for row in (*rows, *ends)), ZERO),
    )

"""What the back office sees of issuing: what is due, what ran, what waits for somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, F, QuerySet, Sum

from contracts.models import Contract
from eboks.jobs.models import JobFailure, JobRun
from invoicing import documents
from invoicing.exchange import ExchangeError, rate_before
from invoicing.issuing import due, upfront
from invoicing.issuing.mode import SOURCE, issued_here, issuer_from, mixed
from invoicing.issuing.running import JOB
from invoicing.models import Invoice

AHEAD = 7  # days shown beside today
_RUNS, _FAILURES, _MIXED, _PROBLEMS = 10, 50, 20, 5
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sums:
    """Payments of one day in one currency: how many invoices and how much net."""

    day: dt.date
    currency: str
    count: int
    net: Decimal


@dataclass(frozen=True, slots=True)
class Ran:
    """A run and its report, which one that is not finished lacks."""

    run: JobRun
    invoices: int
    corrections: int
    failed: int
    problems: Sequence[str]
    gross: Sequence[tuple[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Panel:
    since: dt.date | None
    days_before: int
    today: Sequence[Sums]
    ahead: Sequence[Sums]
    charges: Sequence[Sums]
    upfront_vats: int
    corrections: int
    mixed: Sequence[Contract]
    missing_rates: Sequence[str]
    runs: Sequence[Ran]
    failures: Sequence[JobFailure]
    to_print: int

    @property
    def has_work(self) -> bool:
        return bool(self.today or self.charges or self.upfront_vats or self.corrections)


def panel(*, on: dt.date) -> Panel:
    """The page as of day `on`. A fixed number of queries, whatever the portfolio."""
    return Panel(
        since=issuer_from(),
        days_before=settings.ISSUE_DAYS_BEFORE_DUE,
        today=_today(on),
        ahead=_ahead(on),
        charges=_sums(due.due_charges(on), on, "currency", "net"),
        upfront_vats=due.upfront_contracts(on).count(),
        corrections=upfront.waiting().count(),
        mixed=list(mixed(Contract.objects.all()).order_by("pk")[:_MIXED]),
        missing_rates=_missing_rates(on),
        runs=[_ran(run) for run in JobRun.objects.filter(job=JOB).order_by("-pk")[:_RUNS]],
        failures=list(failures().order_by("-last_at", "-pk")[:_FAILURES]),
        to_print=Invoice.objects.filter(source_system=SOURCE, pdf=None).count(),
    )


def _ran(run: JobRun) -> Ran:
    report = run.report or {}
    return Ran(
        run,
        report.get("invoices", 0),
        report.get("corrections", 0),
        report.get("failed", 0),
        report.get("problems", [])[:_PROBLEMS],
        [(code, Decimal(sums["gross"])) for code, sums in report.get("totals", {}).items()],
    )


def failures() -> QuerySet[JobFailure]:
    """What could not be issued or printed."""
    return JobFailure.objects.filter(job__in=[JOB, documents.JOB])


def _today(on: dt.date) -> list[Sums]:
    return _sums(due.due_rows(on), on, "version__contract__currency", "payment")


def _ahead(on: dt.date) -> list[Sums]:
    """What each of the next days adds to what is due today."""
    rows = due.due_rows(on + AHEAD * _DAY).filter(nominal_due_on__gt=due.horizon(on))
    found = (
        rows.order_by("nominal_due_on", "version__contract__currency")
        .values_list("nominal_due_on", "version__contract__currency")
        .annotate(Count("pk"), Sum("payment"))
    )
    before = dt.timedelta(days=settings.ISSUE_DAYS_BEFORE_DUE)
    return [Sums(day - before, currency, count, net) for day, currency, count, net in found]


def _sums(rows: QuerySet[Any], on: dt.date, currency: str, net: str) -> list[Sums]:
    found = rows.order_by().values(code=F(currency)).annotate(count=Count("pk"), net_sum=Sum(net))
    return [
        Sums(on, row["code"], row["count"], row["net_sum"])
        for row in sorted(found, key=lambda row: row["code"])
    ]


def _missing_rates(on: dt.date) -> list[str]:
    """Why invoices in a foreign currency would wait today."""
    foreign = issued_here(Contract.objects.live()).exclude(currency="PLN")
    reasons = []
    for currency in foreign.order_by("currency").values_list("currency", flat=True).distinct():
        try:
            rate_before(currency, on)
        except ExchangeError as error:
            reasons.append(str(error))
    return reasons

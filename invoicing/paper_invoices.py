"""The monthly fee for paper invoices, and what e-invoices have saved: by the fee table.

A month is charged when it is over, at the rate in force on its first day for the number of live
contracts. A company that had e-invoices on any of its days does not pay for it.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from contracts.enums import LIVE_STATUSES, ContractStatus
from contracts.models import Contract
from eboks import clock
from eboks.audit.services import record
from eboks.feeds.dialect import as_text, new_uuid
from eboks.jobs import leases
from eboks.money import ZERO
from eboks.onboarding.paper_fees import PaperFee
from eboks.tenancy.models import Company
from invoicing.enums import CostKind, FeeChannel
from invoicing.fees import tables
from invoicing.models import EInvoiceConsent, FeeLine

CODE = "paper_invoice"
JOB = "paper_fees"


def tiers(*, on: dt.date) -> list[FeeLine]:
    """What a paper invoice costs a month on the day `on`, by the number of contracts."""
    table = tables(on=on).first()
    if table is None:
        return []
    rows = table.lines.filter(code=CODE, channel=FeeChannel.PAPER)
    return list(rows.select_related("table").order_by("contracts_from", "pk"))


def month_to_charge(on: dt.date) -> dt.date | None:
    """The first day of the month that ended before `on`; None before its first working day."""
    first = on.replace(day=1)
    return clock.add_months(first, -1) if on >= clock.effective_due_on(first) else None


# --- charging ----------------------------------------------------------------------------------


def charge_paper_fees(*, month: dt.date, at: dt.datetime) -> int | None:
    """Charge everybody who had paper invoices in the month of `month`; returns how many.

    Once for a company and month, however often it runs; None when the month has been charged,
    somebody is charging it now, or no table has such a fee.
    """
    first = month.replace(day=1)
    lines = [line for line in tiers(on=first) if line.net]
    if not lines:
        return None
    try:
        lease = leases.take(job=JOB, business_on=first, at=at)
    except (leases.AlreadyDoneError, leases.AlreadyRunningError):
        return None
    with lease.hold(at=at):
        made = _insert(lines, first=first, at=at)
        record(
            event="paper_fees_charged",
            at=at,
            object_kind="month",
            object_ref=f"{first:%Y-%m}",
            facts={"count": made, "version": lines[0].table.version},
        )
        lease.finish(at=at, report={"charged": made})
    return made


def _insert(lines: list[FeeLine], *, first: dt.date, at: dt.datetime) -> int:
    next_month = clock.add_months(first, 1)
    moment = connection.ops.adapt_datetimefield_value
    params = {
        "suffix": f":{first:%Y-%m}",
        "month": f", {first:%m.%Y}",
        "kind": CostKind.FEE.value,
        "on": clock.today(at),
        "at": moment(at),
        "first": first,
        "next": next_month,
        "first_at": moment(_midnight(first)),
        "table": lines[0].table_id,
        "code": CODE,
        "channel": FeeChannel.PAPER.value,
        **{f"status{n}": status.value for n, status in enumerate(LIVE_STATUSES)},
    }
    live = ", ".join(f"%(status{n})s" for n in range(len(LIVE_STATUSES)))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO invoicing_charge (public_id, key, company_id, cost_kind, description,"
            " charged_on, currency, net, vat_code, fee_line_id, cancel_reason, created_at)"
            f" SELECT {new_uuid()}, 'paper:' || {as_text('c.id')} || %(suffix)s, c.id, %(kind)s,"
            " f.title || %(month)s, %(on)s, 'PLN', f.net, f.vat_code, f.id, '', %(at)s"
            " FROM tenancy_company c JOIN ("
            " SELECT company_id, COUNT(*) AS contracts FROM contracts_contract"
            f" WHERE status IN ({live}) AND signed_on < %(next)s GROUP BY company_id"
            " ) k ON k.company_id = c.id"
            " JOIN invoicing_feeline f ON f.table_id = %(table)s AND f.code = %(code)s"
            " AND f.channel = %(channel)s AND f.net > 0 AND k.contracts >= f.contracts_from"
            " AND (f.contracts_to IS NULL OR k.contracts <= f.contracts_to)"
            " WHERE (c.e_invoice_since IS NULL OR c.e_invoice_since >= %(next)s)"
            # With e-invoices in that month, and back to paper since.
            " AND NOT EXISTS (SELECT 1 FROM invoicing_einvoiceconsent e WHERE e.company_id = c.id"
            " AND NOT e.is_given AND e.decided_at >= %(first_at)s)"
            " ON CONFLICT DO NOTHING",
            params,
        )
        return max(int(cursor.rowcount), 0)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=clock.WARSAW)


# --- what was saved ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """PLN net that the company was not charged, for months that are over."""

    this_year: Decimal
    since_start: Decimal
    months: int
    first_month: dt.date | None  # the first of those months


def saved(company: Company, *, on: dt.date) -> Saved:
    """What e-invoices have saved `company` until `on`: for each whole or begun month with them,
    the fee in force that month for its number of contracts then. A fixed number of queries.
    """
    months = _months_with(company, on=on)
    counts = _contracts_in(company, months)
    rates = _Rates(months)
    amounts = {month: rates.of(month, counts[month]) for month in months}
    return Saved(
        this_year=sum((amounts[m] for m in months if m.year == on.year), ZERO),
        since_start=sum(amounts.values(), ZERO),
        months=len(months),
        first_month=months[0] if months else None,
    )


def monthly_fee(company: Company, *, on: dt.date) -> Decimal:
    """What a month of paper invoices costs `company` by the table of `on`, PLN net."""
    month = on.replace(day=1)
    return _Rates([month]).of(month, _contracts_in(company, [month])[month])


def _months_with(company: Company, *, on: dt.date) -> list[dt.date]:
    """First days of the months before `on`'s own in which the company had e-invoices."""
    decisions = EInvoiceConsent.objects.filter(company=company).order_by("decided_at", "pk")
    begun: dt.date | None = None
    spans: list[tuple[dt.date, dt.date]] = []
    for given, at in decisions.values_list("is_given", "decided_at"):
        day = clock.today(at)
        if given:
            begun = begun or day
        elif begun:
            spans.append((begun, day))
            begun = None
    if company.e_invoice_since:  # the core may know of it without a decision here
        spans.append((begun or company.e_invoice_since, on))
    last = clock.add_months(on.replace(day=1), -1)
    found: set[dt.date] = set()
    for since, until in spans:
        month = since.replace(day=1)
        while month <= min(until, last):
            found.add(month)
            month = clock.add_months(month, 1)
    return sorted(found)


def _contracts_in(company: Company, months: Iterable[dt.date]) -> dict[dt.date, int]:
    """How many contracts the company had in each month. What was ended before its time counts in
    no month: the day on which it ended is not known."""
    known = Contract.objects.filter(company=company).filter(
        Q(status__in=LIVE_STATUSES) | Q(status=ContractStatus.CLOSED)
    )
    groups = (
        known.annotate(begun=TruncMonth("signed_on"), over=TruncMonth("end_on"))
        .order_by()
        .values_list("begun", "over", "status")
        .annotate(count=Count("pk"))
    )
    rows = [(begun, over, status in LIVE_STATUSES, count) for begun, over, status, count in groups]
    return {
        month: sum(
            count for begun, over, live, count in rows if begun <= month and (live or month <= over)
        )
        for month in months
    }


class _Rates:
    """The tiers of each of some months, asked once for each table."""

    def __init__(self, months: Iterable[dt.date]) -> None:
        self._tiers: dict[dt.date, list[FeeLine]] = {}
        self._all = list(
            FeeLine.objects.filter(code=CODE, channel=FeeChannel.PAPER)
            .select_related("table")
            .order_by("-table__valid_from", "-table_id", "contracts_from", "pk")
        )
        for month in months:
            self._tiers[month] = self._in_force(month)

    def _in_force(self, on: dt.date) -> list[FeeLine]:
        """As `fees.tables` would choose, among tables that have such a fee."""
        lines = [line for line in self._all if _covers(line, on)]
        return [line for line in lines if line.table_id == lines[0].table_id]

    def of(self, month: dt.date, contracts: int) -> Decimal:
        for line in self._tiers[month]:
            enough = contracts >= line.contracts_from
            if enough and (line.contracts_to is None or contracts <= line.contracts_to):
                return line.net or ZERO
        return ZERO


def _covers(line: FeeLine, on: dt.date) -> bool:
    table = line.table
    return (
        table.valid_from <= on
        and (table.valid_to is None or on <= table.valid_to)
        and (table.signed_from is None or table.signed_from <= on)
        and (table.signed_to is None or on <= table.signed_to)
    )


def for_access_page(on: dt.date) -> list[PaperFee]:
    """The same tiers, as the public page about access shows them."""
    return [
        PaperFee(max(line.contracts_from, 1), line.contracts_to, line.net)
        for line in tiers(on=on)
        if line.net
    ]

"""`/rozrachunki/wyciag/`: the statement of account of one company for a period, and its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.models import Contract
from eboks import clock
from eboks.audit.services import record_export
from eboks.documents.pdf import PdfError
from eboks.documents.responses import XLSX, file_response, unavailable
from eboks.documents.xlsx import TooManyRowsError
from eboks.exports import limits
from eboks.exports.answers import acting, too_many
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.listing import Chip, clean_choice, clean_text, query_string
from eboks.money import zloty_first
from eboks.tenancy.access import has_right, right_required
from eboks.tenancy.models import Company, has_limits
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from eboks.ui.periods import PERIODS, Period, clean_day, named_period, period_label
from eboks.ui.words import short_date
from invoicing.models import Payment, ReceivableItem
from invoicing.scope import acting_companies
from invoicing.statement import Statement
from invoicing.statement_files import (
    Heading,
    TooManyLinesError,
    buckets,
    file_name,
    statement_pdf,
    statement_workbook,
)
from invoicing.statement_words import entries
from invoicing.totals import kept_for
from invoicing.views import contract_choices

_DEFAULT = "this_year"


@dataclass(frozen=True, slots=True)
class StatementFilters:
    """What the address asks for. Only known values ever get in."""

    period: str = ""
    since: str = ""
    until: str = ""
    currency: str = ""
    contract: str = ""  # its number

    @classmethod
    def parse(cls, params: Mapping[str, str], *, currencies: Sequence[str]) -> StatementFilters:
        since, until = clean_day(params.get("since")), clean_day(params.get("until"))
        period = clean_choice(params.get("period"), PERIODS)
        if period or not (since or until):
            since = until = ""
        return cls(
            period=period or ("" if since or until else _DEFAULT),
            since=since,
            until=until,
            currency=clean_choice(params.get("currency"), currencies) or currencies[0],
            contract=clean_text(params.get("contract"), 40),
        )

    def span(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """First and last day; none later than today, which nothing is known of."""
        span = named_period(self.period, on=today) or Period.of_days(self.since, self.until)
        until = min(span.until or today, today)
        since = span.since or until.replace(month=1, day=1)
        return min(since, until), until

    def as_params(self) -> dict[str, str]:
        found = {name: getattr(self, name) for name in self.__slots__}
        return found | {"period": "" if self.period == _DEFAULT else self.period}

    def chips(self, today: dt.date) -> list[Chip]:
        since, until = self.span(today)
        days = f"{short_date(since)} – {short_date(until)}"
        shown = {
            "period": (period_label(self.period, on=today), self.period != _DEFAULT),
            "since": (days, bool(self.since or self.until)),
            "contract": (_("umowa %s") % self.contract, bool(self.contract)),
        }
        cleared = {"since": {"since": "", "until": "", "period": _DEFAULT}}
        return [
            Chip(label, query_string(replace(self, **cleared.get(name, {name: ""})).as_params()))
            for name, (label, is_set) in shown.items()
            if is_set
        ]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The statement that the address asks for."""

    statement: Statement
    heading: Heading
    filters: StatementFilters
    currencies: Sequence[str]
    today: dt.date


def _companies(request: PortalRequest, right: Right) -> list[Company]:
    return acting_companies(request, right)


def _choose(request: PortalRequest, companies: Sequence[Company]) -> HttpResponse:
    """The statement is of one company: asks which, and comes back."""
    context = {"companies": companies, "next": request.get_full_path()}
    return render(request, "tenancy/choose_company.html", context)


def _chosen(request: PortalRequest, company: Company, at: dt.datetime) -> Chosen:
    user, today = request.user, clock.today(at)
    contracts = Contract.objects.for_user(user).for_company(company)
    known = contracts.order_by("currency").values_list("currency", flat=True).distinct()
    currencies = sorted({"PLN", *known}, key=zloty_first)
    filters = StatementFilters.parse(request.GET, currencies=currencies)
    items = ReceivableItem.objects.for_user(user).for_company(company)
    payments = Payment.objects.for_user(user).for_company(company)
    items = items.filter(currency=filters.currency)
    payments = payments.filter(currency=filters.currency)
    if filters.contract:
        contract = contracts.filter(number=filters.contract).first()
        if contract is None:
            filters = replace(filters, contract="")
        else:
            items, payments = items.filter(contract=contract), payments.filter(contract=contract)
    since, until = filters.span(today)
    partial = has_limits(user)
    return Chosen(
        Statement(
            items=items,
            payments=payments,
            since=since,
            until=until,
            is_whole=not (partial or filters.contract),
        ),
        Heading(company, filters.currency, filters.contract, partial),
        filters,
        currencies,
        today,
    )


@require_GET
@right_required(Right.VIEW_FINANCE)
def statement(request: PortalRequest) -> HttpResponse:
    """Opening balance, movements with the running balance, closing balance and its age."""
    companies = _companies(request, Right.VIEW_FINANCE)
    if len(companies) > 1:
        return _choose(request, companies)
    at = timezone.now()
    chosen = _chosen(request, companies[0], at)
    page = paginate(request, chosen.statement)
    context = {
        "statement": chosen.statement,
        "heading": chosen.heading,
        "filters": chosen.filters,
        "chips": chosen.filters.chips(chosen.today),
        "page": page,
        "entries": list(entries(page.object_list)),
        "buckets": buckets(chosen.statement),
        "periods": PERIODS.items(),
        "currencies": chosen.currencies,
        "contracts": contract_choices(
            request, chosen.filters.contract, kept_for(request, on=chosen.today)
        ),
        "export_query": query_string(chosen.filters.as_params()),
        "may_export": has_right(request, Right.EXPORT_REPORTS),
        "today": chosen.today,
        "fresh": freshness(at=at),
    }
    return render(request, "invoicing/statement.html", context)


@require_GET
@right_required(Right.EXPORT_REPORTS)
def statement_file(request: PortalRequest, kind: str) -> HttpResponseBase:
    """The same as a file; a page that says why when it cannot be made. Counts as an export."""
    companies = _companies(request, Right.EXPORT_REPORTS)
    if len(companies) > 1:
        return _choose(request, companies)
    at = timezone.now()
    chosen = _chosen(request, companies[0], at)
    make, content_type = {
        "pdf": (statement_pdf, "application/pdf"),
        "xlsx": (statement_workbook, XLSX),
    }[kind]
    try:
        use = limits.begin(owner=acting(request), kind=f"statement_{kind}", at=at)
    except limits.LimitError as error:
        return too_many(request, error)
    try:
        file = make(chosen.statement, heading=chosen.heading, at=at)
    except (PdfError, TooManyLinesError, TooManyRowsError) as error:
        return unavailable(request, str(error))
    finally:
        limits.let_go(use)
    name = file_name(chosen.statement, chosen.heading, kind)
    record_export(name=name, companies=companies, actor=request.user, at=at)
    return file_response(file, file_name=name, content_type=content_type, inline=kind == "pdf")

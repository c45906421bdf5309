"""„Zapłaciłem”, „Zapłacę do…”, and the page of what was prepared, reported and promised."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from eboks import clock
from eboks.audit.services import record
from eboks.documents.responses import document_response
from eboks.http import PortalRequest
from eboks.money import ZERO, format_money
from eboks.tenancy.access import has_right, has_right_in, right_required, scoped_or_404
from eboks.tenancy.acting import choose_company, company_with
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from eboks.ui.words import short_date
from invoicing import promises, reported, selection
from invoicing.baskets import with_left
from invoicing.models import (
    PaymentBasket,
    PaymentPromise,
    PaymentReport,
    ReceivableItem,
)
from invoicing.paying import PayingError
from invoicing.paying_forms import PromiseForm, ReportForm
from invoicing.scope import scoped

_SHOWN = 50


# --- which items a form is about ---------------------------------------------------------------


def _about(request: PortalRequest) -> selection.Selection:
    """Items that a form was opened or sent for: named in it, of an invoice, of a basket, or the
    ticked ones."""
    if request.method == "POST":
        return selection.of(request, selection.ids_of(request.POST.getlist("item")))
    rows = selection.own_items(request)
    for name, path in (("faktura", "invoice__public_id"), ("przelew", "baskets__public_id")):
        if asked := request.GET.get(name):
            found = rows.filter(**{path: _uuid(asked)})
            return selection.of(request, found.order_by("pk").values_list("pk", flat=True))
    return selection.read(request)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _one_company(items: Sequence[ReceivableItem]) -> Company | None:
    companies = {item.company_id: item.company for item in items}
    return next(iter(companies.values())) if len(companies) == 1 else None


def _total(items: Sequence[ReceivableItem]) -> Decimal:
    return sum((item.open_amount for item in items), ZERO)


def _keys(items: Sequence[ReceivableItem]) -> list[tuple[ReceivableItem, str]]:
    return [(item, selection.key_of(item)) for item in items]


def _mixed(items: Sequence[ReceivableItem]) -> str:
    """Why `items` cannot be reported or promised together; empty when they can."""
    if len({item.company_id for item in items}) > 1:
        return _("Wybierz pozycje jednej firmy.")
    if len({item.currency for item in items}) > 1:
        return _("Wybierz pozycje w jednej walucie.")
    return ""


def _refused(form: ReportForm | PromiseForm, error: PayingError) -> None:
    """Says why. Nothing was kept under the form's key; sent again it is another form."""
    form.add_error(None, str(error))
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["form_key"] = str(uuid.uuid4())  # type: ignore[index]


# --- „Zapłaciłem” ------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@right_required(Right.HANDLE_PAYMENTS)
def report_payment(request: PortalRequest) -> HttpResponse:
    """`/rozrachunki/zaplacilem/`: a transfer that was sent; reminders wait for it."""
    at = timezone.now()
    items = _about(request).items
    if problem := _mixed(items):
        messages.error(request, problem)
        return redirect("invoicing:settlements")
    company = _one_company(items)
    if company is None:
        if all(membership.has_limits for membership in request.memberships):
            messages.info(request, _("Zaznacz, za co zapłacono."))
            return redirect("invoicing:settlements")
        company = company_with(request, Right.HANDLE_PAYMENTS)
        if company is None:
            return choose_company(request, Right.HANDLE_PAYMENTS)
    currency = items[0].currency if items else ""
    total = _total(items)
    initial = {
        "paid_on": clock.today(at),
        "amount": format_money(total, with_currency=False) if items else "",
    }
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ReportForm(*sent, currency=currency, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            reported.report_payment(
                company=company,
                items=items,
                paid_on=data["paid_on"],
                amount=data["amount"],
                currency=currency or data["currency"],
                scan=data["proof"],
                form_key=data["form_key"],
                actor=request.user,
                at=at,
            )
        except PayingError as error:
            _refused(form, error)
        else:
            selection.clear(request)
            messages.success(
                request, _("Zgłoszenie przyjęte. Damy znać na tej stronie, gdy przelew dotrze.")
            )
            return redirect("invoicing:paying")
    context = {"form": form, "items": _keys(items), "company": company, "total": total}
    return render(request, "invoicing/report_payment.html", context)


@require_POST
def report_withdraw(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    rows = PaymentReport.objects.select_related("company")
    report = scoped_or_404(rows, request.user, public_id=public_id)
    _check_right(request, report.company_id)
    try:
        reported.withdraw(report=report, actor=request.user, at=timezone.now())
    except PayingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Zgłoszenie wycofane."))
    return redirect("invoicing:paying")


@require_GET
def report_proof(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The confirmation that was added to a report."""
    rows = PaymentReport.objects.select_related("company", "proof")
    report = scoped_or_404(rows, request.user, public_id=public_id)
    if report.proof is None:
        raise Http404
    record(
        event="document_downloaded",
        at=timezone.now(),
        actor=request.user,
        company=report.company,
        object_kind="payment_report",
        object_ref=str(report.public_id),
        facts={"name": report.proof.file_name},
    )
    return document_response(request, report.proof)


# --- „Zapłacę do…” -----------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@right_required(Right.HANDLE_PAYMENTS)
def promise_payment(request: PortalRequest) -> HttpResponse:
    """`/rozrachunki/zaplace/`: by which day the chosen items will be paid, within the rules."""
    at = timezone.now()
    today = clock.today(at)
    items = _about(request).items
    if problem := _mixed(items):
        messages.error(request, problem)
        return redirect("invoicing:settlements")
    company = _one_company(items)
    last = promises.last_day(today)
    sent = request.POST if request.method == "POST" else None
    form = PromiseForm(sent, today=today, last=last, initial={"pay_by": last})
    if company is not None and form.is_valid():
        try:
            row = promises.promise(
                company=company,
                items=items,
                pay_by=form.cleaned_data["pay_by"],
                form_key=form.cleaned_data["form_key"],
                actor=request.user,
                at=at,
            )
        except PayingError as error:
            _refused(form, error)
        else:
            selection.clear(request)
            text = _("Obietnica przyjęta. Do %s nie przypominamy.") % short_date(row.pay_by)
            messages.success(request, text)
            return redirect("invoicing:paying")
    context = {
        "form": form,
        "items": _keys(items),
        "company": company,
        "total": _total(items),
        "last": last,
        "refusal": promises.why_not(items),
    }
    return render(request, "invoicing/promise_payment.html", context)


@require_POST
def promise_withdraw(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    rows = PaymentPromise.objects.select_related("company")
    row = scoped_or_404(rows, request.user, public_id=public_id)
    _check_right(request, row.company_id)
    try:
        promises.withdraw(promise=row, actor=request.user, at=timezone.now())
    except PayingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Obietnica wycofana."))
    return redirect("invoicing:paying")


def _check_right(request: PortalRequest, company_id: int) -> None:
    if not has_right_in(request, company_id, Right.HANDLE_PAYMENTS):
        raise PermissionDenied


# --- all of it ---------------------------------------------------------------------------------


@require_GET
@right_required(Right.VIEW_FINANCE)
def paying(request: PortalRequest) -> HttpResponse:
    """`/rozrachunki/przelewy/`: baskets, reports and promises, the latest of each."""
    baskets = scoped(request, PaymentBasket.objects.all(), right=Right.VIEW_FINANCE)
    reports = scoped(request, PaymentReport.objects.all(), right=Right.VIEW_FINANCE)
    promised = scoped(request, PaymentPromise.objects.all(), right=Right.VIEW_FINANCE)
    own = {
        membership.company_id
        for membership in request.memberships
        if Right.HANDLE_PAYMENTS in membership.rights
    }
    context = {
        "baskets": list(with_left(baskets).select_related("company").order_by("-pk")[:_SHOWN]),
        "reports": list(reports.select_related("company").order_by("-pk")[:_SHOWN]),
        "promises": list(promised.select_related("company").order_by("-pk")[:_SHOWN]),
        "own": own,
        "may_pay": has_right(request, Right.HANDLE_PAYMENTS),
        "several_companies": request.company is None and len(request.memberships) > 1,
    }
    return render(request, "invoicing/paying.html", context)

"""The payment basket: ticking items, one transfer for all of them, and its page and PDF."""

from __future__ import annotations

import base64
import datetime as dt
import io
import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from eboks import clock
from eboks.audit.services import record
from eboks.documents.brand import lessor_brand
from eboks.documents.pdf import PdfError, render_pdf
from eboks.documents.responses import file_response, unavailable
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.money import ZERO
from eboks.tenancy.access import has_right_in, right_required, scoped_or_404
from eboks.tenancy.models import LessorProfile
from eboks.tenancy.rights import Right
from invoicing import baskets, selection, transfer_qr
from invoicing.models import PaymentBasket, ReceivableItem
from invoicing.paying import PayingError
from invoicing.paying_to import Transfer, transfer
from invoicing.words import State, item_state

_LONGEST_ADDRESS = 2000
_LEADS_TO = {"report": "invoicing:report_payment", "promise": "invoicing:promise_payment"}


@require_POST
@right_required(Right.HANDLE_PAYMENTS)
def select(request: PortalRequest) -> HttpResponse:
    """What is ticked on the page of settlements: kept, made into a basket, reported, promised."""
    fits = selection.update(
        request, shown=request.POST.getlist("shown"), ticked=request.POST.getlist("item")
    )
    if not fits:
        messages.warning(request, _("Wybierzesz najwyżej %d pozycji naraz.") % baskets.MOST_ITEMS)
    then = request.POST.get("then", "")
    if then == "basket":
        return _make(request)
    if then in _LEADS_TO:
        return redirect(_LEADS_TO[then])
    if then == "clear":
        selection.clear(request)
    if request.htmx:
        context = {"chosen": selection.read(request)}
        return render(request, "invoicing/_selection.html", context)
    back = QueryDict(request.POST.get("back", "")[:_LONGEST_ADDRESS]).urlencode()
    return redirect(f"{reverse('invoicing:settlements')}{'?' if back else ''}{back}")


def _make(request: PortalRequest) -> HttpResponse:
    chosen = selection.read(request)
    try:
        made = baskets.make_baskets(items=chosen.items, actor=request.user, at=timezone.now())
    except PayingError as error:
        messages.error(request, str(error))
        return redirect("invoicing:settlements")
    selection.clear(request)
    if len(made) == 1:
        return redirect("invoicing:basket", made[0].public_id)
    text = ngettext(
        "Potrzebny jest %(n)d przelew: każda firma i waluta ma swój.",
        "Potrzebne są %(n)d przelewy: każda firma i waluta ma swój.",
        len(made),
    )
    messages.info(request, text % {"n": len(made)})
    return redirect("invoicing:paying")


@dataclass(frozen=True, slots=True)
class BasketPage:
    """A basket as things stand. `is_stale`: something of it was paid or changed since."""

    basket: PaymentBasket
    items: list[tuple[ReceivableItem, State]]
    is_paid: bool
    is_stale: bool
    transfer: Transfer


def _page(basket: PaymentBasket, *, today: dt.date) -> BasketPage:
    rows = basket.items.select_related("contract", "invoice")
    items = list(rows.order_by("effective_due_on", "pk"))
    left = sum((item.open_amount for item in items), ZERO)
    is_paid = baskets.is_paid(basket, left=left)
    lessor = LessorProfile.objects.order_by("pk").first()
    return BasketPage(
        basket=basket,
        items=[(item, item_state(item, today=today)) for item in items],
        is_paid=is_paid,
        is_stale=not is_paid and (left != basket.total or basket.payment_id is not None),
        transfer=transfer(
            name=lessor.name if lessor else "",
            nip=lessor.nip if lessor else "",
            account=basket.account,
            amount=basket.total,
            currency=basket.currency,
            title=basket.title,
        ),
    )


def _basket(request: PortalRequest, public_id: uuid.UUID) -> PaymentBasket:
    rows = PaymentBasket.objects.select_related("company", "payment__reversed_by")
    return scoped_or_404(rows, request.user, public_id=public_id)


@require_GET
def basket(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/rozrachunki/przelewy/<id>/`: amount, account and title to copy, the code, what it pays."""
    at = timezone.now()
    row = _basket(request, public_id)
    page = _page(row, today=clock.today(at))
    context = {
        "page": page,
        "basket": row,
        "transfer": page.transfer,
        "may_pay": has_right_in(request, row.company_id, Right.HANDLE_PAYMENTS),
        "fresh": freshness(at=at),
    }
    return render(request, "invoicing/basket.html", context)


@require_GET
def basket_pdf(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The transfer on paper: for whoever pays elsewhere."""
    at = timezone.now()
    today = clock.today(at)
    row = _basket(request, public_id)
    page = _page(row, today=today)
    title = _("Przelew %s") % row.code
    context = {
        "title": title,
        "created": today.isoformat(),
        "brand": lessor_brand(),
        "page": page,
        "basket": row,
        "transfer": page.transfer,
        "qr": _as_address(page.transfer),
        "today": today,
    }
    try:
        content = render_pdf(render_to_string("invoicing/basket_pdf.html", context), title=title)
    except PdfError as error:
        return unavailable(request, str(error))
    record(
        event="basket_downloaded",
        at=at,
        actor=request.user,
        company=row.company,
        object_kind="basket",
        object_ref=row.code,
    )
    return file_response(
        io.BytesIO(content), file_name=f"przelew-{row.code}.pdf", content_type="application/pdf"
    )


def _as_address(to_pay: Transfer) -> str:
    """The code as a data: address: all that a document may carry."""
    if to_pay.qr is None:
        return ""
    drawing = transfer_qr.standing_alone(to_pay.qr)
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


@require_POST
def basket_renew(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """A new transfer for what is still open of an outdated one."""
    row = _basket(request, public_id)
    if not has_right_in(request, row.company_id, Right.HANDLE_PAYMENTS):
        raise PermissionDenied
    try:
        made = baskets.renew(basket=row, actor=request.user, at=timezone.now())
    except PayingError as error:
        messages.info(request, str(error))
        return redirect("invoicing:basket", row.public_id)
    messages.success(request, _("Nowy przelew jest gotowy. Poprzedniego już nie używaj."))
    return redirect("invoicing:basket", made.public_id)

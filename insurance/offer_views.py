"""Renewal offers: the list, one of them beside the policy that ends, accepting and declining."""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from eboks import clock, origin
from eboks.authorisation import services as signing_gate
from eboks.authorisation.registry import Refused
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in, right_required, scoped_or_404
from eboks.tenancy.proof import proof_missing
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from insurance import gate, offers
from insurance.enums import OfferState
from insurance.models import RenewalOffer
from insurance.offers import OfferError

LOOKS = {
    OfferState.OPEN: "warn",
    OfferState.ACCEPTED: "good",
    OfferState.ISSUED: "good",
    OfferState.DECLINED: "neutral",
    OfferState.WITHDRAWN: "neutral",
}


@require_GET
@right_required(Right.VIEW_INSURANCE)
def offer_list(request: PortalRequest) -> HttpResponse:
    """`/ubezpieczenia/oferty/`: what waits for a decision first, the nearest term on top."""
    rows = RenewalOffer.objects.for_user(request.user).for_company(request.company)
    today = clock.today(timezone.now())
    waiting = rows.filter(state=OfferState.OPEN, answer_by__gte=today)
    past = request.GET.get("stan") == "zakonczone"
    shown = rows.exclude(pk__in=waiting.values("pk")) if past else waiting
    order = ("-made_at", "-pk") if past else ("answer_by", "pk")
    page = paginate(request, shown.select_related("company", "asset", "insurer").order_by(*order))
    context = {
        "page": page,
        "lines": [(row, *_state(row, today)) for row in page],
        "past": past,
        "several_companies": request.company is None and len(request.memberships) > 1,
    }
    return render(request, "insurance/offers.html", context)


@require_http_methods(["GET", "POST"])
def offer(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/ubezpieczenia/oferty/<id>/`: what is covered, for how much, until when; POST begins the
    signature."""
    row = _row(request, public_id)
    if request.method == "POST":
        return _sign(request, row)
    today = clock.today(timezone.now())
    look, state = _state(row, today)
    own = row.contract.company_id == row.company_id
    open_now = own and row.state == OfferState.OPEN and today <= row.answer_by
    context = {
        "offer": row,
        "own": own,
        "look": look,
        "state": state,
        "risks": [
            (
                risk.label,
                gate.terms(new, row.currency) if new else "",
                gate.terms(old, row.policy.currency) if old and row.policy else "",
            )
            for risk, new, old in offers.compared(row)
        ],
        "parts": offers.parts_of(row),
        "is_open": open_now,
        "too_late": own and row.state == OfferState.OPEN and not open_now,
        # Its own price is for whoever answers it; what is paid now is finance.
        "sees_money": has_right_in(request, row.company_id, Right.VIEW_FINANCE),
        "may_sign": has_right_in(request, row.company_id, Right.SIGN),
        "may_decline": has_right_in(request, row.company_id, Right.HANDLE_INSURANCE),
        "form_key": uuid.uuid4(),
    }
    return render(request, "insurance/offer.html", context)


@require_POST
def offer_decline(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    row = _row(request, public_id)
    if not has_right_in(request, row.company_id, Right.HANDLE_INSURANCE):
        raise PermissionDenied
    try:
        offers.decline(offer=row, actor=request.user, at=timezone.now())
        messages.success(request, _("Oferta odrzucona. Pamiętaj o własnej polisie."))
    except OfferError as error:
        messages.error(request, str(error))
    return redirect("insurance:offer", row.public_id)


def _sign(request: PortalRequest, row: RenewalOffer) -> HttpResponse:
    if not has_right_in(request, row.company_id, Right.SIGN):
        messages.warning(request, _("Ofertę przyjmuje osoba z prawem podpisu."))
        return redirect("insurance:offer", row.public_id)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    try:
        form_key = uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        form_key = uuid.uuid4()
    try:
        instruction = signing_gate.prepare(
            operation=gate.OPERATION,
            user=request.user,
            company=row.company,
            payload={"offer": str(row.public_id)},
            form_key=form_key,
            session=origin.current().session,
            at=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("insurance:offer", row.public_id)
    return redirect("authorisation:check", instruction.public_id)


def _row(request: PortalRequest, public_id: uuid.UUID) -> RenewalOffer:
    rows = RenewalOffer.objects.select_related(
        "company", "contract", "asset", "insurer", "policy__insurer", "issued_policy", "instruction"
    )
    found: RenewalOffer = scoped_or_404(rows, request.user, public_id=public_id)
    return found


def _state(row: RenewalOffer, today: dt.date) -> tuple[str, str]:
    """Its look and the word for it: an open offer whose time is over says so."""
    if row.state == OfferState.OPEN and today > row.answer_by:
        return "neutral", _("po terminie")
    return LOOKS[OfferState(row.state)], str(row.get_state_display())

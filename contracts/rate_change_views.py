"""Pages about changes of the rate: why an instalment changed, the notice, the list of all."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.enums import RateChangeOutcome
from contracts.models import RateChange
from contracts.rate_change_notice import ensure_notice
from contracts.rate_change_page import page_of
from eboks import clock
from eboks.audit.services import record
from eboks.documents.pdf import PdfError
from eboks.documents.responses import document_response, unavailable
from eboks.http import PortalRequest
from eboks.tenancy.access import right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate


def _change_or_404(
    request: PortalRequest, public_id: uuid.UUID, change_id: uuid.UUID
) -> RateChange:
    """The change of that very contract; 404 for a stranger, 403 without the right."""
    rows = RateChange.objects.select_related("contract__company", "new_version", "old_version")
    return scoped_or_404(rows, request.user, public_id=change_id, contract__public_id=public_id)


@require_GET
def rate_change(request: PortalRequest, public_id: uuid.UUID, change_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/zmiana-raty/<id>/`: „Dlaczego zmieniła się rata?”"""
    change = _change_or_404(request, public_id, change_id)
    context = {
        "change": change,
        "contract": change.contract,
        "page": page_of(change, contract=change.contract),
        "several_companies": len(request.memberships) > 1,
    }
    return render(request, "contracts/rate_change.html", context)


@require_GET
def rate_change_pdf(
    request: PortalRequest, public_id: uuid.UUID, change_id: uuid.UUID
) -> HttpResponseBase:
    """The notice as a document; a page that says why (503) when PDFs cannot be made here."""
    at = timezone.now()
    change = _change_or_404(request, public_id, change_id)
    try:
        document = ensure_notice(change=change, at=at)
    except PdfError as error:
        return unavailable(request, str(error))
    response = document_response(request, document, inline=True)
    if response.status_code == 200:
        record(
            event="rate_change_downloaded",
            at=at,
            actor=request.user,
            company=change.contract.company,
            object_kind="contract",
            object_ref=change.contract.number,
            facts={"number": change.contract.number, "effective_on": str(change.effective_on)},
        )
    return response


@require_GET
@right_required(Right.VIEW_CONTRACTS)
def rate_changes(request: PortalRequest) -> HttpResponse:
    """`/umowy/zmiany-rat/`: changes of all contracts, latest first; `?wszystkie=1` also those that
    left the instalments as they were."""
    with_unchanged = request.GET.get("wszystkie") == "1"
    rows = RateChange.objects.for_user(request.user).for_company(request.company)
    if not with_unchanged:
        rows = rows.filter(outcome=RateChangeOutcome.CHANGED)
    page = paginate(
        request, rows.select_related("contract__company").order_by("-effective_on", "-pk")
    )
    context = {
        "page": page,
        "with_unchanged": with_unchanged,
        "several_companies": request.company is None and len(request.memberships) > 1,
        "today": clock.today(timezone.now()),
    }
    return render(request, "contracts/rate_changes.html", context)

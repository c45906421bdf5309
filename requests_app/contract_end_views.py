"""The end of a contract: what can come after it, what each costs, what is to be done and when."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.ending import is_near_end, opens_on
from contracts.enums import LIVE_STATUSES, AssetCategory, Product
from contracts.models import Contract
from eboks import clock
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in, scoped_or_404
from eboks.tenancy.rights import Right
from invoicing.models import ReceivableItem
from requests_app.contract_end import costs_of, extension_fee
from requests_app.enums import LOOKS, OPEN, Status
from requests_app.models import Request
from requests_app.types.contract_end import TYPE


@require_GET
def contract_end(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/wnioski/koniec-umowy/<contract>/`: from 90 days before the end; earlier it says when."""
    at = timezone.now()
    today = clock.today(at)
    contract: Contract = scoped_or_404(
        Contract.objects.select_related("company"), request.user, public_id=public_id
    )
    if not has_right_in(request, contract.company_id, Right.VIEW_FINANCE):
        raise PermissionDenied
    is_open = is_near_end(contract, on=today)
    context = {
        "contract": contract,
        "is_open": is_open,
        "is_over": contract.status not in LIVE_STATUSES,
        "is_loan": contract.product == Product.LOAN,
        "opens_on": opens_on(contract),
        "several_companies": len(request.memberships) > 1,
        "today": today,
        "fresh": freshness(at=at),
    }
    if is_open:
        items = ReceivableItem.objects.for_user(request.user)
        filed = _filed(request, contract)
        context |= {
            "choose_by": contract.end_on if contract.end_on >= today else None,
            "has_vehicle": contract.assets.filter(category=AssetCategory.VEHICLE).exists(),
            "costs": costs_of(contract, items=items, on=today),
            "extension": extension_fee(contract, on=today),
            "filed": filed,
            "look": LOOKS[Status(filed.status)] if filed else "",
            "may_start": has_right_in(request, contract.company_id, TYPE.right)
            and (filed is None or filed.status not in {Status.DRAFT, *OPEN}),
            "kind": TYPE,
        }
    return render(request, "requests_app/contract_end.html", context)


def _filed(request: PortalRequest, contract: Contract) -> Request | None:
    """The choice that is made already, or the person's own draft of it."""
    mine = Q(status=Status.DRAFT, author=request.user.pk)
    going = Q(status__in=[*OPEN, Status.CLOSED])
    rows = Request.objects.for_user(request.user).filter(
        mine | going, kind=TYPE.name, contract=contract, company=contract.company_id
    )
    found: Request | None = rows.order_by("-changed_at", "-pk").first()
    return found

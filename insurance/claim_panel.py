"""Open claims of a vehicle on its page, and the way to report another."""

from __future__ import annotations

from contracts.models import Asset
from contracts.vehicle_panels import Panel, add_panel
from eboks import clock
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in
from eboks.tenancy.rights import Right
from insurance.claim_words import LOOKS
from insurance.enums import CLAIMS_ENDED, ClaimStatus
from insurance.models import Claim

_SHOWN = 5


def register() -> None:
    """Called once, when the app is ready."""
    add_panel("claims", order=40, build=_build)


def _build(request: PortalRequest, asset: Asset) -> Panel | None:
    company_id = asset.contract.company_id
    if not has_right_in(request, company_id, Right.VIEW_INSURANCE):
        return None
    rows = (
        Claim.objects.for_user(request.user)
        .filter(asset=asset)
        .exclude(status__in=CLAIMS_ENDED)
        .order_by("-happened_at", "-pk")[: _SHOWN + 1]
    )
    found = [(row, LOOKS[ClaimStatus(row.status)], clock.today(row.happened_at)) for row in rows]
    return Panel(
        "insurance/claims_panel.html",
        {
            "rows": found[:_SHOWN],
            "more": len(found) > _SHOWN,
            "may_report": has_right_in(request, company_id, Right.HANDLE_INSURANCE),
        },
    )

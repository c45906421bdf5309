"""A consent that travels with a vehicle: its panel, and the paper for whoever drives."""

from __future__ import annotations

import uuid

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.models import Asset
from contracts.vehicle_panels import Panel, add_panel
from eboks import clock
from eboks.audit.services import record
from eboks.documents.responses import document_response
from eboks.http import PortalRequest
from eboks.tenancy.access import scoped_or_404
from requests_app.models import RequestPaper


def register() -> None:
    """Called once, when the app is ready."""
    add_panel("vehicle_papers", order=35, build=_panel)


def _panel(request: PortalRequest, asset: Asset) -> Panel | None:
    """„Zgody i dokumenty do pojazdu”: those valid today, of the vehicle's present lessee."""
    rows = RequestPaper.of_vehicles.for_user(request.user).carried(on=clock.today(timezone.now()))
    papers = rows.filter(request__asset=asset, request__company=asset.contract.company_id)
    found = list(papers.order_by("valid_to", "number"))
    return Panel("requests_app/_vehicle_papers.html", {"papers": found}) if found else None


@require_GET
def vehicle_paper(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/wnioski/dokumenty-pojazdu/<id>/`: the consent, as long as it is valid."""
    at = timezone.now()
    found: RequestPaper = scoped_or_404(
        RequestPaper.of_vehicles.carried(on=clock.today(at)).select_related(
            "request__company", "document"
        ),
        request.user,
        public_id=public_id,
    )
    record(
        event="request_paper_read",
        at=at,
        actor=request.user,
        company=found.request.company,
        object_kind="request_paper",
        object_ref=found.number,
        facts={"number": found.number},
    )
    assert found.document is not None  # noqa: S101 -- `carried` asks for it
    return document_response(request, found.document)

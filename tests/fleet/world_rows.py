"""Rows of a vehicle for `tests.world`: each text carries the company's mark."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.documents.services import store
from requests_app.models import RequestPaper
from requests_app.models.vehicle_uses import VehicleUse
from tests.fleet import factories as fleet


def make_fleet_rows(mark: str, owner: User, asset: Asset, use: VehicleUse) -> dict[str, Any]:
    """A record of each kind, a reading with a photo that the owner entered, a consent to carry."""
    at = timezone.now()
    today = clock.today(at)
    company = asset.contract.company

    def kept(key: str, name: str) -> Any:
        return store(
            company=company,
            key=f"{key}:{uuid.uuid4()}",
            content=f"%PDF-1.7 {mark}".encode(),
            file_name=f"{name} {mark}.pdf",
            content_type="application/octet-stream",
            renderer="test",
            at=at,
        )

    own = {"asset": asset, "on": today}
    fleet.ServiceVisitFactory(**own, workshop=f"Serwis {mark}", items=f"Zakres {mark}")
    fleet.DamageFactory(**own, description=f"Szkoda {mark}")
    fleet.FuelTransactionFactory(**own, station=f"Stacja {mark}", card=f"…{mark}"[:20])
    fleet.TyreSetFactory(**own, set_id=f"K {mark}")
    fleet.ReplacementCarFactory(**own, reason=f"Powód {mark}")
    fleet.TollFactory(**own, place=f"Miejsce {mark}")
    reading = fleet.MileageReadingFactory(
        **own, author=owner, recorded_at=at, photo=kept("mileage_photo", "licznik")
    )
    paper = RequestPaper.objects.create(
        request=use.request,
        number=f"W-U-{mark}/PL"[:30],
        title=f"Zgoda {mark}",
        language="pl",
        text_version="1",
        document=kept("request_paper", "zgoda"),
        check_code=f"U{mark.upper()}2345"[:40],
        valid_from=today,
        made_at=at,
    )
    return {"reading": reading, "vehicle_paper": paper}

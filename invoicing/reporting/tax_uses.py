"""What clients say of how they use their vehicles: kept by day, for the tax sheet alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import OuterRef, Subquery

from contracts.enums import AssetCategory
from contracts.models import Asset, AssetQuerySet
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.tenancy.models import Company
from invoicing.enums import VatUse
from invoicing.models import AssetTaxUse

INCOME_PCTS = (100, 75, 20)


def with_use(rows: AssetQuerySet, *, on: dt.date) -> AssetQuerySet:
    """Vehicles of `rows` with the id of their use on the day `on` (`use_id`, None without one)."""
    said = AssetTaxUse.objects.filter(asset=OuterRef("pk"), valid_from__lte=on)
    last = said.order_by("-valid_from", "-pk").values("pk")[:1]
    return rows.filter(category=AssetCategory.VEHICLE).annotate(use_id=Subquery(last))


@transaction.atomic
def set_uses(
    *,
    assets: Sequence[Asset],
    is_passenger_car: bool,
    vat_use: VatUse,
    income_pct: int,
    valid_from: dt.date,
    actor: User,
    at: dt.datetime,
) -> int:
    """Say the same of all `assets` from a day on; an earlier word for that day is replaced.

    What is no passenger car deducts everything, whatever else was given. Returns how many.
    """
    if not is_passenger_car:
        vat_use, income_pct = VatUse.FULL, 100
    AssetTaxUse.objects.bulk_create(
        [
            AssetTaxUse(
                asset=asset,
                valid_from=valid_from,
                is_passenger_car=is_passenger_car,
                vat_use=vat_use,
                income_pct=income_pct,
                set_at=at,
                set_by=actor,
            )
            for asset in assets
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["asset", "valid_from"],
        update_fields=["is_passenger_car", "vat_use", "income_pct", "set_at", "set_by"],
    )
    counts: dict[int, int] = {}
    for asset in assets:
        company_id = asset.contract.company_id
        counts[company_id] = counts.get(company_id, 0) + 1
    for company in Company.objects.filter(pk__in=counts).order_by("pk"):
        record(
            event="vehicle_use_set",
            at=at,
            actor=actor,
            company=company,
            facts={"count": counts[company.pk], "from": valid_from},
        )
    return len(assets)

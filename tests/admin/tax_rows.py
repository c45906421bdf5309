"""How a vehicle is used, for the back office's lists."""

from __future__ import annotations

from django.utils import timezone

from contracts.models import Asset
from eboks.tenancy.models import Membership
from invoicing.enums import VatUse
from invoicing.models import AssetTaxUse
from tests import factories as f


def make_tax_rows(membership: Membership, n: int) -> None:
    """One word of this member about a vehicle of the company."""
    asset = Asset.objects.filter(contract__company=membership.company).order_by("pk")[0]
    AssetTaxUse.objects.create(
        asset=asset,
        valid_from=f.TODAY,
        vat_use=VatUse.FULL,
        income_pct=100,
        set_at=timezone.now(),
        set_by=membership.user,
    )

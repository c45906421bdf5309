"""VAT that is not deducted as a cost of vehicles (TCO, domain 6), from their invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext_lazy

from contracts.fleet.costs import CostSource, Monthly, add_source
from contracts.models import Asset
from eboks.money import ZERO
from eboks.tenancy.rights import Right
from invoicing.enums import VatUse
from invoicing.models import AssetTaxUse, InvoiceRow
from invoicing.reporting.tax_sheet import lines_of


def not_deducted(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Monthly:
    """In PLN, by the month in which the invoice was issued to the present lessee.

    By the rules of the tax sheet: half of the VAT of a passenger car that the client has said to be
    of mixed use on that day, nothing of any other vehicle; notes, deposits and the buyout are left
    out, and so is an invoice in another currency without a rate. VAT on fuel cards is not on these
    invoices.
    """
    mixed = assets.filter(
        tax_uses__vat_use=VatUse.MIXED,
        tax_uses__is_passenger_car=True,
        tax_uses__valid_from__lte=last,
    ).order_by()
    rows = InvoiceRow.objects.filter(
        invoice__contract__in=mixed.values("contract"),
        invoice__company=F("invoice__contract__company"),
        invoice__issued_on__gte=first,
        invoice__issued_on__lte=last,
    ).exclude(vat=0)
    wanted = set(mixed.values_list("pk", flat=True))
    found: dict[tuple[int, dt.date], Decimal] = {}
    for line in lines_of(rows):
        if line.asset is None or line.asset.pk not in wanted or line.split is None:
            continue
        key = line.asset.pk, line.row.invoice.issued_on.replace(day=1)
        found[key] = found.get(key, ZERO) + line.split.vat_cost
    return {key: value for key, value in found.items() if value}


def _said(companies: Collection[int]) -> object:
    """The client says anew how a car is used."""
    rows = AssetTaxUse.objects.filter(asset__contract__company__in=companies)
    return rows.aggregate(at=Max("set_at"))["at"]


def register() -> None:
    """Called once, when the app is ready."""
    add_source(
        CostSource(
            name="vat",
            title=gettext_lazy("VAT bez odliczenia"),
            order=20,
            right=Right.VIEW_FINANCE,
            monthly=not_deducted,
            changed=_said,
        )
    )

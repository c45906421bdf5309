"""The VAT of a financial lease after a change of its index: a correction of the one VAT invoice.

VAT was paid at handover on everything the lessee will pay. A new index changes the interest of
the later instalments, so the base moves by their difference (domain 1.1).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from contracts.enums import Product, RateChangeOutcome, RowKind
from contracts.models import RateChange, ScheduleRow
from contracts.vat import vat_of
from eboks.money import ZERO
from invoicing.issuing.corrections import CorrectionError, RowState, write_correction
from invoicing.issuing.drafting import upfront_words
from invoicing.issuing.mode import SOURCE, signed_for_issuer
from invoicing.models import Invoice, UpfrontVat

__all__ = ["CorrectionError", "correct_for", "difference", "waiting"]


def waiting() -> QuerySet[RateChange]:
    """Changes of financial leases invoiced here that came after the VAT invoice and have no
    correction, in the order in which they happened."""
    invoices = Invoice.objects.filter(
        contract=OuterRef("contract"), upfront_vat__isnull=False, corrects__isnull=True
    )
    return (
        RateChange.objects.filter(
            signed_for_issuer("contract__"),
            Exists(invoices.filter(received_at__lt=OuterRef("created_at"))),
            contract__product=Product.FINANCIAL,
            outcome=RateChangeOutcome.CHANGED,
            new_version__isnull=False,
            correction__isnull=True,
        )
        .select_related("contract", "new_version")
        .order_by("pk")
    )


def difference(change: RateChange) -> Decimal | None:
    """By how much the change moves the base of VAT; None when it does not."""
    stated = UpfrontVat.objects.filter(invoice__contract=change.contract_id)
    base = stated.aggregate(base=Sum("base"))["base"]
    moved = _base_after(change) - (base or ZERO)
    return moved if base is not None and moved else None


def correct_for(*, change: RateChange, on: dt.date, at: dt.datetime) -> Invoice | None:
    """The correcting invoice for a change of the index, dated `on`; in the caller's transaction.

    None when the base of VAT does not move. One for each change, by a unique key.
    """
    rows = Invoice.objects.filter(
        source_system=SOURCE,
        contract=change.contract_id,
        upfront_vat__isnull=False,
        corrects__isnull=True,
    )
    original = rows.select_for_update(of=("self",)).get()
    moved = difference(change)
    if moved is None:
        return None
    stated = Invoice.objects.filter(Q(pk=original.pk) | Q(corrects=original))
    vat_before = stated.aggregate(vat=Sum("vat"))["vat"]
    upfront = UpfrontVat.objects.get(invoice=original)
    row = original.rows.order_by("-position")[0]
    after = _base_after(change)
    return write_correction(
        original=original,
        differences=[
            RowState(
                position=row.position,
                cost_kind=row.cost_kind,
                description=upfront_words(after - change.contract.initial_fee),
                vat_code=row.vat_code,
                vat=vat_of(after, upfront.vat_pct) - vat_before,
            )
        ],
        reason=_reason(change),
        on=on,
        at=at,
        upfront=UpfrontVat(base=moved, vat_pct=upfront.vat_pct),
        rate_change=change,
    )


def _base_after(change: RateChange) -> Decimal:
    """Initial fee, instalments and buyout under the schedule that the change made."""
    later = ~Q(kind=RowKind.INITIAL_FEE)
    rows = ScheduleRow.objects.filter(later, version=change.new_version_id)
    base: Decimal = change.contract.initial_fee + (
        rows.aggregate(net=Sum("payment"))["net"] or ZERO
    )
    return base


def _reason(change: RateChange) -> str:
    """On the document, so in Polish whatever the language of the moment."""
    old = "" if change.old_value is None else f" z {_percent(change.old_value)}"
    return (
        f"Zmiana stopy {change.new_index} od {change.effective_on:%d.%m.%Y}:"
        f"{old} na {_percent(change.new_value)}; zmienia się suma rat"
    )


def _percent(value: Decimal) -> str:
    return f"{value.normalize():f} %".replace(".", ",")

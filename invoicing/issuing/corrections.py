"""Correcting invoices: new documents with the differences, linked to what they correct.

An issued invoice never changes. A correction has, under the position of each row that was wrong,
what has to be added to it; several corrections of one invoice add up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from contracts.models import RateChange
from contracts.vat import vat_of
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import ZERO, to_grosz
from invoicing import ledger, tasks
from invoicing.enums import InvoiceKind
from invoicing.issuing.drafting import vat_pct_of
from invoicing.issuing.mode import SOURCE
from invoicing.issuing.numbers import next_number
from invoicing.issuing.writing import item_of
from invoicing.models import Correction, Invoice, InvoiceRow, UpfrontVat

_COPIED = (
    *("company_id", "contract_id", "currency", "sold_on", "account"),
    *("fx_rate", "fx_table", "fx_on"),
    *("seller_name", "seller_nip", "seller_address"),
    *("buyer_name", "buyer_nip", "buyer_address"),
)


class CorrectionError(Exception):
    """The correction cannot be issued. Its text is for the back office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowState:
    """A row of an invoice as it stands after some corrections, or a difference of two of them."""

    position: int
    cost_kind: str
    description: str
    vat_code: str
    net: Decimal = ZERO
    vat: Decimal = ZERO
    principal: Decimal = ZERO
    interest: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    @property
    def has_parts(self) -> bool:
        return bool(self.principal or self.interest)

    def plus(self, row: InvoiceRow | RowState, sign: int = 1) -> RowState:
        return replace(
            self,
            net=self.net + sign * row.net,
            vat=self.vat + sign * row.vat,
            principal=self.principal + sign * row.principal,
            interest=self.interest + sign * row.interest,
        )

    @property
    def is_nothing(self) -> bool:
        return not (self.net or self.vat or self.principal or self.interest)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAmounts:
    """What a row should have said: net, and how much of it is interest (None: as before)."""

    position: int
    net: Decimal
    interest: Decimal | None = None


def states(invoice: Invoice, *, before: Invoice | None = None) -> list[RowState]:
    """The rows of `invoice` with everything that its corrections changed.

    `before`: only corrections issued earlier than that one.
    """
    corrections = Q(invoice__corrects=invoice)
    if before is not None:
        corrections &= Q(invoice__lt=before.pk)
    found: dict[int, RowState] = {}
    rows = InvoiceRow.objects.filter(Q(invoice=invoice) | corrections)
    for row in rows.order_by("invoice_id", "position"):
        known = found.get(row.position) or RowState(
            position=row.position,
            cost_kind=row.cost_kind,
            description=row.description,
            vat_code=row.vat_code,
        )
        found[row.position] = known.plus(row)
    return [found[position] for position in sorted(found)]


def corrected(rows: Sequence[RowState], wanted: Iterable[NewAmounts]) -> list[RowState]:
    """`rows` as `wanted` says they should be; VAT follows from the net amount.

    Raises CorrectionError for a row that is not there and for parts that do not add up.
    """
    by_position = {row.position: row for row in rows}
    for new in wanted:
        row = by_position.get(new.position)
        if row is None:
            raise CorrectionError(_("Faktura nie ma pozycji %s.") % new.position)
        net = to_grosz(new.net)
        changed = replace(row, net=net, vat=vat_of(net, vat_pct_of(row.vat_code)))
        if row.has_parts:
            interest = min(row.interest, net) if new.interest is None else to_grosz(new.interest)
            if not 0 <= interest <= net:
                raise CorrectionError(
                    _("Część odsetkowa pozycji %s musi być od 0 do kwoty netto.") % new.position
                )
            changed = replace(changed, interest=interest, principal=net - interest)
        by_position[new.position] = changed
    return [by_position[row.position] for row in rows]


def basis_of(rows: Iterable[RowState]) -> str:
    """A digest of what somebody saw before asking for a correction."""
    text = "\n".join(f"{r.position} {r.net} {r.vat} {r.principal} {r.interest}" for r in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def refusal(invoice: Invoice) -> str:
    """Why `invoice` cannot be corrected by hand; empty when it can."""
    if invoice.kind != InvoiceKind.INVOICE:
        return _("Korektę wystawia się do faktury, nie do noty ani do innej korekty.")
    if invoice.source_system != SOURCE:
        return _("Tę fakturę wystawił system główny; tam też powstaje jej korekta.")
    if UpfrontVat.objects.filter(invoice=invoice).exists():
        return _(
            "To faktura z VAT od całego leasingu finansowego: jej korektę wystawia zmiana stopy."
        )
    return ""


@transaction.atomic
def correct(
    *,
    invoice: Invoice,
    rows: Sequence[NewAmounts],
    reason: str,
    on: dt.date,
    at: dt.datetime,
    actor: User | None = None,
    basis: str = "",
) -> Invoice:
    """Issue a correction of `invoice` dated `on`: afterwards its rows stand as `rows` say.

    `basis` is the digest of what the person saw; when the invoice has been corrected since, this
    one is refused. Raises CorrectionError also when nothing changes or no reason is given.
    """
    original = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    if why := refusal(original):
        raise CorrectionError(why)
    now = states(original)
    if basis and basis != basis_of(now):
        raise CorrectionError(
            _("Ta faktura została właśnie poprawiona. Sprawdź kwoty jeszcze raz.")
        )
    wanted = corrected(now, rows)
    differences = [new.plus(old, -1) for new, old in zip(wanted, now, strict=True)]
    return write_correction(
        original=original, differences=differences, reason=reason, on=on, at=at, actor=actor
    )


def write_correction(
    *,
    original: Invoice,
    differences: Sequence[RowState],
    reason: str,
    on: dt.date,
    at: dt.datetime,
    actor: User | None = None,
    upfront: UpfrontVat | None = None,
    rate_change: RateChange | None = None,
) -> Invoice:
    """The correcting document with what differs, in the caller's transaction.

    The rate of exchange stays that of the original: the cause lies in the sale itself. `upfront`
    is by how much the base of VAT moved. Raises CorrectionError when nothing does.
    """
    changed = [row for row in differences if not row.is_nothing]
    if not changed:
        raise CorrectionError(_("Nic się nie zmienia: kwoty są takie jak na fakturze."))
    if not reason.strip():
        raise CorrectionError(_("Podaj przyczynę korekty."))
    if on < original.issued_on:
        raise CorrectionError(_("Korekta nie może być wcześniejsza niż faktura."))
    net = sum((row.net for row in changed), ZERO)
    vat = sum((row.vat for row in changed), ZERO)
    earlier = list(original.corrections.order_by("pk"))
    later = on + dt.timedelta(days=settings.ISSUE_PAYMENT_DAYS)
    correction = Invoice.objects.create(
        source_system=SOURCE,
        # The unique key lets one of two at the same moment through.
        source_id=f"{original.pk}:correction:{len(earlier) + 1}",
        as_of=on,
        kind=InvoiceKind.CORRECTION,
        number=next_number(kind=InvoiceKind.CORRECTION, on=on),
        corrects=original,
        issued_on=on,
        due_on=later if net + vat > 0 else on,
        net=net,
        vat=vat,
        gross=net + vat,
        vat_pln=_vat_pln(original, earlier, vat),
        received_at=at,
        **{name: getattr(original, name) for name in _COPIED},
    )
    InvoiceRow.objects.bulk_create(
        InvoiceRow(
            invoice=correction,
            position=row.position,
            cost_kind=row.cost_kind,
            description=row.description,
            net=row.net,
            vat_code=row.vat_code,
            vat=row.vat,
            gross=row.gross,
            principal=row.principal,
            interest=row.interest,
        )
        for row in changed
    )
    Correction.objects.create(
        invoice=correction, reason=reason.strip()[:250], rate_change=rate_change, made_by=actor
    )
    if upfront is not None:
        upfront.invoice = correction
        upfront.save(force_insert=True)
    if correction.gross:
        ledger.add_items([item_of(correction)], at=at)
    record(
        event="invoice_corrected",
        at=at,
        actor=actor,
        company=correction.company,
        object_kind="invoice",
        object_ref=correction.number,
        facts={"number": correction.number, "corrects": original.number},
    )
    tasks.render_invoice_pdf.delay_on_commit(invoice_id=correction.pk)
    return correction


def _vat_pln(original: Invoice, earlier: Sequence[Invoice], vat: Decimal) -> Decimal:
    """So that VAT in złoty of the invoice and all its corrections is that of their VAT."""
    if original.fx_rate is None:
        return vat
    stated = original.vat_pln + sum((one.vat_pln for one in earlier), ZERO)
    whole = original.vat + sum((one.vat for one in earlier), ZERO) + vat
    difference: Decimal = to_grosz(whole * original.fx_rate) - stated
    return difference

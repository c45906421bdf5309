"""Compensation for recovery costs (art. 10 of the act of 8 March 2013): 40, 70 or 100 EUR.

It is due without a demand from the day interest is due, for each late payment separately (CJEU
C-78/22); whether to charge it is the lessor's choice (`CHARGE_COMPENSATION`, off by default).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import to_grosz
from invoicing.accruals import late
from invoicing.enums import InvoiceKind
from invoicing.exchange import ExchangeError, rate_before
from invoicing.locking import lock_companies
from invoicing.models import CompensationRate, ExchangeRate, Invoice, ReceivableItem
from invoicing.notes import Draft, NoteError, write_notes


@dataclass(frozen=True, slots=True)
class Compensation:
    """The lump sum for one late payment."""

    eur: Decimal
    rate: ExchangeRate

    @property
    def pln(self) -> Decimal:
        return to_grosz(self.eur * self.rate.rate)


def compensation_for(
    *, amount: Decimal, effective_due_on: dt.date, currency: str = "PLN"
) -> Compensation:
    """The compensation for a payment of `amount` (gross) that fell due on that day.

    EUR become złoty at the NBP's average rate of the last working day of the month before. Raises
    NoteError when that rate is not here.
    """
    rate = _euro(effective_due_on)
    if currency not in {"PLN", rate.currency}:
        raise NoteError(_("Rekompensata od kwoty w walucie %s nie jest obsługiwana.") % currency)
    in_zloty = amount if currency == "PLN" else to_grosz(amount * rate.rate)
    return Compensation(eur_for(in_zloty, on=effective_due_on), rate)


def eur_for(amount: Decimal, *, on: dt.date) -> Decimal:
    """EUR for a debt of `amount` PLN by the amounts in force on the day it fell due."""
    reached = Q(amount_from__lt=amount) | Q(amount_from=amount, from_is_included=True)
    rows = CompensationRate.objects.filter(reached, valid_from__lte=on)
    row = rows.order_by("-valid_from", "-amount_from", "-pk").first()
    if row is None:
        raise NoteError(_("Brak stawki rekompensaty na dzień %s.") % f"{on:%d.%m.%Y}")
    eur: Decimal = row.eur
    return eur


def _euro(due_on: dt.date) -> ExchangeRate:
    try:
        return rate_before("EUR", due_on.replace(day=1))
    except ExchangeError as error:
        raise NoteError(str(error)) from error


@transaction.atomic
def issue_compensation_notes(
    *, item_ids: Collection[int], at: dt.datetime, actor: User | None = None
) -> list[Invoice]:
    """A note for each of the items that is or was paid late, once for each.

    Consumers and disputed items are left out. Raises NoteError: where the lessor does not charge
    it, and without the exchange rate.
    """
    if not settings.CHARGE_COMPENSATION:
        raise NoteError(_("Naliczanie rekompensaty jest wyłączone w ustawieniach portalu."))
    today = clock.today(at)
    rows = ReceivableItem.objects.filter(pk__in=item_ids)
    lock_companies(rows.order_by().values_list("company", flat=True).distinct())
    chosen = late(rows, on=today).filter(is_disputed=False, company__is_consumer=False)
    items = list(chosen.select_related("company", "invoice").order_by("pk"))
    keys = {f"compensation-{item.pk}": item for item in items}
    known = Invoice.objects.filter(source_id__in=keys).values_list("source_id", flat=True)
    for key in list(known):
        del keys[key]
    drafts = []
    for key, item in keys.items():
        found = compensation_for(
            amount=item.gross, effective_due_on=item.effective_due_on, currency=item.currency
        )
        text = _("Rekompensata za koszty odzyskiwania należności %(label)s: %(eur)s EUR") % {
            "label": item.label,
            "eur": f"{found.eur:.0f}",
        }
        drafts.append(Draft(item, key, found.pln, "PLN", text, found.rate))
    if not drafts:
        return []
    notes = write_notes(drafts, kind=InvoiceKind.COMPENSATION, on=today, at=at)
    for note, draft in zip(notes, drafts, strict=True):
        record(
            event="compensation_note_issued",
            at=at,
            actor=actor,
            company=draft.item.company,
            object_kind="invoice",
            object_ref=note.number,
            facts={"number": note.number, "late": draft.item.label},
        )
    return notes

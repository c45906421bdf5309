"""Interest notes: what has run up on late items, charged only when the lessor says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.tenancy.models import Company
from invoicing.accruals import Accrued, accrued, late
from invoicing.enums import InvoiceKind
from invoicing.late_interest import LateInterestError
from invoicing.locking import lock_companies
from invoicing.models import InterestNoteLine, Invoice, ReceivableItem
from invoicing.notes import Draft, NoteError, write_notes

_PLACES = Decimal("0.000001")


@transaction.atomic
def issue_interest_notes(
    *,
    until: dt.date,
    at: dt.datetime,
    item_ids: Collection[int] | None = None,
    company: Company | None = None,
    actor: User | None = None,
) -> list[Invoice]:
    """A note for each late item that interest has run up on by `until`, that day included.

    Of the items named, or of all of a company. Left out: disputed items, and days that a note has
    charged before, so twice writes nothing the second time. Each note is an item of its own that
    is paid before the late one. Raises NoteError: for a day that is not over, for a rate that
    nobody has confirmed, without a lessor. Number, rows, item and balances in one transaction.
    """
    today = clock.today(at)
    if until > today:
        raise NoteError(_("Odsetki można naliczyć najwyżej do dzisiaj."))
    rows = ReceivableItem.objects.all()
    rows = rows.filter(company=company) if item_ids is None else rows.filter(pk__in=item_ids)
    lock_companies(rows.order_by().values_list("company", flat=True).distinct())
    chosen = late(rows, on=until).filter(is_disputed=False)
    found = [
        one
        for one in _accrued(chosen.select_related("company", "invoice").order_by("pk"), until)
        if one.interest
    ]
    if not found:
        return []
    for one in found:
        if one.interest.is_provisional:
            raise NoteError(
                _("Stopa odsetek dla %s nie jest potwierdzona: potwierdź ją w tabeli stóp.")
                % one.item.label
            )
    notes = write_notes(
        [_draft(one, until) for one in found], kind=InvoiceKind.INTEREST_NOTE, on=today, at=at
    )
    InterestNoteLine.objects.bulk_create(
        InterestNoteLine(
            note=note,
            item=one.item,
            position=position,
            amount=part.amount,
            since=part.since,
            until=part.until,
            days=part.days,
            rate_pct=part.rate_pct,
            interest=part.interest.quantize(_PLACES),
        )
        for note, one in zip(notes, found, strict=True)
        for position, part in enumerate(one.interest.parts, start=1)
    )
    for note, one in zip(notes, found, strict=True):
        record(
            event="interest_note_issued",
            at=at,
            actor=actor,
            company=one.item.company,
            object_kind="invoice",
            object_ref=note.number,
            facts={"number": note.number, "late": one.item.label, "until": until.isoformat()},
        )
    return notes


def _accrued(items: Iterable[ReceivableItem], until: dt.date) -> list[Accrued]:
    try:
        return list(accrued(items, until=until))
    except LateInterestError as error:
        raise NoteError(str(error)) from error


def _draft(one: Accrued, until: dt.date) -> Draft:
    parts = one.interest.parts
    return Draft(
        item=one.item,
        key=f"interest-{one.item.pk}-{one.since:%Y%m%d}",
        amount=one.interest.total,
        currency=one.item.currency,
        text=_("Odsetki za opóźnienie w zapłacie %(label)s za okres %(since)s–%(until)s")
        % {
            "label": one.item.label,
            "since": f"{parts[0].since:%d.%m.%Y}",
            "until": f"{parts[-1].until:%d.%m.%Y}",
        },
    )

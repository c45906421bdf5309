"""Writing off small residues (domain 3.3): an entry that closes what is left, and can be undone.

A write-off is a receivable item in minus that is set off against the item it closes; the ledger's
own rules make the entry (docs/ledger.md). Taking it back reverses the set-off, so that the residue
is owed again, and closes the write-off with an opposite item. No row is changed or removed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import ZERO
from eboks.tenancy.models import LessorProfile
from invoicing import ledger
from invoicing.enums import ItemKind
from invoicing.ledger import OWN_SOURCE, NewItem
from invoicing.locking import lock_companies
from invoicing.models import ReceivableItem, SetOff


class WriteOffError(Exception):
    """Cannot be written off or taken back; the text is for the back office."""


def limit() -> Decimal:
    """The largest residue that the lessor writes off, in the item's currency; 0: none."""
    lessor = LessorProfile.objects.first()
    return lessor.write_off_limit if lessor is not None else ZERO


@transaction.atomic
def write_off(
    *, item_ids: Sequence[int], actor: User | None, at: dt.datetime
) -> list[ReceivableItem]:
    """Write off what is left of items; returns the entries in minus. All or nothing.

    Raises WriteOffError for an item that owes nothing or more than the lessor's limit, is
    disputed, or is itself a write-off. Call it once in a transaction.
    """
    highest, on = limit(), clock.today(at)
    items = _locked(item_ids)
    for item in items:
        _check(item, highest)
    times = {item.pk: _write_offs_of(item).count() + 1 for item in items}
    made = ledger.add_items(
        [
            NewItem(
                source_system=OWN_SOURCE,
                source_id=f"write-off-{item.pk}-{times[item.pk]}",
                company=item.company_id,
                contract=item.contract_id,
                kind=ItemKind.WRITE_OFF,
                label=_("Umorzenie %s").replace("%s", item.label)[:60],
                gross=-item.open_amount,
                currency=item.currency,
                issued_on=max(on, item.issued_on),
                nominal_due_on=max(on, item.issued_on),
                side_of=item.pk,
            )
            for item in items
        ],
        at=at,
    )
    ReceivableItem.objects.filter(pk__in=[item.pk for item in items]).update(written_off_on=on)
    for item in items:
        _record("residue_written_off", item, item.open_amount, actor, at)
    return list(ReceivableItem.objects.filter(pk__in=made).order_by("pk"))


@transaction.atomic
def take_back(*, item_ids: Sequence[int], actor: User | None, at: dt.datetime) -> Decimal:
    """Undo the last write-off of each item, so that it is owed again; returns the sum.

    Money that waits as an overpayment pays it at once. Raises WriteOffError for an item of which
    nothing is written off. Call it once in a transaction.
    """
    on, total = clock.today(at), ZERO
    items = _locked(item_ids)
    for item in items:
        entry = _standing(item).order_by("-pk").first()
        if entry is None:
            raise WriteOffError(_("%s: niczego nie umorzono.") % item.label)
        total += _undo(item, entry, on)
    companies = sorted({item.company_id for item in items})
    ledger.settle(companies, [item.contract_id for item in items], at=at)
    for item in items:
        amount = -_write_offs_of(item).order_by("-pk")[0].gross
        _record("write_off_taken_back", item, amount, actor, at)
    return total


def _undo(item: ReceivableItem, entry: ReceivableItem, on: dt.date) -> Decimal:
    """Entries that undo `entry`: the set-off the other way round, and its opposite item."""
    day = max(on, entry.issued_on)
    given = SetOff.objects.filter(credit_item=entry, reverses=None, reversed_by=None)
    amount = ZERO
    for row in list(given):
        amount += row.amount
        SetOff.objects.create(
            company_id=row.company_id,
            credit_item=entry,
            debit_item_id=row.debit_item_id,
            amount=-row.amount,
            set_off_on=max(day, row.set_off_on),
            reverses=row,
        )
    opposite = ReceivableItem.objects.create(
        source_system=OWN_SOURCE,
        source_id=f"write-off-back-{entry.pk}",
        as_of=on,
        company_id=item.company_id,
        contract_id=item.contract_id,
        kind=ItemKind.WRITE_OFF,
        label=_("Cofnięcie: %s").replace("%s", entry.label)[:60],
        currency=item.currency,
        gross=-entry.gross,
        open_amount=ZERO,
        issued_on=day,
        nominal_due_on=day,
        effective_due_on=day,
        side_of=item,
    )
    SetOff.objects.create(
        company_id=item.company_id,
        credit_item=entry,
        debit_item=opposite,
        amount=-entry.gross,
        set_off_on=day,
    )
    left = _standing(item).order_by("-pk").first()
    ReceivableItem.objects.filter(pk=item.pk).update(
        open_amount=item.open_amount + amount,
        written_off_on=left.issued_on if left is not None else None,
    )
    return amount


def _locked(item_ids: Sequence[int]) -> list[ReceivableItem]:
    """The items as they stand once nobody else writes to the ledgers of their clients."""
    wanted = ReceivableItem.objects.filter(pk__in=item_ids)
    lock_companies(wanted.order_by().values_list("company", flat=True).distinct())
    return list(wanted.select_related("company", "contract").order_by("pk"))


def _check(item: ReceivableItem, highest: Decimal) -> None:
    if not highest:
        raise WriteOffError(_("Leasingodawca nie umarza reszt: limit wynosi 0."))
    if item.kind == ItemKind.WRITE_OFF or item.open_amount <= 0:
        raise WriteOffError(_("%s: nie ma czego umorzyć.") % item.label)
    if item.is_disputed:
        raise WriteOffError(_("%s: należność sporna.") % item.label)
    if item.open_amount > highest:
        raise WriteOffError(
            _("%(label)s: zostało %(left)s, a umarza się najwyżej %(limit)s.")
            % {"label": item.label, "left": item.open_amount, "limit": highest}
        )


def _write_offs_of(item: ReceivableItem) -> QuerySet[ReceivableItem]:
    return ReceivableItem.objects.filter(side_of=item, kind=ItemKind.WRITE_OFF, gross__lt=0)


def _standing(item: ReceivableItem) -> QuerySet[ReceivableItem]:
    closing = SetOff.objects.filter(
        credit_item=OuterRef("pk"), debit_item=item, reverses=None, reversed_by=None
    )
    return _write_offs_of(item).filter(Exists(closing))


def _record(
    event: str, item: ReceivableItem, amount: Decimal, actor: User | None, at: dt.datetime
) -> None:
    record(
        event=event,
        at=at,
        actor=actor,
        company=item.company,
        object_kind="receivable_item",
        object_ref=item.label,
        facts={"amount": str(amount), "currency": item.currency},
    )

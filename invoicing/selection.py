"""Items ticked on the page of settlements: kept in the session, so they survive paging.

A form names items by signed keys: no page shows running numbers, and a tampered key is no item.
Whatever the session says, rows are read anew as the person's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from eboks.accounts.signed_keys import SignedKey
from eboks.http import PortalRequest
from eboks.money import ZERO, zloty_first
from eboks.tenancy.rights import Right
from invoicing.baskets import MOST_ITEMS
from invoicing.models import ReceivableItem, ReceivableItemQuerySet
from invoicing.scope import scoped

SESSION_KEY = "payment_selection"
_signed = SignedKey()


@dataclass(frozen=True, slots=True)
class Selection:
    """What is chosen."""

    items: Sequence[ReceivableItem] = field(default_factory=tuple)

    @property
    def ids(self) -> set[int]:
        return {item.pk for item in self.items}

    @property
    def sums(self) -> list[tuple[str, Decimal]]:
        """Currency and amount, złoty first."""
        found: dict[str, Decimal] = {}
        for item in self.items:
            found[item.currency] = found.get(item.currency, ZERO) + item.open_amount
        return sorted(found.items(), key=lambda pair: zloty_first(pair[0]))


def key_of(item: ReceivableItem) -> str:
    """What stands for `item` in a form."""
    return _signed.to_url(item.pk)


def ids_of(keys: Iterable[str]) -> list[int]:
    """Ids behind the keys of a form; what was not made here is left out."""
    found = []
    for key in list(keys)[: 2 * MOST_ITEMS]:
        try:
            found.append(_signed.to_python(key[:200]))
        except ValueError:
            continue
    return found


def own_items(request: PortalRequest) -> ReceivableItemQuerySet:
    """Open items for which the person may handle payments."""
    rows = scoped(request, ReceivableItem.objects.all(), right=Right.HANDLE_PAYMENTS)
    return rows.filter(open_amount__gt=0)


def read(request: PortalRequest) -> Selection:
    """What the session holds, of that which is still open and the person's to pay. One query, or
    none when nothing is chosen."""
    ids = _kept(request)
    return of(request, ids) if ids else Selection()


def of(request: PortalRequest, ids: Iterable[int]) -> Selection:
    """The person's own open items among `ids`, the most urgent first."""
    rows = own_items(request).filter(pk__in=list(ids))
    related = rows.select_related("company", "contract", "invoice")
    return Selection(list(related.order_by("effective_due_on", "pk")[:MOST_ITEMS]))


def update(request: PortalRequest, *, shown: Iterable[str], ticked: Iterable[str]) -> bool:
    """Take over what one page shows: its ticked items join, the others of the page leave.

    Returns False when there were too many, and the last ones were left out.
    """
    kept = set(_kept(request)) - set(ids_of(shown))
    wanted = [*sorted(kept), *(pk for pk in ids_of(ticked) if pk not in kept)]
    request.session[SESSION_KEY] = wanted[:MOST_ITEMS]
    return len(wanted) <= MOST_ITEMS


def clear(request: PortalRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def _kept(request: PortalRequest) -> list[int]:
    kept = request.session.get(SESSION_KEY, [])
    return [pk for pk in kept if isinstance(pk, int)] if isinstance(kept, list) else []

"""The payment basket: items paid by one transfer, told by a code in its title."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.fields import MoneyField
from eboks.money import ZERO, format_money
from eboks.tenancy.models import Company
from invoicing.accounts import account_for, accounts_of
from invoicing.codes import new_code
from invoicing.models import PaymentBasket, ReceivableItem
from invoicing.models.paying import PaymentBasketQuerySet
from invoicing.paying import PayingError

MOST_ITEMS = 200
_TRIES = 5


@transaction.atomic
def make_baskets(
    *, items: Sequence[ReceivableItem], actor: User, at: dt.datetime
) -> list[PaymentBasket]:
    """One basket for each company and currency among `items`, złoty first.

    A basket of exactly the same open items and amount that waits already is given again. Raises
    PayingError for no items, too many, or those with nothing to pay.
    """
    if not items:
        raise PayingError(_("Zaznacz, co chcesz zapłacić."))
    if len(items) > MOST_ITEMS:
        raise PayingError(_("Jednym przelewem zapłacisz najwyżej %d pozycji.") % MOST_ITEMS)
    if any(item.open_amount <= 0 for item in items):
        raise PayingError(_("Jedna z wybranych pozycji jest już zapłacona. Wybierz jeszcze raz."))
    groups: dict[tuple[bool, str, int], list[ReceivableItem]] = {}
    for item in items:
        key = (item.currency != "PLN", item.currency, item.company_id)
        groups.setdefault(key, []).append(item)
    return [_basket(groups[key], actor=actor, at=at) for key in sorted(groups)]


def renew(*, basket: PaymentBasket, actor: User, at: dt.datetime) -> PaymentBasket:
    """A new basket of what is still open of this one. Raises PayingError when nothing is."""
    left = basket.items.filter(open_amount__gt=0).select_related("company", "contract")
    items = list(left.order_by("effective_due_on", "pk"))
    if not items:
        raise PayingError(_("Wszystko z tego koszyka jest już zapłacone."))
    return make_baskets(items=items, actor=actor, at=at)[0]


def with_left(rows: PaymentBasketQuerySet) -> PaymentBasketQuerySet:
    """`rows` with `left`: what is left to pay of their items now, `count` of items, and `is_paid`.

    A basket that waits and whose `left` differs from `total` is out of date. See `is_paid`.
    """
    whole = Q(payment__amount__gte=F("total"), payment__reversed_by__isnull=True)
    return rows.annotate(
        left=Coalesce(Sum("items__open_amount"), ZERO, output_field=MoneyField()),
        count=Count("items"),
        is_paid=Case(When(Q(left=ZERO) | whole, then=True), default=False),
    )


def is_paid(basket: PaymentBasket, *, left: Decimal) -> bool:
    """Whether nothing more is to be sent: nothing is left, or all of it came and has stayed.

    Anybody who knows the code may send less with it: that alone pays no basket.
    """
    payment = basket.payment
    if left == 0 or payment is None:
        return left == 0
    return bool(payment.amount >= basket.total and not hasattr(payment, "reversed_by"))


def _basket(items: list[ReceivableItem], *, actor: User, at: dt.datetime) -> PaymentBasket:
    company, currency = items[0].company, items[0].currency
    total = sum((item.open_amount for item in items), ZERO)
    waiting = PaymentBasket.objects.filter(
        company=company, currency=currency, total=total, payment__isnull=True
    )
    wanted = {item.pk for item in items}
    for earlier in waiting.order_by("-pk").prefetch_related("items")[:10]:
        if {item.pk for item in earlier.items.all()} == wanted:
            return earlier
    account = _account(company, currency, items, at=at)
    for _attempt in range(_TRIES):
        code = new_code()
        try:
            with transaction.atomic():
                basket = PaymentBasket.objects.create(
                    company=company,
                    code=code,
                    currency=currency,
                    total=total,
                    account=account,
                    title=_title(code, items),
                    created_at=at,
                    created_by=actor,
                )
        except IntegrityError:  # the code is taken
            continue
        basket.items.set(items)
        record(
            event="basket_made",
            at=at,
            actor=actor,
            company=company,
            object_kind="basket",
            object_ref=code,
            facts={"amount": format_money(total, currency), "count": len(items)},
        )
        return basket
    raise PayingError(_("Nie udało się przygotować koszyka. Spróbuj jeszcze raz."))


def _account(
    company: Company, currency: str, items: list[ReceivableItem], *, at: dt.datetime
) -> str:
    """The account that all the items have, or else one of the client or the lessor: the code in
    the title tells the items anyway."""
    own = set(accounts_of(items, on=clock.today(at)).values())
    common = own.pop() if len(own) == 1 else account_for(company=company, currency=currency, at=at)
    if not common:
        raise PayingError(_("Brakuje rachunku leasingodawcy w tej walucie. Zadzwoń do nas."))
    return common


def _title(code: str, items: list[ReceivableItem]) -> str:
    """The code first, so that a cut title keeps it; a QR code holds 32 characters."""
    if len(items) == 1:
        return f"{code} {items[0].label}"[:140]
    return f"{code} faktury: {len(items)}"

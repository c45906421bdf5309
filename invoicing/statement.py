"""Statement of account (zestawienie obrotów) of a company in one currency for a period.

The balance is what was invoiced less what was paid: documents are debits, payments and corrections
in minus are credits, money given back is a debit. What settles what moves nothing, so allocations
and set-offs are no lines of their own, except where one side lies outside the statement (one
contract's, or what a member with selected contracts reaches).

Sums are whole hundredths in the database: SQLite keeps decimals as binary floats.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, overload

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from invoicing.models import (
    Allocation,
    Payment,
    PaymentQuerySet,
    ReceivableItem,
    ReceivableItemQuerySet,
    SetOff,
)

_CHUNK = 2_000
_ORDER = ("day", "place", "key")


class Place(enum.IntEnum):
    """What a line comes from; of one day, documents come before money."""

    ITEM = 0
    PAYMENT = 1
    PAID_FROM_OUTSIDE = 2  # an item here, paid by money that is not here
    PAID_OUTSIDE = 3  # money of here that paid an item elsewhere
    SET_OFF = 4  # with one side outside


class Bucket(enum.StrEnum):
    """By how many days an open amount is late."""

    NOT_DUE = "0"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "90+"
    CREDIT = "credit"  # overpayments and corrections in minus: lower the balance


class Cents(Func):
    """An amount as a whole number of hundredths."""

    template = "(%(expressions)s * 100)::bigint"
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "CAST(ROUND(%(expressions)s * 100) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **extra)


def counted_allocations() -> QuerySet[Any]:
    """Allocations with `counts_on`: from then on both sides are known to each other.

    Not before either side exists: reversals of earlier releases may be dated before what they undo.
    """
    return Allocation.objects.annotate(
        counts_on=Greatest("allocated_on", "item__issued_on", "payment__booked_on")
    )


def counted_set_offs() -> QuerySet[Any]:
    """The same of set-offs."""
    days = (
        *("credit_item__issued_on", "debit_item__issued_on"),
        *("credit_payment__booked_on", "debit_payment__booked_on"),
    )
    return SetOff.objects.annotate(
        counts_on=Greatest("set_off_on", *(Coalesce(day, "set_off_on") for day in days))
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One movement. Exactly one of `debit` and `credit` is not zero; both are positive."""

    on: dt.date
    debit: Decimal
    credit: Decimal
    balance: Decimal  # after it
    place: Place
    item: ReceivableItem | None = None
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class Ageing:
    """What the balance on a day is made of; `amounts` add up to it."""

    amounts: dict[Bucket, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.amounts.values(), Decimal("0.00"))

    @property
    def overdue(self) -> Decimal:
        late = (Bucket.TO_30, Bucket.TO_60, Bucket.TO_90, Bucket.OVER_90)
        return sum((self.amounts[bucket] for bucket in late), Decimal("0.00"))


@dataclass(frozen=True, eq=False, repr=False)
class Statement(Sequence[Line]):
    """Movements of `items` and `payments` from `since` to `until`, both included.

    The rows are those that the reader may see, of one company, in one currency. `is_whole` says
    that they are all of the company's, so that nothing can settle across their border.
    """

    items: ReceivableItemQuerySet
    payments: PaymentQuerySet
    since: dt.date
    until: dt.date
    is_whole: bool

    # --- sums ---------------------------------------------------------------------------------
    @cached_property
    def _sums(self) -> tuple[int, int, int, int]:
        """Hundredths before the period, debits, credits (below zero), lines. A query a source."""
        before = Q(day__lt=self.since)
        inside = Q(day__gte=self.since, day__lte=self.until)
        totals = [0, 0, 0, 0]
        for source in self._sources():
            found = source.order_by().aggregate(
                before=Sum("cents", filter=before),
                debits=Sum("cents", filter=inside & Q(cents__gt=0)),
                credits=Sum("cents", filter=inside & Q(cents__lt=0)),
                lines=Count("pk", filter=inside),
            )
            for place, name in enumerate(("before", "debits", "credits", "lines")):
                totals[place] += int(found[name] or 0)
        return totals[0], totals[1], totals[2], totals[3]

    @property
    def opening(self) -> Decimal:
        """The balance before the first day: what was owed, below zero what was overpaid."""
        return _amount(self._sums[0])

    @property
    def debits(self) -> Decimal:
        return _amount(self._sums[1])

    @property
    def credits(self) -> Decimal:
        return _amount(-self._sums[2])

    @property
    def closing(self) -> Decimal:
        """The balance after the last day."""
        return _amount(sum(self._sums[:3]))

    # --- lines --------------------------------------------------------------------------------
    def __len__(self) -> int:
        return self._sums[3]

    @overload
    def __getitem__(self, wanted: int) -> Line: ...
    @overload
    def __getitem__(self, wanted: slice) -> list[Line]: ...
    def __getitem__(self, wanted: int | slice) -> Line | list[Line]:
        """Lines of a page, with the running balance of each. At most seven queries."""
        if isinstance(wanted, int):
            return self[wanted : wanted + 1][0]
        start, stop = wanted.start or 0, wanted.stop
        rows = list(self._movements()[start:stop])
        return list(_lines(rows, balance=self._sums[0] + self._first(start)))

    def __iter__(self) -> Iterator[Line]:
        """All lines in order, in chunks: for files."""
        balance = self._sums[0]
        rows: list[tuple[Any, ...]] = []
        for row in self._movements().iterator(chunk_size=_CHUNK):
            rows.append(row)
            if len(rows) == _CHUNK:
                yield from _lines(rows, balance=balance)
                balance += sum(found[3] for found in rows)
                rows = []
        yield from _lines(rows, balance=balance)

    def _movements(self) -> QuerySet[Any, tuple[Any, ...]]:
        """(day, place, key, hundredths) of every line of the period, in order."""
        sources = [
            source.filter(day__gte=self.since, day__lte=self.until)
            .order_by()
            .values_list("day", "place", "key", "cents")
            for source in self._sources()
        ]
        return sources[0].union(*sources[1:], all=True).order_by(*_ORDER)

    def _first(self, count: int) -> int:
        """The sum of the first `count` lines, in hundredths."""
        if not count:
            return 0
        sql, params = self._movements()[:count].query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT SUM(m.cents) FROM ({sql}) m", params)  # noqa: S608 -- the ORM's
            return int(cursor.fetchone()[0] or 0)

    def _sources(self) -> list[QuerySet[Any]]:
        """Querysets with `day`, `place`, `key` and `cents` (positive: a debit)."""
        found: list[QuerySet[Any]] = [
            _source(self.items, "issued_on", Place.ITEM, Cents("gross")),
            _source(self.payments, "booked_on", Place.PAYMENT, -Cents("amount")),
        ]
        if self.is_whole:
            return found
        items, payments = self.items.values("pk"), self.payments.values("pk")
        allocations, set_offs = counted_allocations(), counted_set_offs()
        paid_here = allocations.filter(item__in=items).exclude(payment__in=payments)
        paid_there = allocations.filter(payment__in=payments).exclude(item__in=items)
        credit = Q(credit_item__in=items) | Q(credit_payment__in=payments)
        debit = Q(debit_item__in=items) | Q(debit_payment__in=payments)
        amount = Cents("amount")
        day = "counts_on"
        return [
            *found,
            _source(paid_here, day, Place.PAID_FROM_OUTSIDE, -amount),
            _source(paid_there, day, Place.PAID_OUTSIDE, amount),
            _source(
                set_offs.filter(credit).exclude(debit),
                day,
                Place.SET_OFF,
                amount,
            ),
            _source(
                set_offs.filter(debit).exclude(credit),
                day,
                Place.SET_OFF,
                -amount,
            ),
        ]

    # --- ageing -------------------------------------------------------------------------------
    @cached_property
    def ageing(self) -> Ageing:
        """What the closing balance is made of, by lateness on the last day. Eight queries.

        What is open now, with what was settled after that day taken back.
        """
        totals = dict.fromkeys(Bucket, 0)

        def add(rows: QuerySet[Any], due: str, grows: Q, cents: Any) -> None:
            grouped = (
                rows.order_by().annotate(bucket=self._bucket(due, grows)).values("bucket")
            ).annotate(sum=Sum(cents))
            for row in grouped.order_by("bucket"):
                totals[Bucket(row["bucket"])] += int(row["sum"] or 0)

        items = self.items.filter(issued_on__lte=self.until)
        payments = self.payments.filter(booked_on__lte=self.until)
        add(items.exclude(open_amount=0), "effective_due_on", Q(gross__gt=0), Cents("open_amount"))
        add(
            payments.exclude(unallocated_amount=0),
            "booked_on",
            Q(amount__lt=0),
            -Cents("unallocated_amount"),
        )
        amount = Cents("amount")
        later: list[tuple[QuerySet[Any], str, Any]] = [
            (counted_allocations().filter(counts_on__gt=self.until), "item", amount),
            (counted_allocations().filter(counts_on__gt=self.until), "payment", -amount),
        ]
        set_offs = counted_set_offs().filter(counts_on__gt=self.until)
        later += [
            (set_offs, "debit_item", amount),
            (set_offs, "credit_item", -amount),
            (set_offs, "credit_payment", -amount),
            (set_offs, "debit_payment", amount),
        ]
        for rows, side, cents in later:
            is_item = side.endswith("item")
            mine = rows.filter(**{f"{side}__in": (items if is_item else payments).values("pk")})
            due = "effective_due_on" if is_item else "booked_on"
            grows = Q(**{f"{side}__gross__gt" if is_item else f"{side}__amount__lt": 0})
            add(mine, f"{side}__{due}", grows, cents)
        return Ageing({bucket: _amount(cents) for bucket, cents in totals.items()})

    def _bucket(self, due: str, grows: Q) -> Case:
        """The bucket of a row; only what `grows` the balance ages."""
        edges = [
            (Bucket.NOT_DUE, 0),
            (Bucket.TO_30, 30),
            (Bucket.TO_60, 60),
            (Bucket.TO_90, 90),
        ]
        return Case(
            When(~grows, then=Value(Bucket.CREDIT.value)),
            *(
                When(
                    **{f"{due}__gte": self.until - dt.timedelta(days=days)},
                    then=Value(bucket.value),
                )
                for bucket, days in edges
            ),
            default=Value(Bucket.OVER_90.value),
            output_field=CharField(),
        )


def _source(rows: QuerySet[Any], day: str, place: Place, cents: Any) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate(
        day=F(day), place=Value(int(place), output_field=IntegerField()), key=F("pk"), cents=cents
    )
    return found


def _lines(rows: Sequence[tuple[Any, ...]], *, balance: int) -> Iterator[Line]:
    """`rows` of movements with what they come from; `balance` is that before the first of them."""
    items, payments = _origins(rows)
    for day, place, key, cents in rows:
        balance += cents
        yield Line(
            on=day,
            debit=_amount(max(cents, 0)),
            credit=_amount(max(-cents, 0)),
            balance=_amount(balance),
            place=Place(place),
            item=items.get((place, key)),
            payment=payments.get((place, key)),
        )


def _origins(
    rows: Sequence[tuple[Any, ...]],
) -> tuple[dict[tuple[int, int], ReceivableItem], dict[tuple[int, int], Payment]]:
    """Documents and payments of the lines, by (place, key). At most five queries.

    Of a settlement across the border only what lies inside; what is outside is not the reader's.
    """
    keys: dict[int, list[int]] = {}
    for _day, place, key, _cents in rows:
        keys.setdefault(place, []).append(key)
    items: dict[tuple[int, int], ReceivableItem] = {}
    payments: dict[tuple[int, int], Payment] = {}
    if wanted := keys.get(Place.ITEM):
        found = ReceivableItem.objects.select_related("invoice", "contract").in_bulk(wanted)
        items |= {(Place.ITEM, key): row for key, row in found.items()}
    if wanted := keys.get(Place.PAYMENT):
        money = Payment.objects.select_related("contract", "reverses").in_bulk(wanted)
        payments |= {(Place.PAYMENT, key): row for key, row in money.items()}
    border = [*keys.get(Place.PAID_FROM_OUTSIDE, ()), *keys.get(Place.PAID_OUTSIDE, ())]
    if border:
        both = ("item__invoice", "item__contract", "payment__contract")
        for row in Allocation.objects.select_related(*both).in_bulk(border).values():
            items[Place.PAID_FROM_OUTSIDE, row.pk] = row.item
            payments[Place.PAID_OUTSIDE, row.pk] = row.payment
    if wanted := keys.get(Place.SET_OFF):
        # A debit here: the credit lies inside and was used outside; and the other way round.
        inside = {
            key: "credit" if cents > 0 else "debit"
            for _day, place, key, cents in rows
            if place == Place.SET_OFF
        }
        sides = ("credit_item", "credit_payment", "debit_item", "debit_payment")
        related = (*(f"{side}__contract" for side in sides), "credit_item__invoice")
        set_offs = SetOff.objects.select_related(*related, "debit_item__invoice").in_bulk(wanted)
        for key, set_off in set_offs.items():
            if (item := getattr(set_off, f"{inside[key]}_item")) is not None:
                items[Place.SET_OFF, key] = item
            if (payment := getattr(set_off, f"{inside[key]}_payment")) is not None:
                payments[Place.SET_OFF, key] = payment
    return items, payments


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)

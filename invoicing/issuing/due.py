"""What is to be invoiced: rows of schedules in force, upfront VAT, and charges, by contract."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat

from contracts.enums import BEFORE_HANDOVER_STATUSES, ContractStatus, Product, RowKind
from contracts.models import Contract, ContractQuerySet, ScheduleRow
from eboks.money import ZERO
from invoicing.issuing.mode import SOURCE, issued_here, signed_for_issuer
from invoicing.models import Charge, Invoice

# The initial fee is paid before handover; instalments and the buyout come after it.
_AFTER_HANDOVER = (ContractStatus.ACTIVE, ContractStatus.ENDED_BUYOUT_PENDING)
_NO_OWN_CONTRACT = Q(contract__isnull=True) | ~Q(company=F("contract__company"))
_ORDER = {RowKind.INITIAL_FEE: 0, RowKind.INSTALMENT: 1, RowKind.BUYOUT: 2}


@dataclass(slots=True)
class Work:
    """What is to be invoiced on one contract (or, without one, to one company)."""

    rows: list[ScheduleRow] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    with_upfront_vat: bool = False
    later_net: Decimal = ZERO  # all instalments and the buyout of the schedule in force
    instalments: int = 0


def row_key(contract_id: int, kind: str, n: int) -> str:
    """`Invoice.source_id` of a schedule row: the same whatever version of the schedule."""
    return f"{contract_id}:{kind}:{n}" if kind == RowKind.INSTALMENT else f"{contract_id}:{kind}"


def horizon(on: dt.date) -> dt.date:
    """Payments due up to this day are invoiced on day `on`."""
    return on + dt.timedelta(days=settings.ISSUE_DAYS_BEFORE_DUE)


def due_rows(on: dt.date) -> QuerySet[ScheduleRow]:
    """Rows of schedules in force that are to be invoiced on day `on` and are not yet.

    The initial fee of a financial lease waits for the handover: it goes with the VAT of the whole
    contract, which is due then.
    """
    financial = Q(version__contract__product=Product.FINANCIAL)
    status = "version__contract__status__in"
    early = Q(kind=RowKind.INITIAL_FEE) & ~financial
    ready = (early & Q(**{status: (*BEFORE_HANDOVER_STATUSES, *_AFTER_HANDOVER)})) | (
        ~Q(kind=RowKind.INITIAL_FEE) & Q(**{status: _AFTER_HANDOVER})
    )
    issued = Invoice.objects.filter(source_system=SOURCE, source_id=OuterRef("key"))
    return (
        ScheduleRow.objects.filter(
            ready,
            signed_for_issuer("version__contract__"),
            version__is_current=True,
            nominal_due_on__lte=horizon(on),
            payment__gt=0,
        )
        .annotate(key=_key())
        .filter(~Exists(issued))
    )


def due_charges(on: dt.date) -> QuerySet[Charge]:
    """Charges that wait for an invoice: of contracts invoiced here, or of no contract."""
    mine = Q(contract__isnull=True) | signed_for_issuer("contract__")
    return Charge.objects.filter(
        mine, charged_on__lte=on, invoice_row__isnull=True, cancelled_at__isnull=True, net__gt=0
    )


def contracts_with_work(on: dt.date, *, without: Iterable[int] = ()) -> ContractQuerySet:
    """Contracts invoiced here with anything to invoice on day `on`, by key."""
    rows = due_rows(on).filter(version__contract=OuterRef("pk"))
    charges = due_charges(on).filter(contract=OuterRef("pk"), company=OuterRef("company"))
    wanted = Q(Exists(rows)) | Q(Exists(charges)) | _upfront(on)
    found = issued_here(Contract.objects.all()).filter(wanted)
    return found.exclude(pk__in=list(without)).order_by("pk")


def companies_with_charges(on: dt.date, *, without: Iterable[int] = ()) -> QuerySet[Charge, int]:
    """Keys of companies with charges of no contract, or of one that went to another company."""
    rows = due_charges(on).filter(_NO_OWN_CONTRACT).exclude(company__in=list(without))
    return rows.values_list("company_id", flat=True).distinct().order_by("company_id")


def work_of(contracts: Sequence[Contract], *, on: dt.date, lock: bool) -> dict[int, Work]:
    """What is to be invoiced on each of `contracts`. Charges are locked when `lock` says so."""
    found: defaultdict[int, Work] = defaultdict(Work)
    rows = due_rows(on).filter(version__contract__in=contracts)
    for row in rows.select_related("version").order_by("nominal_due_on", "pk"):
        found[row.version.contract_id].rows.append(row)
    own = _charges(on, lock=lock).filter(contract__in=contracts, company=F("contract__company"))
    for charge in own:
        found[charge.contract_id or 0].charges.append(charge)
    upfront = Contract.objects.filter(_upfront(on), pk__in=[one.pk for one in contracts])
    for contract_id in upfront.values_list("pk", flat=True):
        found[contract_id].with_upfront_vat = True
    for contract_id, net, instalments in _whole(contracts):
        if contract_id in found:
            found[contract_id].later_net, found[contract_id].instalments = net, instalments
    for work in found.values():
        work.rows.sort(key=lambda row: (_ORDER[RowKind(row.kind)], row.nominal_due_on, row.n))
    return dict(found)


def work_of_company(company_id: int, *, on: dt.date, lock: bool) -> Work:
    """Charges of the company that belong to no contract of its own."""
    rows = _charges(on, lock=lock).filter(_NO_OWN_CONTRACT, company=company_id)
    return Work(charges=list(rows))


def _charges(on: dt.date, *, lock: bool) -> QuerySet[Charge]:
    rows = due_charges(on).select_related("fee_line__table").order_by("charged_on", "pk")
    return rows.select_for_update(of=("self",)) if lock else rows


def _whole(contracts: Sequence[Contract]) -> QuerySet[ScheduleRow, tuple[int, Decimal, int]]:
    later = ~Q(kind=RowKind.INITIAL_FEE)
    rows = ScheduleRow.objects.filter(
        later, version__is_current=True, version__contract__in=contracts
    )
    return (
        rows.values("version__contract")
        .annotate(net=Sum("payment"), count=Count("pk", filter=Q(kind=RowKind.INSTALMENT)))
        .order_by("version__contract")
        .values_list("version__contract", "net", "count")
    )


def upfront_contracts(on: dt.date) -> ContractQuerySet:
    """Financial leases whose asset was handed over and whose VAT has not been invoiced."""
    issued = Invoice.objects.filter(source_system=SOURCE, source_id=OuterRef("upfront_key"))
    return (
        Contract.objects.filter(
            signed_for_issuer(),
            product=Product.FINANCIAL,
            status__in=_AFTER_HANDOVER,
            handover_on__lte=on,
        )
        .annotate(
            upfront_key=Concat(
                Cast("pk", CharField()), Value(f":{RowKind.INITIAL_FEE}"), output_field=CharField()
            )
        )
        .filter(~Exists(issued))
    )


def _upfront(on: dt.date) -> Q:
    return Q(pk__in=upfront_contracts(on).values("pk"))


def _key() -> Expression:
    """`row_key` in SQL."""
    head = [Cast(F("version__contract_id"), CharField()), Value(":"), F("kind")]
    tail = [Value(":"), Cast(F("n"), CharField())]
    return Case(
        When(kind=RowKind.INSTALMENT, then=Concat(*head, *tail, output_field=CharField())),
        default=Concat(*head, output_field=CharField()),
        output_field=CharField(),
    )

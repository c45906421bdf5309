"""Individual accounts for all who lack one: after a new mask, a new portfolio, new invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Substr

from contracts.models import Contract
from eboks import clock
from eboks.tenancy.models import Company
from invoicing.accounts import AccountError, head_of, mask_problem, masks, nrb, with_running
from invoicing.enums import AccountScope
from invoicing.models import AccountMask, Invoice, VirtualAccount

_BATCH = 1000
_SHOWN = 20
_NOTHING = Value(None, output_field=BigIntegerField(null=True))

# Of an owner: its company, contract and invoice, the client's identifier, the contract's number.
_Owner = tuple[int, int | None, int | None, str, str]


@dataclass
class Made:
    """What a run did: how many accounts, and for whom there was no number."""

    count: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)  # the first of them


def make_accounts(*, at: dt.datetime, currencies: Iterable[str] = ("PLN", "EUR")) -> Made:
    """An account for every owner that a mask in force is for and that has none under it.

    Clients and contracts with a contract that runs, invoices with something left to pay. Safe to
    repeat and to stop half-way: what is made stays. Raises AccountError for a mask that is wrong.
    """
    made = Made()
    for currency in currencies:
        found = masks(currency=currency, on=clock.today(at))
        for mask in found.values():
            if problem := mask_problem(mask):
                raise AccountError(f"{mask}: {problem}")
            _make(mask, at=at, made=made)
    return made


def _make(mask: AccountMask, *, at: dt.datetime, made: Made) -> None:
    used = _used(mask)
    # A loop over all owners: check digits of a number are no work for SQL. Streamed, by batches.
    owners_left = _owners(mask).iterator(chunk_size=_BATCH)
    while owners := list(islice(owners_left, _BATCH)):
        rows = []
        for company, contract, invoice, client_id, number in owners:
            head = head_of(mask.layout, client_id, number or "")
            try:
                body = with_running(mask.layout, head, used.get(head))
            except AccountError as error:
                made.failed += 1
                made.problems = [*made.problems, str(error)][:_SHOWN]
                continue
            used[head] = int(body[len(head) :] or "0")
            rows.append(
                VirtualAccount(
                    number=nrb(mask.sort_code, body),
                    company_id=company,
                    contract_id=contract,
                    invoice_id=invoice,
                    mask=mask,
                    created_at=at,
                )
            )
        # Somebody may be making the same one now; the next run finds what this one has missed.
        VirtualAccount.objects.bulk_create(rows, ignore_conflicts=True)
        made.count += len(rows)


def _used(mask: AccountMask) -> dict[str, int]:
    """The last running number after each head that the mask has given out."""
    size = len(mask.layout.rstrip("N"))
    found: dict[str, int] = {}
    bodies = VirtualAccount.objects.filter(mask=mask).annotate(body=Substr("number", 11))
    for body in bodies.values_list("body", flat=True).iterator(chunk_size=_BATCH):
        head, running = body[:size], int(body[size:] or "0")
        found[head] = max(running, found.get(head, 0))
    return found


def _owners(mask: AccountMask) -> QuerySet[Company | Contract | Invoice, _Owner]:
    """Owners without an account under `mask`, in a fixed order."""
    made = VirtualAccount.objects.filter(mask=mask)
    contracts = Contract.objects.live().filter(currency=mask.currency)
    if mask.scope == AccountScope.COMPANY:
        own = made.filter(company=OuterRef("pk"), contract__isnull=True, invoice__isnull=True)
        return (
            Company.objects.filter(Exists(contracts.filter(company=OuterRef("pk"))), ~Exists(own))
            .order_by("pk")
            .annotate(no_contract=_NOTHING, no_invoice=_NOTHING)
            .values_list("pk", "no_contract", "no_invoice", "client_id", "no_contract")
        )
    if mask.scope == AccountScope.CONTRACT:
        own = made.filter(contract=OuterRef("pk"), invoice__isnull=True)
        return (
            contracts.filter(~Exists(own), virtual_account="")
            .order_by("pk")
            .annotate(no_invoice=_NOTHING)
            .values_list("company_id", "pk", "no_invoice", "company__client_id", "number")
        )
    own = VirtualAccount.objects.filter(invoice=OuterRef("pk"))
    return (
        Invoice.objects.filter(~Exists(own), currency=mask.currency, item__open_amount__gt=0)
        .order_by("pk")
        .values_list("company_id", "contract_id", "pk", "company__client_id", "contract__number")
    )

"""What a fee costs by the table in force, and putting it on the next invoice (domain 4.4).

A table is in force on days `valid_from`-`valid_to`, for contracts signed in `signed_from`-
`signed_to`; what is of no contract falls under the table for contracts signed that day. Of
several tables the one that began last counts. Money is PLN net.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import ZERO, to_grosz
from eboks.tenancy.models import Company
from invoicing.enums import CostKind, FeeBase, FeeChannel
from invoicing.issuing.mode import issued_here, issuer_from
from invoicing.models import Charge, FeeLine, FeeTable

_HUNDRED = Decimal(100)


class FeeError(Exception):
    """The fee cannot be found, counted, charged or cancelled; the text says why."""


def tables(*, on: dt.date, signed_on: dt.date | None = None) -> QuerySet[FeeTable]:
    """Tables in force on `on` for contracts signed on `signed_on`, the one that counts first."""
    signed = signed_on or on
    return tables_of_any(on=on).filter(
        Q(signed_from__isnull=True) | Q(signed_from__lte=signed),
        Q(signed_to__isnull=True) | Q(signed_to__gte=signed),
    )


def tables_of_any(*, on: dt.date) -> QuerySet[FeeTable]:
    """Tables in force on `on`, whenever contracts were signed; the latest first."""
    rows = FeeTable.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on
    )
    return rows.order_by("-valid_from", "-pk")


def line(
    *,
    code: str,
    channel: str,
    on: dt.date,
    signed_on: dt.date | None = None,
    contract_count: int | None = None,
) -> FeeLine:
    """The fee called `code` (`early_termination`) in `channel` on the day `on`.

    `contract_count` picks the tier of fees that go by the number of contracts (the lowest when it
    is not given). Raises FeeError when no table, or not the one in force, has such a fee.
    """
    table = tables(on=on, signed_on=signed_on).first()
    if table is None:
        raise FeeError(_("Na ten dzień nie ma tabeli opłat."))
    rows = table.lines.filter(code=code, channel=channel).select_related("table")
    if contract_count is not None:
        rows = rows.filter(
            Q(contracts_to__isnull=True) | Q(contracts_to__gte=contract_count),
            contracts_from__lte=contract_count,
        )
    found = rows.order_by("contracts_from", "pk").first()
    if found is None:
        raise FeeError(
            _("Tabela opłat %(version)s nie ma opłaty „%(code)s” (%(channel)s).")
            % {"version": table.version, "code": code, "channel": FeeChannel(channel).label}
        )
    return found


def price(line: FeeLine, *, base: Decimal | None = None, quantity: int = 1) -> Decimal:
    """What `line` costs, PLN net.

    `base`: of a percentage, the amount it is taken of; of a range, the amount agreed within it.
    `quantity`: how many pieces, months or years. What a yearly lump sum covers costs 0.
    Raises FeeError when `base` is needed and missing, or lies outside the range.
    """
    if line.base == FeeBase.LUMP_SUM:
        return ZERO
    if line.base == FeeBase.PERCENT:
        return to_grosz(_percent(line, base) * quantity)
    if line.net is None:
        raise FeeError(_("Opłata „%s” nie ma kwoty.") % line.title)
    if line.base == FeeBase.RANGE:
        return to_grosz(_agreed(line, line.net, base) * quantity)
    return to_grosz(line.net * quantity)


def _percent(line: FeeLine, base: Decimal | None) -> Decimal:
    if base is None or line.percent is None:
        raise FeeError(_("Opłata „%s” jest procentem: trzeba podać, od jakiej kwoty.") % line.title)
    amount = to_grosz(base * line.percent / _HUNDRED)
    if line.minimum is not None:
        amount = max(amount, line.minimum)
    return amount if line.maximum is None else min(amount, line.maximum)


def _agreed(line: FeeLine, low: Decimal, base: Decimal | None) -> Decimal:
    if base is None:
        raise FeeError(
            _("Opłata „%s” jest ustalana indywidualnie: trzeba podać kwotę.") % line.title
        )
    if base < low or (line.net_to is not None and base > line.net_to):
        raise FeeError(_("Kwota opłaty „%s” jest poza granicami z tabeli.") % line.title)
    return base


@transaction.atomic
def charge(
    *,
    key: str,
    company: Company,
    contract: Contract | None,
    line: FeeLine,
    on: dt.date,
    at: dt.datetime,
    description: str = "",
    base: Decimal | None = None,
    quantity: int = 1,
    actor: User | None = None,
) -> Charge:
    """A fee for the next invoice of `company`; once for each `key` (`request:<uuid>`).

    Asked again with the same key it returns the charge that there is, cancelled or not. Raises
    FeeError when the fee cannot be counted or costs nothing (ask `price` first), when the portal
    does not invoice the contract, or when the key is another company's.
    """
    net = price(line, base=base, quantity=quantity)
    if not net:
        raise FeeError(_("Opłata „%s” wynosi 0 zł: nie ma czego naliczyć.") % line.title)
    values = {
        "company": company,
        "contract": contract,
        "cost_kind": CostKind.FEE,
        "description": (description or line.title)[:250],
        "charged_on": on,
        "net": net,
        "vat_code": line.vat_code,
        "fee_line": line,
    }
    found, made = put(key=key, values=values, at=at)
    if made:
        record(
            event="fee_charged",
            at=at,
            actor=actor,
            company=company,
            object_kind="charge",
            object_ref=key,
            facts={"title": found.description, "version": line.table.version},
        )
    return found


def put(*, key: str, values: dict[str, Any], at: dt.datetime) -> tuple[Charge, bool]:
    """The charge called `key`, made of `values` if there is none yet, and whether it was made.

    Raises FeeError for another company's key, and for a new one that no invoice would take.
    """
    found = Charge.objects.filter(key=key).first()
    made = False
    if found is None:
        check_invoiced_here(values["contract"])
        found, made = Charge.objects.get_or_create(key=key, defaults={**values, "created_at": at})
    if found.company_id != values["company"].pk:
        raise FeeError(_("Pod tym kluczem jest już opłata innego klienta."))
    return found, made


def check_invoiced_here(contract: Contract | None) -> None:
    """Raises FeeError when the portal issues no invoices, or none on `contract`: a charge would
    wait for ever, and the client would see it all that time."""
    if issuer_from() is None:
        raise FeeError(_("Portal nie wystawia faktur: nalicz to w systemie, który je wystawia."))
    if contract is None or issued_here(Contract.objects.filter(pk=contract.pk)).exists():
        return
    raise FeeError(
        _("Umowę %s fakturuje system główny, a nie portal: nalicz to w tamtym systemie.")
        % contract.number
    )


def is_waiting(charge: Charge) -> bool:
    """Whether the charge is on no invoice yet and stands."""
    return charge.invoice_row_id is None and charge.cancelled_at is None


@transaction.atomic
def cancel(*, charge: Charge, reason: str, actor: User | None, at: dt.datetime) -> None:
    """Take back a charge that is on no invoice yet. Raises FeeError when it is, or has no reason.

    Once, whoever else cancels or invoices it at the same time.
    """
    if not reason.strip():
        raise FeeError(_("Podaj powód anulowania."))
    waiting = Charge.objects.filter(
        pk=charge.pk, invoice_row__isnull=True, cancelled_at__isnull=True
    )
    if waiting.update(cancelled_at=at, cancel_reason=reason.strip()[:200]) != 1:
        raise FeeError(_("Ta opłata jest już na fakturze albo została anulowana."))
    record(
        event="fee_cancelled",
        at=at,
        actor=actor,
        company=charge.company,
        object_kind="charge",
        object_ref=charge.key,
        facts={"title": charge.description, "reason": reason.strip()[:200]},
    )

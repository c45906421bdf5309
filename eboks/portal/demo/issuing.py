"""A month of invoices issued here: contracts signed lately have none in the feed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from contracts.models import Contract
from eboks import clock
from eboks.portal.demo.bills import fx_rate
from eboks.portal.demo.people import OWNER_COMPANY
from invoicing import fees, ledger
from invoicing.balances import refresh_balances
from invoicing.enums import CostKind, FeeChannel
from invoicing.exchange_files import import_rates
from invoicing.issuing.corrections import NewAmounts, correct
from invoicing.issuing.mode import SOURCE, issued_here
from invoicing.issuing.running import issue
from invoicing.models import Invoice, ReceivableItem

_DAY = dt.timedelta(days=1)
_MONTH = 31
_RATE_DAYS = 75  # calendar days back from which there are exchange rates


def load_issuing(*, at: dt.datetime, on: dt.date) -> None:
    """Exchange rates; then a run for each day of a month up to yesterday, a fee charged by mistake
    and corrected, and transfers for what was due. Today's invoices wait for the back office.

    Safe to repeat: what is issued is not issued again.
    """
    import_rates(content=_rates(on))
    contracts = issued_here(Contract.objects.all())
    if not contracts.exists():
        return
    for back in range(_MONTH, 0, -1):
        day = on - back * _DAY
        moment = at - back * _DAY
        if back == _MONTH // 2:
            _charge(day, moment)
        issue(on=day, at=moment)
    _correct(on - 3 * _DAY, at - 3 * _DAY)
    _pay(on, at)
    ids = contracts.values_list("pk", flat=True)
    refresh_balances(on=on, at=at, contract_ids=list(ids))


def _rates(on: dt.date) -> bytes:
    """Invented rates of working days, in the form that `import_exchange_rates` reads."""
    lines = ["currency;on;rate;table"]
    for back in range(_RATE_DAYS, -1, -1):
        day = on - back * _DAY
        if clock.is_working_day(day):
            table = f"{day.timetuple().tm_yday:03d}/A/NBP/{day.year}"
            lines.append(f"EUR;{day};{fx_rate(day)};{table}")
    return "\n".join(lines).encode()


def _charge(on: dt.date, at: dt.datetime) -> None:
    contract = _own()
    if contract is None:
        return
    line = fees.line(
        code="legal_form", channel=FeeChannel.ONLINE, on=on, signed_on=contract.signed_on
    )
    fees.charge(
        key=f"demo:{contract.source_id}:legal_form",
        company=contract.company,
        contract=contract,
        line=line,
        on=on,
        at=at,
    )


def _correct(on: dt.date, at: dt.datetime) -> None:
    """The fee was not due: the form of the company has not changed."""
    contract = _own()
    invoices = Invoice.objects.filter(
        contract=contract, rows__cost_kind=CostKind.FEE, corrections=None, corrects=None
    )
    invoice = invoices.filter(source_system=SOURCE).order_by("pk").first()
    if invoice is None:
        return
    row = invoice.rows.filter(cost_kind=CostKind.FEE).order_by("position")[0]
    correct(
        invoice=invoice,
        rows=[NewAmounts(position=row.position, net=Decimal(0))],
        reason="Opłata naliczona omyłkowo: forma prawna klienta się nie zmieniła",
        on=on,
        at=at,
    )


def _own() -> Contract | None:
    contracts = issued_here(Contract.objects.filter(company__source_id=OWNER_COMPANY))
    return contracts.select_related("company").order_by("pk").first()


def _pay(on: dt.date, at: dt.datetime) -> None:
    """A transfer a day before each due date that has passed."""
    items = ReceivableItem.objects.filter(
        source_system=SOURCE, open_amount__gt=0, effective_due_on__lt=on, invoice__isnull=False
    )
    ledger.post_payments(
        [
            ledger.NewPayment(
                source_system="demo",
                source_id=f"issued:{item.source_id}",
                company=item.company_id,
                contract=item.contract_id,
                booked_on=max(item.effective_due_on - _DAY, item.issued_on),
                amount=item.open_amount,
                currency=item.currency,
                indicated_items=(item.pk,),
                payer_name=item.company.name[:150],
                account=item.account,
                title=item.label,
            )
            for item in items.select_related("company").order_by("pk")
        ],
        at=at,
    )

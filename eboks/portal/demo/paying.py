"""What demo clients have prepared, reported, promised and been charged, so that pages show it."""

from __future__ import annotations

import datetime as dt
import io
import uuid

from PIL import Image, ImageDraw

from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.onboarding.scans import Scan
from eboks.portal.demo.identifiers import SORT_CODE
from eboks.portal.demo.people import FLEET_COMPANY, OWNER_COMPANY
from eboks.tenancy.models import Company
from invoicing import fees
from invoicing.account_making import make_accounts
from invoicing.baskets import make_baskets
from invoicing.enums import AccountScope, FeeChannel
from invoicing.issuing.mode import issued_here
from invoicing.models import AccountMask, ReceivableItem
from invoicing.paper_invoices import charge_paper_fees
from invoicing.promises import promise
from invoicing.reported import report_payment

_NAMESPACE = uuid.UUID("5f0f7a0e-6c1b-4d5e-9a37-7d2c5b1d9e10")


def load_paying(*, at: dt.datetime, on: dt.date) -> None:
    """Individual accounts, a basket, a reported transfer, a promise, charges of the table."""
    AccountMask.objects.get_or_create(
        scope=AccountScope.COMPANY,
        currency="PLN",
        valid_from=dt.date(2024, 1, 1),
        defaults={"sort_code": SORT_CODE, "layout": "6666CCCCCCCCNNNN"},
    )
    make_accounts(at=at)
    charge_paper_fees(month=clock.add_months(on.replace(day=1), -1), at=at)
    own, fleet = (
        Company.objects.get(source_id=source_id) for source_id in (OWNER_COMPANY, FLEET_COMPANY)
    )
    owner = User.objects.get(username="demo-wlasciciel")
    items = _open(own)
    if items:
        report_payment(
            company=own,
            items=items[:1],
            paid_on=on,
            amount=items[0].open_amount,
            currency=items[0].currency,
            scan=_confirmation(),
            form_key=uuid.uuid5(_NAMESPACE, "report"),
            actor=owner,
            at=at,
        )
    if len(items) > 1:
        make_baskets(items=items[1:3], actor=owner, at=at)
    late = [item for item in _open(fleet) if item.effective_due_on < on][:1]
    if late:
        promise(
            company=fleet,
            items=late,
            pay_by=clock.add_working_days(on, 5),
            form_key=uuid.uuid5(_NAMESPACE, "promise"),
            actor=User.objects.get(username="demo-finanse"),
            at=at,
        )
    for company in (own, fleet):
        _charge(company, at=at, on=on)


def _open(company: Company) -> list[ReceivableItem]:
    rows = ReceivableItem.objects.filter(
        company=company, currency="PLN", open_amount__gt=0, is_disputed=False, dunning_level=0
    )
    related = rows.select_related("company", "contract")
    return list(related.order_by("effective_due_on", "pk")[:10])


def _charge(company: Company, *, at: dt.datetime, on: dt.date) -> None:
    mine = issued_here(Contract.objects.live().filter(company=company))
    contract = mine.order_by("-signed_on", "pk").first()
    if contract is None:
        return
    line = fees.line(
        code="statement_to_order",
        channel=FeeChannel.ONLINE,
        on=on,
        signed_on=contract.signed_on,
    )
    fees.charge(
        key=f"demo:statement:{company.source_id}",
        company=company,
        contract=contract,
        line=line,
        base=line.net,
        on=on,
        at=at,
        description="Zestawienie na zlecenie: koszty za trzy lata",
    )


def _confirmation() -> Scan:
    """A picture that says what it is."""
    picture = Image.new("RGB", (640, 200), "white")
    ImageDraw.Draw(picture).text((30, 90), "Potwierdzenie przelewu - dane pokazowe", fill="black")
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return Scan(out.getvalue(), "image/png", "png")

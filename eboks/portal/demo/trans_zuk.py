"""TRANS-ŻUK, the small client of the demo: published contracts, one about to end, a machine.

The published ones show figures that can be checked by hand. `pl-01` is the example of the Polish
leasing forum fmleasing.pl (t=3781): 133 967.21 PLN, 35 instalments of 3 935.45, in the variant
where an invoice rounds each row. `con-01` is our own: 100 000 PLN, 35 instalments of 2 803.79.
`con-08`, ours too, was signed lately, so that the portal itself invoices it: a financial lease with
the VAT of 30 161.21 once at handover and 24 instalments of 4 949.58 without VAT.
"""
# ruff: noqa: S311 -- made-up data, nothing secret

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from contracts.enums import ContractStatus
from contracts.schedule_terms import PaymentPattern, Product
from eboks.clock import add_months
from eboks.portal.demo.bills import Bill
from eboks.portal.demo.catalogue import CARS, MACHINES, TRUCKS, VANS, Kind
from eboks.portal.demo.companies import Client
from eboks.portal.demo.contracts import Deal, MadeContract, asset_row
from eboks.portal.demo.identifiers import nrb
from eboks.portal.demo.payments import Payer
from eboks.portal.demo.portfolio import Extra
from eboks.portal.demo.rate_history import wibor
from eboks.portal.demo.trans_zuk_records import records_of

_DAY = dt.timedelta(days=1)
CLIENT = Client(
    number=900_001,
    name="TRANS-ŻUK sp. z o.o.",
    legal_form="sp. z o.o.",
    nip="9990000014",
    regon="999000012",
    krs="0000999001",
    street="ul. Polna 7",
    postcode="62-800",
    city="Kalisz",
    plate_prefix="PK",
    domain="trans-zuk.example",
    phone="+48000000100",
    payer="prompt",
)


def trans_zuk(on: dt.date) -> Extra:
    """The client as of `on`: one invoice overdue, one due within days, one new, one contract
    that ends within three months."""
    overdue, soon, new = on - 12 * _DAY, on + 4 * _DAY, on + 12 * _DAY
    contracts = [
        _contract(
            1,
            _deal(
                "OL/PL-01",
                _start(overdue, 15),
                overdue.day,
                net_value="133967.21",
                fee_pct="9",
                index="WIBOR_3M",
                index_value="4.97",
                margin_pp="3.956542",
                floor_pct="4.97",  # the index of the made-up world is lower: nothing changes
            ),
            VANS[0],
        ),
        _contract(
            2,
            _deal(
                "OL/CON-01",
                _start(soon, 9),
                soon.day,
                net_value="100000.00",
                fee_pct="10",
                index="WIBOR_1M",
                index_value="3.90",
                margin_pp="2.60",
                threshold_pp="0.50",  # nor here: a smaller move does not count
            ),
            VANS[5],
        ),
        _contract(
            3,
            _deal(
                "OL/TZ-03",
                _start(new, 22),
                new.day,
                net_value="138500.00",
                fee_pct="20",
                index="",
                index_value=None,
                margin_pp="7.2",
                months=24,
            ),
            TRUCKS[5],
        ),
        _contract(
            4,
            _deal(
                "FL/TZ-04",
                _start(on - 20 * _DAY, 5),
                (on - 20 * _DAY).day,
                net_value="124900.00",
                fee_pct="15",
                index="WIBOR_1M",
                index_value=str(wibor(6)),
                margin_pp="3.1",
                product=Product.FINANCIAL,
                buyout_pct="0",
            ),
            MACHINES[3],
        ),
        _contract(
            5,
            _deal(
                "FL/CON-08",
                _start(on - 20 * _DAY, 0),
                (on - 20 * _DAY).day,
                net_value="123456.78",
                fee_pct="10",
                index="",
                index_value=None,
                margin_pp="6.50",
                months=25,
                product=Product.FINANCIAL,
                buyout_pct="0",
            ),
            CARS[2],
        ),
        _contract(
            6,
            _deal(
                "OL/TZ-05",
                _start(on - 5 * _DAY, 11),
                (on - 5 * _DAY).day,
                net_value="98600.00",
                fee_pct="10",
                index="WIBOR_6M",  # the one that has come to its end
                index_value=str(wibor(12)),
                margin_pp="2.9",
                csa_pp="0.15",
            ),
            VANS[2],
        ),
    ]
    random = Random("trans-zuk")
    assets = [asset_row(random, made, on) for made in contracts]
    return Extra(
        client=CLIENT,
        people=(),
        contracts=contracts,
        assets=assets,
        payments=_Payments(contracts[0], on),
        records=records_of(contracts, assets, on),
    )


class _Payments:
    """Everything that is due is paid a day early, but for the last invoice of one contract."""

    def __init__(self, behind: MadeContract, on: dt.date) -> None:
        self._behind = behind
        self._on = on

    def __call__(self, bills: Sequence[Bill]) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
        due = [bill for bill in bills if bill.effective_due_on <= self._on]
        unpaid = max(
            (bill for bill in due if bill.made is self._behind and bill.instalment_n),
            key=lambda bill: bill.instalment_n or 0,
        )
        payer = Payer(Random("trans-zuk"), CLIENT, self._on)
        for bill in due:
            if bill is not unpaid:
                yield payer.exactly(bill, max(bill.effective_due_on - _DAY, bill.issued_on))


def _start(due: dt.date, months_ago: int) -> dt.date:
    """A handover so that an instalment falls due on `due`."""
    return add_months(due, -months_ago, min(due.day, 28))


def _deal(
    number: str,
    start_on: dt.date,
    due_day: int,
    *,
    net_value: str,
    fee_pct: str,
    index: str,
    index_value: str | None,
    margin_pp: str,
    months: int = 36,
    product: Product = Product.OPERATING,
    buyout_pct: str = "1",
    threshold_pp: str = "0",
    floor_pct: str = "0",
    csa_pp: str = "0",
) -> Deal:
    return Deal(
        number=number,
        product=product,
        currency="PLN",
        signed_on=start_on - 6 * _DAY,
        start_on=start_on,
        due_day=min(due_day, 28),
        months=months,
        frequency_months=1,
        net_value=Decimal(net_value),
        fee_pct=Decimal(fee_pct),
        buyout_pct=Decimal(buyout_pct),
        in_advance=False,
        pattern=PaymentPattern.ANNUITY,
        weights=(),
        fixed_amounts=(),
        index=index,
        index_value=None if index_value is None else Decimal(index_value),
        margin_pp=Decimal(margin_pp),
        vat_pct=23,
        threshold_pp=Decimal(threshold_pp),
        floor_pct=Decimal(floor_pct),
        csa_pp=Decimal(csa_pp),
    )


def _contract(place: int, deal: Deal, asset: Kind) -> MadeContract:
    return MadeContract(
        place=9_000_000 + place,
        client=CLIENT,
        deal=deal,
        asset=asset,
        schedule=deal.schedule(),
        status=ContractStatus.ACTIVE,
        stopped_on=None,
        account=nrb(CLIENT.number, place),
    )

"""The portfolio: companies with their contracts, streamed client by client into a feed.

The same seed, size and days give the same bytes. About 30 000 clients for 70 000 contracts; the
first client is a fleet with a tenth of all contracts (domain spec 9).
"""
# ruff: noqa: S311 -- made-up data, nothing secret

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from eboks.portal.demo.bills import Bill, Biller
from eboks.portal.demo.companies import Client, Person, make_client, make_people
from eboks.portal.demo.contracts import MadeContract, asset_row, make_deal, make_status, pick_kind
from eboks.portal.demo.identifiers import nrb
from eboks.portal.demo.lessor import LESSOR
from eboks.portal.demo.payments import PAYERS, Payer
from eboks.portal.demo.policies import Row
from eboks.portal.demo.records import RecordMaker
from eboks.portal.demo.writing import FeedSet

_MANY = 1_000  # beyond it only some contracts have policies and records of vehicles
_BATCH = 10  # contracts of a client whose invoices one transfer may pay; keeps memory flat


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A client written by hand beside the drawn ones, with its contracts, bills and people."""

    client: Client
    people: Sequence[Person]
    contracts: Sequence[MadeContract]
    assets: Sequence[tuple[Any, ...]]
    payments: Callable[[Sequence[Bill]], Iterable[tuple[dt.date, tuple[Any, ...]]]]
    records: Sequence[Row] = ()  # of policies, claims, vehicles


def make_portfolio(
    *,
    out: Path,
    contracts: int,
    seed: int,
    business_dates: Sequence[dt.date],
    extras: Sequence[Extra] = (),
    extra_people: Sequence[Person] = (),
    issuer_from: dt.date | None = None,
    plain: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Path]:
    """Write `contracts` drawn contracts as one feed (or several, one for each business date).

    Contracts signed from `issuer_from` on have no invoices: the portal issues them itself. `plain`:
    without policies and records of vehicles. Returns the feed directories. Raises FileExistsError
    when `out` is there already.
    """
    on = business_dates[-1]
    sizes = _client_sizes(contracts, seed)
    with FeedSet(out, business_dates=business_dates, lessor=LESSOR) as feeds:
        records = None if plain else RecordMaker(feeds.write, seed, on, is_large=contracts > _MANY)
        maker = _Maker(feeds, seed, on, issuer_from, progress, records)
        for number, size in enumerate(sizes, start=1):
            maker.client(number, size)
        for extra in extras:
            maker.written(extra)
        for person in extra_people:
            feeds.write("people", business_dates[0], person.row())
    return feeds.directories


def clients_of(contracts: int) -> int:
    """How many clients a portfolio of this many contracts has."""
    return max(3, round(contracts * 3 / 7))


def client_for(number: int, seed: int) -> Client:
    """Client `number` of the portfolio: the same one whoever asks."""
    random = Random(f"{seed}/client/{number}")
    payers, weights = [payer for payer, _ in PAYERS], [weight for _, weight in PAYERS]
    payer = "collective" if number == 1 else random.choices(payers, weights)[0]
    client = make_client(random, number, payer=payer)
    if number == 1:
        name = "FLOTA-POL sp. z o.o."
        client = replace(client, name=name, legal_form="sp. z o.o.", domain="flota-pol.example")
    return client


def _client_sizes(contracts: int, seed: int) -> list[int]:
    """Contracts of each client: a tenth for the first, most others have one or two."""
    clients = clients_of(contracts)
    fleet = max(1, contracts // 10)
    rest = contracts - fleet - (clients - 1)
    sizes = [fleet] + [1] * (clients - 1)
    if rest < 0:
        raise ValueError("a portfolio has at least 5 contracts")
    random = Random(f"{seed}/sizes")
    for _ in range(rest):
        sizes[1 + int((clients - 1) * random.random() ** 2.2)] += 1
    return sizes


class _Maker:
    """Writes one client after another."""

    def __init__(
        self,
        feeds: FeedSet,
        seed: int,
        on: dt.date,
        issuer_from: dt.date | None,
        progress: Callable[[int], None],
        records: RecordMaker | None,
    ) -> None:
        self._feeds = feeds
        self._records = records
        self._issuer_from = issuer_from
        self._seed = seed
        self._on = on
        self._progress = progress
        self._place = 0

    def client(self, number: int, size: int) -> None:
        client = client_for(number, self._seed)
        random = Random(f"{self._seed}/people/{number}")
        people = make_people(random, client, contracts=size)
        self._write_client(client, people)
        if random.random() < 0.01:
            self._opening_balance(random, client)
        payer = Payer(random, client, self._on)
        for start in range(0, size, _BATCH):
            bills: list[Bill] = []
            for nth in range(start, min(start + _BATCH, size)):
                bills += self._drawn_contract(client, nth)
            for day, row in payer.payments(bills):
                self._feeds.write("payments", day, row)

    def written(self, extra: Extra) -> None:
        self._write_client(extra.client, extra.people)
        bills: list[Bill] = []
        for made, asset in zip(extra.contracts, extra.assets, strict=True):
            biller = Biller(Random(made.place), made, self._on, plain=True)
            bills += self._write_contract(biller, made, asset)
        for day, row in extra.payments(bills):
            self._feeds.write("payments", day, row)
        if self._records is not None:
            for kind, day, row in extra.records:
                self._feeds.write(kind, day, row)

    def _write_client(self, client: Client, people: Sequence[Person]) -> None:
        self._feeds.write("companies", dt.date.min, client.row())
        for person in people:
            self._feeds.write("people", dt.date.min, person.row())

    def _drawn_contract(self, client: Client, nth: int) -> list[Bill]:
        self._place += 1
        place = self._place
        random = Random(f"{self._seed}/contract/{place}")
        kind = pick_kind(random, 0 if client.number == 1 and random.random() < 0.9 else None)
        deal = make_deal(random, place, kind, self._on)
        schedule = deal.schedule()
        status, stopped_on = make_status(random, schedule, deal, self._on)
        made = MadeContract(
            place=place,
            client=client,
            deal=deal,
            asset=kind,
            schedule=schedule,
            status=status,
            stopped_on=stopped_on,
            account=nrb(client.number, nth + 1),
        )
        self._progress(1)
        asset = asset_row(random, made, self._on)
        bills = self._write_contract(Biller(random, made, self._on), made, asset)
        if self._records is not None:
            self._records.write(made, asset)
        return bills

    def _write_contract(
        self, biller: Biller, made: MadeContract, asset: tuple[Any, ...]
    ) -> list[Bill]:
        write, signed_on = self._feeds.write, made.deal.signed_on
        write("contracts", signed_on, made.row())
        write("assets", signed_on, asset)
        write("schedule_versions", signed_on, made.version_row())
        for row in made.schedule_rows():
            write("schedule_rows", signed_on, row)
        if self._issuer_from is not None and signed_on >= self._issuer_from:
            return []
        bills = list(biller.bills())
        for bill in bills:
            write("invoices", bill.issued_on, bill.row())
            for line in bill.line_rows():
                write("invoice_rows", bill.issued_on, line)
        return bills

    def _opening_balance(self, random: Random, client: Client) -> None:
        """Left over from the system before: a small debt, or now and then an overpayment."""
        day = dt.date(2022, 12, 31)
        sign = -1 if random.random() < 0.3 else 1
        amount = sign * Decimal(random.randint(5_000, 250_000)) / 100
        self._feeds.write(
            "opening_balances",
            day,
            (
                f"B{client.number:06d}",
                client.source_id,
                None,
                "Saldo otwarcia 2023",
                "PLN",
                amount.quantize(Decimal("0.01")),
                day,
                day + dt.timedelta(days=14),
            ),
        )

"""Made-up life of a vehicle: mileage, fuel, service, tyres, damages, replacement cars, tolls.

The kilometres agree with the asset's mileage in the feed. A few purchases are odd on purpose: more
than the tank holds, the wrong product, no distance since the last one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from contracts.fleet.enums import Product, Unit
from eboks.clock import WARSAW, add_months
from eboks.money import to_grosz
from eboks.portal.demo.companies import make_person
from eboks.portal.demo.contracts import MadeContract
from eboks.portal.demo.policies import MadeClaim, Row

_DAY = dt.timedelta(days=1)
_VAT = Decimal("0.23")
_STATIONS = (
    *("Stacja 12 Kalisz", "Stacja 3 Poznań", "MOP Konin A2", "Stacja 44 Łódź"),
    *("Stacja 7 Wrocław", "MOP Wiśniowa Góra A1", "Stacja 21 Gdynia"),
)
_CHARGERS = ("Ładowarka Plac Wolności", "Ładowarka MOP Chwałki A2", "Ładowarka firmowa")
_WORKSHOPS = ("Serwis Kalisz", "Auto-Serwis Leśna", "Warsztat Partner Łódź", "Serwis Południe")
_REPAIRS = ("klocki i tarcze hamulcowe", "akumulator", "wymiana rozrządu", "zawieszenie, przód")
_TOLLS = ("A2 Konin – Poznań", "A4 Katowice – Kraków", "S8 Warszawa – Łódź")
# Net price of a litre or kilowatt-hour.
_PRICES = {
    Product.DIESEL: Decimal("5.18"),
    Product.PETROL: Decimal("4.92"),
    Product.ELECTRICITY: Decimal("1.45"),
}


@dataclass(frozen=True, slots=True)
class _Drive:
    """What a kind of vehicle takes: product, per 100 km, tank or battery, km between services."""

    product: Product
    per_100: float
    tank: int
    interval: int
    is_heavy: bool = False


def _drive(made: MadeContract) -> _Drive:
    kind = made.asset
    if kind.price[0] > 400_000:
        return _Drive(Product.DIESEL, 27.5, 600, 60_000, is_heavy=True)
    if kind.co2[0] > 180:
        return _Drive(Product.DIESEL, 9.6, 80, 40_000)
    if kind.propulsion == "electric":
        return _Drive(Product.ELECTRICITY, 17.5, 75, 30_000)
    if kind.propulsion == "diesel":
        return _Drive(Product.DIESEL, 5.9, 55, 30_000)
    return _Drive(Product.PETROL, 6.1, 50, 15_000)


class VehicleLife:
    """Records of one vehicle up to `on`: of the last `months`, but for service, which is whole."""

    def __init__(
        self,
        random: Random,
        made: MadeContract,
        asset: tuple[Any, ...],
        on: dt.date,
        *,
        months: int = 12,
    ) -> None:
        self._random = random
        self._made = made
        self._asset = str(asset[0])
        self._on = on
        self._start = made.deal.start_on
        self._stop = min(on, made.end_on, made.stopped_on or on)
        self._since = max(self._start, add_months(on, -months, min(on.day, 28)))
        self._driven = int(asset[14] or 0)
        self._drive = _drive(made)
        self._drivers = [" ".join(make_person(random)) for _ in range(2)]
        self._n = 0

    @property
    def is_driven(self) -> bool:
        return bool(
            self._made.asset.propulsion and self._driven and self._stop > self._since + 10 * _DAY
        )

    def rows(self, claims: Sequence[MadeClaim] = ()) -> Iterator[Row]:
        """Rows of the files, each on its day; nothing of a vehicle that was not driven in these
        months."""
        if not self.is_driven:
            return
        yield self._terms()
        yield from self._readings()
        yield from self._fuel()
        yield from self._service()
        yield from self._tyres()
        yield from self._damages(claims)
        yield from self._tolls()

    def _id(self, letter: str) -> str:
        self._n += 1
        return f"{self._asset}/{letter}{self._n}"

    def _km(self, day: dt.date) -> int:
        whole = (min(self._on, self._made.end_on) - self._start).days
        return round(self._driven * (day - self._start).days / max(whole, 1))

    def _terms(self) -> Row:
        days = (self._made.end_on - self._start).days
        so_far = (min(self._on, self._made.end_on) - self._start).days
        per_day = self._driven / max(so_far, 1)
        limit = round(per_day * days * self._random.uniform(0.8, 1.25), -3)
        electric = self._drive.product is Product.ELECTRICITY
        plugin = self._made.asset.propulsion == "plugin_hybrid"
        values = (
            self._asset,
            self._asset,
            True,
            int(limit) or 1_000,
            0,
            self._start,
            self._made.end_on,
            Decimal(self._random.randint(20, 60)) / 100,
            Decimal(self._random.randint(6, 18)) / 100,
            None if electric else self._drive.tank,
            self._drive.tank if electric else (18 if plugin else None),
            None,
        )
        return "mileage_terms", self._on, values

    def _readings(self) -> Iterator[Row]:
        day = add_months(self._since, 1, 1)
        while day <= self._stop:
            source = self._random.choice(["core", "telematics", "service"])
            values = (self._id("R"), self._asset, None, day, self._km(day), source)
            yield "mileage_readings", day, values
            day = add_months(day, 1, 1)

    def _fuel(self) -> Iterator[Row]:
        random, drive = self._random, self._drive
        card = f"…{int(self._asset[1:]) * 7919 % 10_000:04d}"
        used_from = self._since
        day = self._since + random.randint(1, 4) * _DAY
        while day <= self._stop:
            distance = self._km(day) - self._km(used_from)
            needed = distance * drive.per_100 / 100 * random.uniform(0.92, 1.08)
            if needed >= drive.tank * 0.7 or (day - used_from).days >= 30:
                quantity = min(needed, drive.tank)
                yield self._purchase(card, day, drive.product, quantity, self._km(day))
                odd = random.random()
                if odd < 0.008:  # more than the tank holds
                    too_much = drive.tank * 1.2
                    yield self._purchase(card, day + _DAY, drive.product, too_much, None)
                elif odd < 0.016:  # no distance since the last one
                    half = drive.tank * 0.5
                    yield self._purchase(card, day, drive.product, half, self._km(day))
                elif odd < 0.022 and drive.product is not Product.ELECTRICITY:  # another's tank
                    wrong = {Product.DIESEL: Product.PETROL, Product.PETROL: Product.DIESEL}
                    yield self._purchase(card, day, wrong[drive.product], 30, self._km(day))
                elif odd < 0.06:
                    yield self._other(card, day)
                used_from = day
            day += _DAY

    def _purchase(
        self, card: str, day: dt.date, product: Product, quantity: float, km: int | None
    ) -> Row:
        random = self._random
        day = min(day, self._stop)
        electric = product is Product.ELECTRICITY
        amount = Decimal(round(max(quantity, 3) * 1000)) / 1000
        season = Decimal(random.randint(-20, 20)) / 100
        price = _PRICES[product] + season
        net = to_grosz(amount * price)
        return self._card(
            card,
            day,
            random.choice(_CHARGERS if electric else _STATIONS),
            product,
            ("kWh" if electric else {"diesel": "ON", "petrol": "Pb 95"}[product.value]),
            amount,
            Unit.KWH if electric else Unit.LITRE,
            price,
            net,
            km,
        )

    def _other(self, card: str, day: dt.date) -> Row:
        net = Decimal(self._random.randint(18, 60))
        station = self._random.choice(_STATIONS)
        return self._card(
            card, day, station, Product.WASH, "myjnia", Decimal(1), Unit.PIECE, net, net, None
        )

    def _card(
        self,
        card: str,
        day: dt.date,
        station: str,
        product: Product,
        name: str,
        quantity: Decimal,
        unit: Unit,
        price: Decimal,
        net: Decimal,
        km: int | None,
    ) -> Row:
        random = self._random
        time = dt.time(random.randint(5, 21), random.randint(0, 59), random.randint(0, 59))
        vat = to_grosz(net * _VAT)
        values = (
            self._id("F"),
            self._asset,
            None,
            card,
            self._drivers[0] if random.random() < 0.9 else self._drivers[1],
            dt.datetime.combine(day, time, WARSAW).isoformat(),
            station,
            "PL",
            product.value,
            name,
            quantity,
            unit.value,
            price,
            "PLN",
            net,
            vat,
            net + vat,
            km,
            f"MPK-{100 + self._made.client.number % 50}",
            f"FP/{day.year}/{day.month:02d}/{1 if day.day <= 15 else 2}",
        )
        return "fuel_transactions", day, values

    def _service(self) -> Iterator[Row]:
        random, interval = self._random, self._drive.interval
        days = (min(self._on, self._made.end_on) - self._start).days
        per_day = max(self._driven / max(days, 1), 1)
        year_or_km = min(365, round(interval / per_day))
        day = self._start + min(year_or_km, 365) * _DAY
        late = random.random() < 0.1  # the last inspection was missed
        visits = []
        while day <= self._stop:
            visits.append(day)
            day += year_or_km * _DAY
        for day in visits[:-1] if late else visits:
            km = self._km(day)
            items = "olej i filtry, kontrola hamulców, odczyt usterek"
            net = Decimal(random.randint(650, 1_900)) * (2 if self._drive.is_heavy else 1)
            due_km, due_on = km + interval, day + 365 * _DAY
            yield self._visit(day, "inspection", km, items, net, "cfm", due_km, due_on)
        if self._drive.is_heavy and (day := self._start + 350 * _DAY) <= self._stop:
            due = day + 365 * _DAY
            yield self._visit(
                day, "technical", self._km(day), "", Decimal("197.00"), "client", None, due
            )
        for day in self._days(0.8):
            km, items = self._km(day), random.choice(_REPAIRS)
            payer = random.choice(["cfm", "cfm", "warranty", "client"])
            net = Decimal(0 if payer == "warranty" else random.randint(280, 3_400))
            yield self._visit(day, "repair", km, items, net, payer, None, None)

    def _visit(self, day: dt.date, kind: str, km: int, items: str, net: Decimal, *rest: Any) -> Row:
        payer, due_km, due_on = rest
        workshop = self._random.choice(_WORKSHOPS)
        head = (self._id("S"), self._asset, None, day, kind, km, workshop, items)
        return "service_visits", day, (*head, net, payer, due_km, due_on)

    def _days(self, per_year: float) -> list[dt.date]:
        """Days of something that happens `per_year` times, within the months of the records."""
        span = (self._stop - self._since).days
        expected = per_year * span / 365
        count = int(expected) + (self._random.random() < expected % 1)
        return sorted(
            self._since + self._random.randint(1, max(span, 1)) * _DAY for _ in range(count)
        )

    def _tyres(self) -> Iterator[Row]:
        year = self._stop.year
        size = (
            "315/70 R22.5"
            if self._drive.is_heavy
            else self._random.choice(["205/55 R16", "225/45 R17", "225/65 R16"])
        )
        if self._drive.is_heavy or self._random.random() < 0.15:
            yield self._set(1, "all_year", size, self._start, None)
            return
        changes = [
            (dt.date(year - 1, 4, 10), "summer"),
            (dt.date(year - 1, 11, 5), "winter"),
            (dt.date(year, 4, 10), "summer"),
            (dt.date(year, 11, 5), "winter"),
        ]
        done = [(max(day, self._start), season) for day, season in changes if day <= self._stop]
        (before, stored), (now, mounted) = done[-2:]
        if now <= self._start:
            yield self._set(1, mounted, size, self._start, None)
            return
        yield self._set(1, mounted, size, now, None)
        yield self._set(2, stored, size, before, now)
        if now >= self._since:
            values = (
                self._km(now),
                "wymiana opon, wyważenie",
                Decimal("240.00"),
                "cfm",
                None,
                None,
            )
            yield self._visit(now, "tyres", *values)

    def _set(
        self, n: int, season: str, size: str, mounted: dt.date, removed: dt.date | None
    ) -> Row:
        depth = Decimal(self._random.randint(28, 80)) / 10
        place = self._random.choice(_WORKSHOPS) if removed else None
        net = Decimal("80.00") if removed else None
        day = removed or mounted
        values = (self._id("T"), self._asset, None, day, f"{self._asset}-{n}", season, size)
        return "tyre_sets", self._on, (*values, place, depth, mounted, removed, net)

    def _damages(self, claims: Sequence[MadeClaim]) -> Iterator[Row]:
        for claim in claims:
            if claim.on < self._since or claim.on > self._stop:
                continue
            deductible = Decimal("500.00")
            values: tuple[Any, ...] = (
                *(self._id("D"), self._asset, None, claim.on, claim.insurer_number, claim.what),
                *(claim.fault, claim.cost, deductible, claim.payout, claim.downtime_days),
            )
            yield "damages", self._on, values
            if claim.downtime_days > 3 and claim.on + _DAY <= self._stop:
                yield self._replacement(claim)
        for day in self._days(0.3):
            values = (
                *(self._id("D"), self._asset, None, day, None, "Otarcie zderzaka"),
                *("own", Decimal(self._random.randint(250, 900)), None, None, 0),
            )
            yield "damages", day, values

    def _replacement(self, claim: MadeClaim) -> Row:
        first = claim.on + _DAY
        last = first + claim.downtime_days * _DAY
        plate = f"WZ{self._random.randint(10_000, 99_999)}"
        head = (self._id("Z"), self._asset, None, first, self._random.choice("BCD"), plate)
        to_on = last if last <= self._on else None
        return "replacement_cars", self._on, (*head, to_on, "naprawa po szkodzie", 14)

    def _tolls(self) -> Iterator[Row]:
        random = self._random
        for day in self._days(30 if self._drive.is_heavy else 8):
            gross = Decimal(random.randint(1_600, 9_800)) / 100
            net = to_grosz(gross / (1 + _VAT))
            yield self._toll(day, "toll", "e-TOLL", random.choice(_TOLLS), net, gross)
        for day in self._days(5):
            gross = Decimal(random.randint(4, 40))
            place = f"strefa płatna, {self._made.client.city}"
            yield self._toll(day, "parking", None, place, gross, gross)
        for day in self._days(0.4):
            gross = Decimal(random.choice([100, 200, 400]))
            yield self._toll(day, "fine", None, "fotoradar", gross, gross)

    def _toll(
        self,
        day: dt.date,
        kind: str,
        provider: str | None,
        place: str,
        net: Decimal,
        gross: Decimal,
    ) -> Row:
        time = dt.time(self._random.randint(6, 21), self._random.randint(0, 59))
        at = dt.datetime.combine(day, time, WARSAW).isoformat()
        head = (self._id("O"), self._asset, None, day, kind, provider, at, place)
        return "tolls", day, (*head, "PLN", net, gross)

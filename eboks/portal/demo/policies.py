"""Made-up policies and claims of an asset, year by year, with the troubles of a real portfolio.

A few have a gap, a second OC policy, or an end that nobody has taken care of yet. Insurers are
invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

from eboks.clock import WARSAW, add_months
from eboks.money import to_grosz
from eboks.portal.demo.companies import make_person
from eboks.portal.demo.contracts import MadeContract
from eboks.portal.demo.lessor import LESSOR
from insurance.enums import ClaimKind, ClaimStatus, Placement, Risk, Territory, VatBasis

Row = tuple[str, dt.date, tuple[Any, ...]]  # kind of file, day, values in the order of its columns

INSURERS = (
    ("przykladowe-tu", "Przykładowe TU S.A."),
    ("bezpieczna-flota", "Bezpieczna Flota TUW"),
    ("pewna-maszyna", "Pewna Maszyna TU S.A."),
)
ENDING_IN = (10, 25, 40)  # days from the day of the portfolio
_DAY = dt.timedelta(days=1)
_KEPT = dt.timedelta(days=3 * 365)
LESSOR_NAME = str(LESSOR["name"])
_EUR = Decimal("4.26")
_MOTOR = (Risk.OC, Risk.AC, Risk.NNW, Risk.ASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePolicy:
    source_id: str
    asset: str
    insurer: str
    placement: Placement
    holder: str
    first: dt.date
    last: dt.date
    premium: Decimal
    parts: int  # instalments of the premium
    risks: tuple[Risk, ...]
    value: Decimal  # of the asset, net
    territory: Territory = Territory.EUROPE
    has_assignment: bool = True

    @property
    def number(self) -> str:
        return f"{self.insurer.split('-', maxsplit=1)[0][:3].upper()}/{self.source_id}"

    def rows(self, on: dt.date) -> Iterator[Row]:
        """Policy, risks and instalments as they stand on the day `on`."""
        yield (
            "policies",
            on,
            (
                self.source_id,
                self.asset,
                None,
                self.insurer,
                self.number,
                self.placement.value,
                self.holder,
                LESSOR_NAME,
                self.first,
                self.last,
                None,
                self.premium,
                "PLN",
                self.territory.value,
                self.has_assignment,
            ),
        )
        for risk in self.risks:
            yield "policy_covers", on, self._cover(risk)
        rest = self.premium
        for n in range(1, self.parts + 1):
            amount = rest if n == self.parts else to_grosz(self.premium / self.parts)
            rest -= amount
            due = add_months(self.first, 12 // self.parts * (n - 1), self.first.day)
            due += 14 * _DAY
            paid = due - 2 * _DAY
            paid_on = paid if paid <= on else None
            yield "policy_instalments", on, (self.source_id, n, due, amount, paid_on)

    def _cover(self, risk: Risk) -> tuple[Any, ...]:
        of_thing = risk not in {Risk.OC, Risk.NNW, Risk.ASS}
        return (
            self.source_id,
            risk.value,
            "invoice" if risk is Risk.GAP else None,
            self.value if of_thing else (Decimal(50_000) if risk is Risk.NNW else None),
            VatBasis.NET.value if of_thing else None,
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeClaim:
    """A claim, and what it cost. Nothing is known of the money before it is assessed."""

    source_id: str
    policy: MadePolicy
    kind: ClaimKind
    status: ClaimStatus
    happened_at: dt.datetime
    place: str
    what: str
    driver: str
    phone: str
    fault: str
    cost: Decimal
    payout: Decimal
    downtime_days: int

    @property
    def on(self) -> dt.date:
        return self.happened_at.date()

    @property
    def insurer_number(self) -> str:
        return "" if self.status is ClaimStatus.REPORTED else f"SZK-{self.source_id}"

    def row(self, on: dt.date) -> Row:
        """As it stands on the day `on`."""
        reported_at = self.happened_at + dt.timedelta(hours=3)
        is_paid = self.status in {ClaimStatus.PAID, ClaimStatus.CLOSED}
        assessed = self.status not in {
            *(ClaimStatus.REPORTED, ClaimStatus.REGISTERED, ClaimStatus.INSPECTION),
        }
        motor = Risk.OC in self.policy.risks
        values = (
            self.source_id,
            self.policy.asset,
            None,
            f"LS/{self.source_id}",
            self.policy.source_id,
            self.policy.insurer,
            self.insurer_number,
            (Risk.AC if motor else Risk.ALL_RISKS).value,
            self.kind.value,
            self.happened_at.isoformat(),
            self.place,
            "PL",
            self.what,
            self.driver,
            None,
            self.fault,
            self.kind is ClaimKind.THEFT,
            False,
            self.status not in {ClaimStatus.TOTAL, ClaimStatus.THEFT},
            self.driver,
            self.phone,
            self.status.value,
            "PLN",
            self.cost if assessed else None,
            self.payout if is_paid else None,
            Decimal("500.00") if assessed else None,
            self.downtime_days if assessed else None,
            reported_at.isoformat(),
        )
        return "claims", on, values


def insurer_rows() -> Iterator[Row]:
    for code, name in INSURERS:
        yield "insurers", dt.date.min, (code, name, True)


def make_policies(random: Random, made: MadeContract, asset: str, on: dt.date) -> list[MadePolicy]:
    """Of the last three years; the last one reaches past `on` while the contract runs."""
    start = made.deal.start_on
    stop = min(made.end_on, made.stopped_on or made.end_on)
    if start > on or stop <= start:
        return []
    value = made.deal.net_value * (_EUR if made.deal.currency == "EUR" else 1)
    value = to_grosz(value)
    motor = bool(made.asset.maker_code)
    risks = _risks(made, motor=motor)
    insurer = random.choice(INSURERS)[0]
    own = random.random() < 0.15
    pct = Decimal(random.randint(240, 390) if motor else random.randint(60, 140)) / 10_000
    parts = random.choice([1, 1, 2, 4])
    policies = []
    for year, (first, last) in enumerate(_years(random, start, stop, on)):
        if last < on - _KEPT:
            continue
        policies.append(
            MadePolicy(
                source_id=f"{asset[1:]}-{year + 1}",
                asset=asset,
                insurer=insurer,
                placement=Placement.OWN if own else Placement.LESSOR,
                holder=made.client.name if own else LESSOR_NAME,
                first=first,
                last=last,
                premium=to_grosz(value * pct * Decimal("0.94") ** year),
                parts=parts,
                risks=risks,
                value=value,
                territory=Territory.EUROPE if motor else Territory.PL,
            )
        )
    return _troubled(random, policies, on, motor=motor)


def _risks(made: MadeContract, *, motor: bool) -> tuple[Risk, ...]:
    if motor:
        return _MOTOR if made.asset.propulsion else (Risk.OC, Risk.AC)
    if made.asset.vat_pct == 8:
        return (Risk.ALL_RISKS, Risk.MACHINERY, Risk.ELECTRONICS)
    return (Risk.ALL_RISKS, Risk.MACHINERY)


def _years(
    random: Random, start: dt.date, stop: dt.date, on: dt.date
) -> Iterator[tuple[dt.date, dt.date]]:
    """From the handover on; the next year follows a month before the last one ends. Some end
    soon, with nothing after them."""
    until = min(stop, on + 30 * _DAY)
    ending = random.choice(ENDING_IN) if random.random() < 0.12 else None
    if ending is not None and start + 60 * _DAY < on and stop > on + ending * _DAY:
        last = on + ending * _DAY
        ends = [last]
        while (earlier := add_months(ends[0], -12, min(last.day, 28))) > start:
            ends.insert(0, earlier)
        first = start
        for end in ends:
            yield first, end
            first = end + _DAY
        return
    first = start
    while first <= until:
        following = add_months(first, 12, first.day)
        yield first, following - _DAY
        first = following


def _troubled(
    random: Random, policies: list[MadePolicy], on: dt.date, *, motor: bool
) -> list[MadePolicy]:
    if not policies:
        return policies
    draw = random.random()
    now = next((n for n, one in enumerate(policies) if one.first <= on <= one.last), None)
    if draw < 0.03 and len(policies) > 1:  # three weeks without cover
        late = policies[-1]
        if late.first + 21 * _DAY < late.last:
            policies[-1] = replace(late, first=late.first + 21 * _DAY)
    elif draw < 0.05 and now is not None and motor:  # the client's own OC renewed by itself
        policies.append(second_oc(policies[now]))
    if motor and now is not None and random.random() < 0.2:
        policies.append(gap_policy(policies[now], first=policies[0].first))
    return policies


def second_oc(policy: MadePolicy) -> MadePolicy:
    """OC alone, for the same year, with another insurer."""
    other = next(code for code, _ in INSURERS if code != policy.insurer)
    return replace(
        policy,
        source_id=f"{policy.source_id}-OC",
        insurer=other,
        placement=Placement.OWN if policy.placement is Placement.LESSOR else Placement.LESSOR,
        premium=to_grosz(policy.premium * Decimal("0.3")),
        parts=1,
        risks=(Risk.OC,),
        has_assignment=False,
    )


def gap_policy(policy: MadePolicy, *, first: dt.date) -> MadePolicy:
    """GAP on the invoice for three years."""
    return replace(
        policy,
        source_id=f"{policy.source_id}-GAP",
        first=first,
        last=add_months(first, 36, first.day) - _DAY,
        premium=to_grosz(policy.value * Decimal("0.012")),
        parts=1,
        risks=(Risk.GAP,),
    )


_WHAT = (
    (ClaimKind.COLLISION, "Najechanie na tył na skrzyżowaniu", "DK 92, Września"),
    (ClaimKind.COLLISION, "Zderzenie boczne przy zmianie pasa", "Poznań, ul. Głogowska"),
    (ClaimKind.PARKING, "Zarysowane drzwi na parkingu", "Kalisz, parking przy ul. Polnej"),
    (ClaimKind.PARKING, "Wgniecenie błotnika podczas cofania", "Łódź, ul. Składowa"),
    (ClaimKind.GLASS, "Pęknięta szyba przednia od kamienia", "A2, Konin"),
    (ClaimKind.WEATHER, "Grad: wgniecenia maski i dachu", "Rzeszów, ul. Leśna"),
    (ClaimKind.ANIMAL, "Uderzenie sarny w przód pojazdu", "DW 449, Ostrzeszów"),
    (ClaimKind.VANDALISM, "Urwane lusterko", "Gdynia, ul. Portowa"),
)
_OF_MACHINES = (
    (ClaimKind.BREAKDOWN, "Awaria układu hydraulicznego", "Plac budowy, Opole"),
    (ClaimKind.FIRE, "Nadpalona instalacja elektryczna", "Hala produkcyjna, Radom"),
    (ClaimKind.OTHER, "Uszkodzenie podczas załadunku", "Magazyn, Płock"),
)
_YOUNG = (ClaimStatus.REPORTED, ClaimStatus.REGISTERED, ClaimStatus.INSPECTION)
_GOING = (ClaimStatus.PARTIAL, ClaimStatus.AUTHORISED, ClaimStatus.WITHHELD)


def make_claims(
    random: Random, policies: Sequence[MadePolicy], on: dt.date, *, often: float
) -> list[MadeClaim]:
    """`often`: claims of one policy year."""
    claims = []
    for policy in policies:
        if not {Risk.AC, Risk.ALL_RISKS} & set(policy.risks) or random.random() >= often:
            continue
        days = (min(on - _DAY, policy.last) - policy.first).days
        if days > 1:
            day = policy.first + random.randint(0, days) * _DAY
            claims.append(make_claim(random, policy, day, _status(random, (on - day).days)))
    return claims


def _status(random: Random, age: int) -> ClaimStatus:
    if age < 20:
        return random.choice(_YOUNG)
    if age < 60:
        return random.choice(_GOING)
    draw = random.random()
    if draw < 0.03:
        return ClaimStatus.TOTAL
    return ClaimStatus.PAID if draw < 0.3 else ClaimStatus.CLOSED


def make_claim(random: Random, policy: MadePolicy, day: dt.date, status: ClaimStatus) -> MadeClaim:
    motor = Risk.OC in policy.risks
    kind, what, place = random.choice(_WHAT if motor else _OF_MACHINES)
    first_name, last_name = make_person(random)
    cost = Decimal(random.randint(900, 9_500))
    if status is ClaimStatus.TOTAL:
        kind, cost = ClaimKind.COLLISION, to_grosz(policy.value * Decimal("0.7"))
        what = "Zderzenie czołowe, poduszki powietrzne odpalone" if motor else what
    is_paid = status in {ClaimStatus.PAID, ClaimStatus.CLOSED}
    at = dt.datetime.combine(day, dt.time(random.randint(6, 19), random.randint(0, 59)), WARSAW)
    return MadeClaim(
        source_id=f"{policy.source_id}/S",
        policy=policy,
        kind=kind,
        status=status,
        happened_at=at,
        place=place,
        what=what,
        driver=f"{first_name} {last_name}",
        phone=f"+4800{random.randint(1_000_000, 9_999_999)}",
        fault=random.choice(["own", "other", "unknown"]),
        cost=cost,
        payout=max(cost - 500, Decimal(0)) if is_paid else Decimal(0),
        downtime_days=0 if kind is ClaimKind.GLASS else random.randint(1, 12),
    )

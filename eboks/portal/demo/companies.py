"""Made-up client companies and the people who act for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random
from typing import Any

from eboks.portal.demo import identifiers
from eboks.portal.demo.words import (
    CITIES,
    FIRST_PARTS,
    LEGAL_FORMS,
    MEN,
    SECOND_PARTS,
    STREETS,
    SURNAMES,
    TRADES,
    WOMEN,
    plain,
)
from eboks.tenancy.rights import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client company. `number` makes its keys; `payer` is how it pays, see `billing.py`."""

    number: int
    name: str
    legal_form: str
    nip: str
    regon: str
    krs: str
    street: str
    postcode: str
    city: str
    plate_prefix: str
    domain: str
    phone: str
    payer: str
    is_medical: bool = False

    @property
    def source_id(self) -> str:
        return f"K{self.number:06d}"

    @property
    def address(self) -> str:
        return f"{self.street}, {self.postcode} {self.city}"

    def row(self) -> tuple[Any, ...]:
        """In the order of the columns of companies.csv."""
        return (
            self.source_id,
            f"KL{self.number:06d}",
            self.name,
            self.legal_form,
            self.nip,
            self.regon,
            self.krs,
            self.street,
            self.postcode,
            self.city,
            "PL",
            None,
            None,
            None,
            f"biuro@{self.domain}",
            self.phone,
            None if self.number % 7 == 3 else dt.date(2024, 1, 1),  # one in seven wants paper
            False,
            self.is_medical,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A mandate: who, with which log-in, for which company, as what."""

    source_id: str
    username: str
    email: str
    first_name: str
    last_name: str
    phone: str
    company: str
    role: Role

    def row(self) -> tuple[Any, ...]:
        """In the order of the columns of people.csv."""
        return (
            self.source_id,
            self.username,
            self.email,
            self.first_name,
            self.last_name,
            self.phone,
            "pl",
            self.company,
            self.role.value,
            True,
            dt.date(2024, 1, 1),
            None,
        )


def make_client(random: Random, number: int, *, payer: str) -> Client:
    city, postcode, prefix = random.choice(CITIES)
    form = random.choices([form for form, _ in LEGAL_FORMS], [weight for _, weight in LEGAL_FORMS])[
        0
    ]
    first_name, last_name = make_person(random)
    own_firm = form == LEGAL_FORMS[0][0]
    if own_firm:
        name = f"{random.choice(TRADES)} {first_name} {last_name}"
    elif form == "s.c.":
        name = f"{random.choice(TRADES)} {last_name} i Wspólnicy s.c."
    else:
        name = f"{random.choice(FIRST_PARTS)}-{random.choice(SECOND_PARTS)} {form}"
    return Client(
        number=number,
        name=name,
        legal_form=form,
        nip=identifiers.nip(random),
        regon=identifiers.regon(random),
        krs="" if own_firm or form == "s.c." else identifiers.krs(random),
        street=make_street(random),
        postcode=f"{postcode}-{random.randint(1, 999):03d}",
        city=city,
        plate_prefix=prefix,
        domain=f"{plain(name)[:40].strip('-')}-{number}.example",
        phone=make_phone(random),
        payer=payer,
        is_medical="Stomatologiczny" in name and random.random() < 0.2,
    )


def make_people(random: Random, client: Client, *, contracts: int) -> list[Person]:
    """The owner, and for a bigger client somebody of finance or fleet."""
    roles = [Role.OWNER]
    if contracts >= 3:
        roles.append(random.choice([Role.FINANCE, Role.ACCOUNTANT, Role.READ_ONLY]))
    if contracts >= 8:
        roles.append(Role.FLEET)
    people = []
    for place, role in enumerate(roles, start=1):
        first_name, last_name = make_person(random)
        username = f"{client.number:06d}-{place}"
        people.append(
            Person(
                source_id=f"M{username}",
                username=username,
                email=f"{plain(first_name)}.{plain(last_name)}.{place}@{client.domain}",
                first_name=first_name,
                last_name=last_name,
                phone=make_phone(random),
                company=client.source_id,
                role=role,
            )
        )
    return people


def make_person(random: Random) -> tuple[str, str]:
    man, woman = random.choice(SURNAMES)
    if random.random() < 0.5:
        return random.choice(WOMEN), woman
    return random.choice(MEN), man


def make_street(random: Random) -> str:
    flat = f"/{random.randint(1, 40)}" if random.random() < 0.2 else ""
    return f"ul. {random.choice(STREETS)} {random.randint(1, 180)}{flat}"


def make_phone(random: Random) -> str:
    """In the range that the regulator keeps out of use, so that no text message finds anybody."""
    return f"+4800{random.randint(1_000_000, 9_999_999)}"

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from eboks.authorisation import registry, sending, services, signing
from eboks.authorisation.enums import Slot
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.authorisation.registry import Done, Operation, Price, Refused
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role
from tests.factories import LessorFactory, MembershipFactory

SESSION = "a" * 64
NEW_NUMBER = "+48601999888"


@pytest.fixture
def prices() -> dict[str, Any]:
    return {"price": Price(), "codes": None, "costly": False}


@pytest.fixture(autouse=True)
def operation(monkeypatch, prices):
    """An operation of the tests: writes the city that was signed into the company."""

    def execute(instruction: Instruction, at: dt.datetime) -> Done:
        city = instruction.payload["city"]
        if city == "Nigdzie":
            raise Refused("Tam nie wysyłamy.")
        if city == "Awaria":
            raise ZeroDivisionError
        Company.objects.filter(pk=instruction.company_id or 0).update(
            mail_city=city, legal_form=f"{instruction.company.legal_form}x"
        )
        return Done(text="Zmieniliśmy miasto.", next="Nic nie musisz robić.", url="/firma/")

    made = Operation(
        name="city",
        title="Zmiana miasta",
        button="Zmień miasto",
        edit_url=lambda instruction: f"/firma/?dyspozycja={instruction.public_id}",
        lines=lambda facts: [("Nowe miasto", facts.payload["city"])],
        sms=lambda facts: f"Zmiana miasta {facts.company.client_id}",
        basis=lambda facts: {"city": facts.company.city},
        price=lambda facts: prices["price"],
        execute=execute,
    )
    monkeypatch.setitem(registry._operations, "city", made)
    double = Operation(
        **{
            **{f: getattr(made, f) for f in made.__dataclass_fields__},
            "name": "double",
            "codes": lambda facts: [
                (Slot.OWN, services.own_number(facts.user, costly=False, at=timezone.now())),
                (Slot.NEW_NUMBER, NEW_NUMBER),
            ],
        }
    )
    monkeypatch.setitem(registry._operations, "double", double)
    costly = Operation(
        **{
            **{f: getattr(made, f) for f in made.__dataclass_fields__},
            "name": "costly",
            "costly": True,
        }
    )
    monkeypatch.setitem(registry._operations, "costly", costly)
    return made


def device_of(user, number="+48601234741"):
    device, _ = SmsDevice.objects.update_or_create(
        user=user, defaults={"number": number, "name": "sms", "confirmed": True}
    )
    return device


def signer(company=None, role=Role.OWNER, number="+48601234741"):
    LessorFactory()
    extra = {"company": company} if company else {}
    membership = MembershipFactory(role=role, **extra)
    device_of(membership.user, number)
    return membership.user, membership.company


def prepared(user, company, city="Opole", operation="city", **more):
    facts: dict[str, Any] = {
        "form_key": uuid.uuid4(),
        "session": SESSION,
        "at": timezone.now(),
    } | more
    return services.prepare(
        operation=operation, user=user, company=company, payload={"city": city}, **facts
    )


def send(instruction, user=None, session=SESSION):
    return sending.send_code(
        instruction_id=instruction.pk,
        user=user or instruction.user,
        session=session,
        at=timezone.now(),
    )


def live_code(instruction):
    return OperationAuthorisation.objects.get(instruction=instruction, state="live")


def check(instruction, typed, user=None, session=SESSION):
    return signing.check_code(
        instruction_id=instruction.pk,
        user=user or instruction.user,
        session=session,
        typed=typed,
        at=timezone.now(),
    )


def wrong(code):
    """A code that is not `code`."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def city_of(company):
    company.refresh_from_db()
    return company.mail_city

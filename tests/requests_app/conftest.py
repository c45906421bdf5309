"""A lessee who files, a fee table in force, a clerk who decides."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from eboks.accounts.staff import StaffRole, create_staff
from eboks.authorisation import sending, services, signing
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.tenancy.rights import Role
from invoicing.models import FeeLine, FeeTable
from requests_app import drafts, filing
from requests_app.catalogue import types
from requests_app.gate import operation_of
from requests_app.models import Request
from tests import factories as f
from tests.factories import PASSWORD

SESSION = "a" * 64
FEES = {
    "travel_letter": (0, 50),
    "sublease": (300, 300),
    "early_termination": (750, 750),
    "due_date_change": (0, 250),
    "company_data": (0, 50),
    "opinion": (50, 100),
    "duplicate": (50, 50),
    "document_copy": (0, 30),
    "registration": (120, 120),
    "payout_letter": (50, 100),
    "assignment": (1000, 1000),
    "request_examined": (200, 200),
    "traffic_fine": (50, 50),
}


@pytest.fixture
def table(db) -> FeeTable:
    """Fees of the domain's table, in force for years; a change of schedule is a range."""
    made = FeeTable.objects.create(
        version="2025-08", title="Tabela opłat", valid_from=dt.date(2020, 1, 1)
    )
    position = 0
    for code, prices in FEES.items():
        for channel, net in zip(("online", "paper"), prices, strict=True):
            position += 1
            FeeLine.objects.create(
                table=made,
                position=position,
                code=code,
                title=code.replace("_", " "),
                channel=channel,
                base="fixed",
                net=net,
            )
    for channel in ("online", "paper"):
        position += 1
        FeeLine.objects.create(
            table=made,
            position=position,
            code="schedule_change",
            title="Zmiana harmonogramu",
            channel=channel,
            base="range",
            net=300,
            net_to=500,
        )
    return made


@pytest.fixture
def lessee(table):
    """`lessee.user` may sign for `lessee.company`, which leases `lessee.asset`."""
    f.LessorFactory()
    membership = f.MembershipFactory(role=Role.OWNER)
    SmsDevice.objects.create(
        user=membership.user, number="+48601234741", name="sms", confirmed=True
    )
    contract = f.ContractFactory(company=membership.company, number="OL/2026/1")
    membership.asset = f.AssetFactory(contract=contract, plate="WX 12345")
    membership.contract = contract
    return membership


@pytest.fixture
def clerk(db):
    return create_staff(
        username="Z-clerk", email="clerk@lessor.example", role=StaffRole.SERVICE, password=PASSWORD
    )


@pytest.fixture
def second_clerk(db):
    return create_staff(
        username="Z-second",
        email="second@lessor.example",
        role=StaffRole.SERVICE,
        password=PASSWORD,
    )


@pytest.fixture
def office(client_of, clerk):
    """A browser of the clerk."""
    return client_of(clerk)


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` does what waits for the commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def draft(kind: str, lessee: Any, typed: dict[str, Any], *, about: bool = True) -> Request:
    """A draft of `lessee` with `typed` in its form; `about` names the contract and the vehicle."""
    at = timezone.now()
    row = drafts.start(
        kind=types()[kind],
        company=lessee.company,
        contract=lessee.contract if about else None,
        asset=lessee.asset if about else None,
        author=lessee.user,
        form_key=uuid.uuid4(),
        at=at,
    )
    data = QueryDict(mutable=True)
    for name, value in typed.items():
        data.setlist(name, value if isinstance(value, list) else [str(value)])
    drafts.keep(request=row, data=data, at=at)
    return row


def signed(row: Request, user: Any) -> Instruction:
    """Signs a draft of a signed kind with its SMS code; returns the executed instruction."""
    instruction = services.prepare(
        operation=operation_of(types()[row.kind]),
        user=user,
        company=row.company,
        payload={"request": str(row.public_id)},
        form_key=uuid.uuid4(),
        session=SESSION,
        at=timezone.now(),
    )
    sent = sending.send_code(
        instruction_id=instruction.pk, user=user, session=SESSION, at=timezone.now()
    )
    assert sent.ok, sent.text
    code = OperationAuthorisation.objects.get(instruction=instruction, state="live").code()
    signing.check_code(
        instruction_id=instruction.pk,
        user=user,
        session=SESSION,
        typed=code,
        at=timezone.now(),
    )
    instruction.refresh_from_db()
    return instruction


def filed(kind: str, lessee: Any, typed: dict[str, Any], *, about: bool = True) -> Request:
    """The same, filed: signed where the kind asks for it."""
    row = draft(kind, lessee, typed, about=about)
    if types()[kind].signed:
        instruction = signed(row, lessee.user)
        assert instruction.state == "executed", instruction.outcome_text
    else:
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
    row.refresh_from_db()
    return row


def zl(text: str) -> Decimal:
    return Decimal(text)

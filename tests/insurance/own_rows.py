"""An own policy as a client sends it, and what goes with it."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from decimal import Decimal
from typing import Any

import pypdf
from django.utils import timezone

from eboks.accounts.models import User
from eboks.accounts.staff import StaffRole, create_staff
from eboks.onboarding.scans import Scan as Picture
from eboks.tenancy.models import Membership
from insurance import own_policies
from insurance.enums import Risk, Territory
from insurance.models import Policy
from insurance.own_policies import NewPolicy
from insurance.policy_fields import Cover
from tests import factories as f
from tests.factories import PASSWORD
from tests.insurance.factories import InsurerFactory

FROM, TO = dt.date(2027, 1, 1), dt.date(2027, 12, 31)


def pdf_bytes(title: str = "polisa") -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.add_metadata({"/Title": title})
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def file(name: str = "polisa.pdf") -> tuple[str, Picture]:
    return name, Picture(pdf_bytes(), "application/pdf", "pdf")


def new_policy(asset: Any, **changed: Any) -> NewPolicy:
    lessor = f.LessorFactory()
    values: dict[str, Any] = {
        "asset": asset,
        "insurer": InsurerFactory(),
        "number": "AC/2027/1",
        "policyholder": asset.contract.company.name,
        "insured": lessor.name,
        "valid_from": FROM,
        "valid_to": TO,
        "premium": Decimal("1000.00"),
        "instalment_count": 3,
        "covers": [Cover(Risk.OC), Cover(Risk.AC, Decimal(300_000), "net")],
        "currency": "PLN",
        "territory": Territory.EUROPE,
        "has_assignment": True,
    }
    return NewPolicy(**{**values, **changed})


def sent(
    member: Membership, asset: Any, *, at: dt.datetime | None = None, **changed: Any
) -> Policy:
    """A policy that `member` has sent in; it waits for the check."""
    return own_policies.send(
        new=new_policy(asset, **changed),
        files=[file()],
        author=member.user,
        form_key=uuid.uuid4(),
        at=at or timezone.now(),
    )


def clerk(name: str = "Z-clerk") -> Any:
    """Somebody of the service desk, by that name."""
    return User.objects.filter(username=name).first() or create_staff(
        username=name,
        email=f"{name.lower()}@lessor.example",
        role=StaffRole.SERVICE,
        password=PASSWORD,
    )

"""A client with a vehicle and a checked policy, a clerk, files as people send them."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from eboks.accounts.staff import StaffRole, create_staff
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.factories import PASSWORD

NOW = dt.datetime(2026, 11, 26, 10, tzinfo=dt.UTC)


@pytest.fixture
def insured(db: None) -> Any:
    """`insured.user` looks after the insurance of `insured.asset`."""
    f.LessorFactory()
    membership = f.MembershipFactory(role=Role.OWNER)
    membership.contract = f.ContractFactory(company=membership.company, number="OL/2026/1")
    membership.asset = f.AssetFactory(contract=membership.contract, plate="WX 12345")
    return membership


@pytest.fixture
def clerk(db: None) -> Any:
    return create_staff(
        username="Z-clerk", email="clerk@lessor.example", role=StaffRole.SERVICE, password=PASSWORD
    )


@pytest.fixture
def office(client_of: Any, clerk: Any) -> Any:
    """A browser of the clerk."""
    return client_of(clerk)


def photo(name: str = "auto.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")

from __future__ import annotations

import pytest

from eboks.accounts.staff import StaffRole, create_staff
from tests.factories import PASSWORD


@pytest.fixture
def staff_of(db):
    """`staff_of(StaffRole.VIEW)` makes a member of the staff with that role."""

    def make(role):
        return create_staff(
            username=f"Z-{role}", email=f"{role}@lessor.example", role=role, password=PASSWORD
        )

    return make


@pytest.fixture
def office(client, staff_of):
    """A browser of the service desk: sees everything, gives access."""
    client.force_login(staff_of(StaffRole.SERVICE))
    return client

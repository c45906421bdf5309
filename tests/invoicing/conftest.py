"""People and rows that the finance tests share."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from eboks.tenancy.rights import Role
from invoicing.models import Invoice
from tests.factories import (
    AssetFactory,
    CompanyFactory,
    ContractFactory,
    InvoiceFactory,
    InvoiceRowFactory,
    LessorFactory,
    MembershipFactory,
    ReceivableItemFactory,
)

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _stores(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "documents"


@pytest.fixture
def today(time_machine) -> dt.date:
    """22 November 2026, 10:00 in Warsaw; the clock stands still."""
    time_machine.move_to(NOW, tick=False)
    return TODAY


@pytest.fixture
def company(db) -> Any:
    LessorFactory()
    return CompanyFactory.create(name="TRANS-ŻUK sp. z o.o.")


@pytest.fixture
def owner(company, login, today) -> Any:
    """A browser of the company's owner, whose previous visit was on 20 November."""
    user = MembershipFactory.create(company=company).user
    browser = login(user)  # a log-in moves the visits, so the earlier one is set after it
    user.previous_visit_at = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
    user.save(update_fields=["previous_visit_at"])
    return browser


@pytest.fixture
def fleet(company, client_of, today) -> Any:
    """A browser of a member without the right to finance."""
    return client_of(MembershipFactory.create(company=company, role=Role.FLEET).user)


@pytest.fixture
def reader(company, client_of, today) -> Any:
    """A browser of a member who may look at finance but not take it away."""
    return client_of(MembershipFactory.create(company=company, role=Role.READ_ONLY).user)


@pytest.fixture
def stranger(company, client_of, today) -> Any:
    """A browser of another company's owner."""
    return client_of(MembershipFactory.create().user)


@pytest.fixture
def former(company, client_of, today) -> Any:
    """A browser of somebody whose mandate was ended."""
    return client_of(MembershipFactory.create(company=company, is_active=False).user)


def make_invoice(
    company,
    *,
    left: str | None = None,
    rows: int = 1,
    effective_due_on: dt.date | None = None,
    **kwargs,
) -> Invoice:
    """An invoice of 3 448,66 with its item; `left` of it is still to be paid (all by default)."""
    kwargs.setdefault("received_at", NOW - dt.timedelta(days=10))
    if "contract" not in kwargs:
        kwargs["contract"] = ContractFactory.create(company=company)
        AssetFactory.create(contract=kwargs["contract"])
    invoice = InvoiceFactory.create(company=company, **kwargs)
    ReceivableItemFactory.create(
        invoice=invoice,
        gross=invoice.gross,
        open_amount=Decimal(left) if left is not None else invoice.gross,
        currency=invoice.currency,
        effective_due_on=effective_due_on or invoice.due_on,
        account=invoice.account,
    )
    for position in range(1, rows + 1):
        InvoiceRowFactory.create(invoice=invoice, position=position)
    return invoice

"""A client company with a row of everything, each text of which carries the company's mark."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from eboks.accounts.models import User
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role
from invoicing.models import Balance
from tests import factories as f


@dataclass
class World:
    """Rows of one company and its owner. `mark` stands in all of their texts."""

    mark: str
    company: Company
    owner: User
    rows: dict[str, Any]

    def person(self, role: Role = Role.OWNER, **mandate: Any) -> User:
        """Somebody else of this company."""
        membership = f.MembershipFactory(company=self.company, role=role, **mandate)
        user: User = membership.user
        return user


def make_world(mark: str, *, letter: str) -> World:
    """`letter` (one capital letter) keeps plates, VINs and numbers of two worlds apart."""
    f.LessorFactory()
    owner = f.UserFactory(
        username=f"K-{mark}", email=f"{mark.lower()}@example.com", last_name=f"Owner {mark}"
    )
    company = f.CompanyFactory(name=f"{mark} sp. z o.o.", client_id=f"KL-{mark}"[:20], city=mark)
    f.MembershipFactory(user=owner, company=company)
    contract = f.ContractFactory(company=company, number=f"OL/{mark}/1")
    other = f.ContractFactory(company=company, number=f"OL/{mark}/2")
    asset = f.AssetFactory(
        contract=contract,
        make=mark,
        model=f"M {mark}",
        plate=f"{letter}{letter} 12345"[:10],
        vin=f"YS2R4X2000{letter}000001",
    )
    version = f.ScheduleVersionFactory(contract=contract, reason=f"zawarcie {mark}")
    for n in (1, 2, 3):
        f.ScheduleRowFactory(version=version, n=n)
    invoice = f.InvoiceFactory(
        contract=contract,
        number=f"FV/{mark}/1",
        seller_name=f"Seller {mark}",
        buyer_address=f"ul. {mark} 1",
    )
    second = f.InvoiceFactory(contract=other, number=f"FV/{mark}/2")
    for row in (invoice, second):
        f.InvoiceRowFactory(invoice=row, description=f"Rata {mark}")
    item = f.ReceivableItemFactory(invoice=invoice, open_amount=Decimal("2448.66"))
    f.ReceivableItemFactory(invoice=second)
    payment = f.PaymentFactory(
        company=company,
        contract=contract,
        payer_name=f"Payer {mark}",
        title=f"Tytuł {mark}",
        unallocated_amount=Decimal(0),
    )
    overpaid = f.PaymentFactory(company=company, title=f"Nadpłata {mark}")
    f.AllocationFactory(payment=payment, item=item)
    Balance.objects.create(
        contract=contract,
        as_of=f.TODAY,
        open_amount=Decimal("2448.66"),
        overdue_amount=0,
        overpaid_amount=0,
        refreshed_at=timezone.now(),
    )
    rows = {
        "contract": contract,
        "other": other,
        "asset": asset,
        "version": version,
        "invoice": invoice,
        "item": item,
        "payment": payment,
        "overpaid": overpaid,
    }
    return World(mark=mark, company=company, owner=owner, rows=rows)

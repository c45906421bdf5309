"""A client company with a row of everything, each text of which carries the company's mark."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pypdf
from django.utils import timezone

from contracts.enums import RateChangeKind, RateChangeOutcome
from contracts.models import Asset, AssignedAsset, Contract, RateChange, ScheduleVersion
from eboks import clock
from eboks.accounts.models import User
from eboks.authorisation.enums import InstructionState
from eboks.authorisation.models import Instruction, SmsDevice
from eboks.documents import storage
from eboks.documents.services import store
from eboks.exports.models import ExportFile, ExportState, SavedReport
from eboks.portal.calendar_links import digest
from eboks.portal.models import CalendarLink
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role
from invoicing.enums import CostKind
from invoicing.models import (
    Balance,
    BalanceConfirmation,
    PaymentBasket,
    PaymentPromise,
    PaymentReport,
)
from requests_app.enums import Status
from requests_app.models import (
    Request,
    RequestFile,
    RequestMessage,
    RequestPaper,
    RequestStep,
)
from requests_app.models.vehicle_uses import Purpose, UserKind, VehicleUse
from tests import factories as f
from tests.fleet.world_rows import make_fleet_rows
from tests.insurance.claim_world import make_claim
from tests.insurance.own_world_rows import make_own_policy
from tests.insurance.world_rows import policy_rows


@dataclass
class World:
    """Rows of one company and its owner. `mark` stands in all of their texts."""

    mark: str
    company: Company
    owner: User
    rows: dict[str, Any]

    def person(self, role: Role = Role.OWNER, **mandate: Any) -> User:
        """Somebody else of this company; a driver drives its vehicle."""
        membership = f.MembershipFactory(company=self.company, role=role, **mandate)
        if role == Role.DRIVER:
            AssignedAsset.objects.create(membership=membership, asset=self.rows["asset"])
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
    SmsDevice.objects.create(user=owner, number="+48601234741", name="sms", confirmed=True)
    colleague = f.MembershipFactory(
        company=company,
        role=Role.READ_ONLY,
        user__email=f"kolega@{mark.lower()}.example",
        user__last_name=f"Kolega {mark}",
    )
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
    for position, kind in enumerate((CostKind.FEE, CostKind.INSURANCE), 2):
        f.InvoiceRowFactory(
            invoice=invoice,
            position=position,
            cost_kind=kind,
            description=f"Koszt {mark}",
            principal=0,
            interest=0,
        )
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
        **policy_rows(mark, asset),
        "contract": contract,
        "other": other,
        "asset": asset,
        "version": version,
        "invoice": invoice,
        "item": item,
        "payment": payment,
        "overpaid": overpaid,
        "membership": colleague,
        "instruction": _instruction(mark, company, owner),
        **_paying(mark, company, owner, item),
        "rate_change": _rate_change(contract, version),
        "balance": _balance_confirmation(mark, company),
        "export_file": _export_file(mark, company, owner),
        "saved_report": _saved_report(mark, company, owner),
        **_request(mark, contract, owner),
        "vehicle_use": make_vehicle_use(mark, owner, asset),
        **make_claim(mark, owner, asset),
        "calendar_link": make_calendar_link(mark, company, owner),
        **make_own_policy(mark, owner, asset),
    }
    rows |= make_fleet_rows(mark, owner, asset, rows["vehicle_use"])
    return World(mark=mark, company=company, owner=owner, rows=rows)


def make_calendar_link(mark: str, company: Company, owner: User) -> CalendarLink:
    """A link to the owner's calendar; its secret is the mark."""
    return CalendarLink.objects.create(
        user=owner,
        company=company,
        token_hash=digest(mark),
        form_key=uuid.uuid4(),
        created_at=timezone.now(),
    )


def _export_file(mark: str, company: Company, owner: User) -> ExportFile:
    """A list that the owner ordered, ready to be fetched."""
    at = timezone.now()
    content = f"Umowy {mark}".encode()
    return ExportFile.objects.create(
        owner=owner,
        company=company,
        kind="contract_list",
        title=f"Umowy {mark}",
        state=ExportState.READY,
        storage_name=storage.write(content),
        file_name="umowy.txt",
        content_type="text/plain",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        reach={str(company.pk): None},
        ordered_at=at,
        finished_at=at,
        expires_at=at + dt.timedelta(days=7),
    )


def _saved_report(mark: str, company: Company, owner: User) -> SavedReport:
    return SavedReport.objects.create(
        owner=owner,
        company=company,
        kind="contract_list",
        params={"state": "live"},
        name=f"Raport {mark}",
        created_at=timezone.now(),
    )


def make_vehicle_use(mark: str, owner: User, asset: Asset) -> VehicleUse:
    """Somebody to whom the company's vehicle was given, with the request that it rests on."""
    at = timezone.now()
    request = Request.objects.create(
        reference=f"W-U-{mark}"[:20],
        kind="sublease",
        company=asset.contract.company,
        contract=asset.contract,
        asset=asset,
        author=owner,
        form_key=uuid.uuid4(),
        status=Status.CLOSED,
        lines=[{"label": "Kto będzie używać", "value": f"User {mark}"}],
        created_at=at,
        changed_at=at,
        submitted_at=at,
    )
    return VehicleUse.objects.create(
        request=request,
        company=asset.contract.company,
        asset=asset,
        user_kind=UserKind.PERSON,
        user_name=f"User {mark}",
        identifier="•••••••1234",
        purpose=Purpose.LENDING,
        from_on=clock.today(at),
        to_on=clock.today(at) + dt.timedelta(days=30),
        recorded_at=at,
    )


def _rate_change(contract: Contract, version: ScheduleVersion) -> RateChange:
    """A new value of the index that changed the instalments."""
    return RateChange.objects.create(
        contract=contract,
        kind=RateChangeKind.RESET,
        reset_on=clock.today(),
        effective_on=clock.today(),
        old_index="WIBOR_1M",
        new_index="WIBOR_1M",
        old_value=Decimal("4.00"),
        new_value=Decimal("3.90"),
        new_fixed_on=f.TODAY,
        margin_pp=Decimal("2.60"),
        old_rate_pct=Decimal("6.60"),
        new_rate_pct=Decimal("6.50"),
        method=contract.index_method,
        outcome=RateChangeOutcome.CHANGED,
        new_version=version,
        created_at=timezone.now(),
    )


def _balance_confirmation(mark: str, company: Company) -> BalanceConfirmation:
    """A balance that waits for the company's answer."""
    row = {
        "label": f"FV/{mark}/1",
        "contract": f"OL/{mark}/1",
        "issued_on": "2026-11-16",
        "due_on": "2026-11-30",
        "amount": "2448.66",
        "currency": "PLN",
    }
    return BalanceConfirmation.objects.create(
        company=company,
        as_of=f.TODAY,
        rows=[row],
        totals={"PLN": "2448.66"},
        created_at=timezone.now(),
        answer_by=clock.today() + dt.timedelta(days=14),
    )


def _instruction(mark: str, company: Company, owner: User) -> Instruction:
    """A change of the company's data that was signed and executed."""
    at = timezone.now()
    return Instruction.objects.create(
        reference=f"D-{mark}"[:20],
        operation="company_contact",
        user=owner,
        company=company,
        title=f"Zmiana danych {mark}",
        lines=[{"label": "Adres", "value": f"ul. {mark} 2"}],
        sms_text="zmiana danych firmy",
        digest="0" * 64,
        basis="0" * 64,
        session="0" * 64,
        form_key=uuid.uuid4(),
        state=InstructionState.EXECUTED,
        created_at=at,
        expires_at=at,
        signed_at=at,
        ended_at=at,
        outcome_text=f"Zmieniliśmy dane {mark}.",
    )


def _paying(mark: str, company: Company, owner: User, item: Any) -> dict[str, Any]:
    """A transfer prepared, reported with a confirmation, and promised."""
    at = timezone.now()
    own = {"company": company, "currency": "PLN"}
    said = own | {"form_key": uuid.uuid4(), "amount": Decimal("2448.66")}
    basket = PaymentBasket.objects.create(
        **own,
        code=f"KP{mark}"[:16].upper(),
        total=Decimal("2448.66"),
        account="61109010140000071219812874",
        title=f"KP{mark}",
        created_at=at,
        created_by=owner,
    )
    proof = store(
        company=company,
        key=f"payment_report:{mark}",
        content=f"%PDF-1.7 {mark}".encode(),
        file_name=f"potwierdzenie-{mark}.pdf",
        content_type="application/octet-stream",
        renderer="client",
        at=at,
    )
    report = PaymentReport.objects.create(
        **said,
        paid_on=clock.today(at),
        waits_until=clock.today(at),
        reported_at=at,
        reported_by=owner,
        proof=proof,
    )
    promise = PaymentPromise.objects.create(
        **said, pay_by=clock.today(at), promised_at=at, promised_by=owner
    )
    for row in (basket, report, promise):
        row.items.add(item)
    return {"basket": basket, "report": report, "promise": promise}


def _blank_pdf(mark: str) -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.add_metadata({"/Title": mark})
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _request(mark: str, contract: Contract, owner: User) -> dict[str, Any]:
    """A question about the contract that waits for staff, with a message, a file and a paper."""
    at = timezone.now()
    company = contract.company
    request = Request.objects.create(
        reference=f"W-{mark}"[:20],
        kind="general-question",
        company=company,
        contract=contract,
        author=owner,
        form_key=uuid.uuid4(),
        status=Status.SUBMITTED,
        lines=[{"label": "Temat", "value": f"Temat {mark}"}],
        created_at=at,
        changed_at=at,
        submitted_at=at,
        answer_by=f.TODAY,
    )
    RequestStep.objects.create(
        request=request, before="draft", after="submitted", by="client", actor=owner, at=at
    )
    RequestMessage.objects.create(
        request=request,
        author=owner,
        form_key=uuid.uuid4(),
        from_staff=False,
        text=f"Wiadomość {mark}",
        at=at,
    )

    def kept(key: str, name: str) -> Any:
        return store(
            company=company,
            key=f"{key}:{uuid.uuid4()}",
            content=_blank_pdf(mark),
            file_name=f"{name} {mark}.pdf",
            content_type="application/pdf",
            renderer="test",
            at=at,
        )

    file = RequestFile.objects.create(
        request=request,
        author=owner,
        from_staff=False,
        name=f"plik {mark}.pdf",
        document=kept("request_file", "plik"),
        scan="clean",
        at=at,
    )
    paper = RequestPaper.objects.create(
        request=request,
        number=f"W-{mark}/PL"[:30],
        title=f"Odpowiedź {mark}",
        language="pl",
        text_version="1",
        document=kept("request_paper", "odpowiedz"),
        check_code=f"{mark.upper()}2345"[:40],
        valid_from=f.TODAY,
        made_at=at,
    )
    return {"request": request, "request_file": file, "request_paper": paper}

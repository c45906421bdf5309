"""Which documents have a period, from which days, and what is left when they go."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from contracts.enums import ContractStatus
from contracts.rate_change_notice import ensure_notice
from eboks.documents.models import Document
from eboks.documents.pdf import PdfError
from eboks.documents.services import store
from eboks.retention import dating, holds, purging
from eboks.retention.models import ItemState, Tombstone
from invoicing.enums import ReportState
from invoicing.models import PaymentReport, ReceivableItem
from tests import factories as f
from tests.contracts.rate_rows import changed
from tests.retention.conftest import AT, ON

pytestmark = pytest.mark.django_db
REPORTED = dt.datetime(2018, 5, 10, 9, tzinfo=dt.UTC)


@pytest.fixture
def staff():
    return f.UserFactory(is_staff=True), f.UserFactory(is_staff=True)


def keep(company, key):
    return store(
        company=company,
        key=key,
        content=b"%PDF-1.7 x",
        file_name="plik.pdf",
        content_type="application/pdf",
        renderer="test",
        at=AT,
    )


def proof_of(*items, state=ReportState.MATCHED):
    """A report with its attached file."""
    company = items[0].company if items else f.CompanyFactory()
    report = PaymentReport.objects.create(
        form_key="6b1d7c52-7b0f-4c50-9d0a-30f4f5b8a111",
        company=company,
        paid_on=dt.date(2018, 5, 9),
        amount=Decimal("100.00"),
        state=state,
        waits_until=dt.date(2018, 5, 20),
        reported_at=REPORTED,
        reported_by=f.UserFactory(),
    )
    report.items.set(items)
    report.proof = keep(company, f"payment_report:{report.public_id}")
    report.save(update_fields=["proof"])
    return report


def notice_of(contract):
    change = changed(contract=contract)
    return change, keep(contract.company, f"rate_change:{change.public_id}")


def date_of(document):
    dating.date_documents(on=ON)
    document.refresh_from_db()
    return document.purge_on


def purge(staff):
    dating.date_documents(on=ON)
    run = purging.plan(through=ON, staff=staff[0], at=AT)
    purging.approve(run_id=run.pk, staff=staff[1], at=AT)
    return purging.execute(run_id=run.pk, now=lambda: AT)


# --- „Zapłaciłem” -----------------------------------------------------------------------------
def test_proof_stays_three_years_after_the_year_of_the_report():
    assert date_of(proof_of().proof) == dt.date(2022, 1, 1)


def test_proof_of_something_due_later_stays_until_that_claim_is_barred():
    items = [
        f.ReceivableItemFactory(nominal_due_on=day, effective_due_on=day)
        for day in (dt.date(2018, 5, 10), dt.date(2019, 1, 10))
    ]

    assert date_of(proof_of(*items).proof) == dt.date(2023, 1, 1)


def test_proof_of_a_transfer_that_is_still_awaited_has_no_date():
    assert date_of(proof_of(state=ReportState.OPEN).proof) is None


def test_old_proof_goes_and_its_report_stays(staff):
    report = proof_of()

    assert purge(staff) == {ItemState.PURGED: 1}

    report.refresh_from_db()
    assert report.proof is None
    assert Tombstone.objects.get().document_class == "proof"


@pytest.mark.parametrize("which", [0, 1])
def test_hold_of_any_contract_that_a_proof_is_about_protects_it(staff, which):
    day = dt.date(2018, 5, 10)
    items = [f.ReceivableItemFactory(nominal_due_on=day, effective_due_on=day) for _ in range(2)]
    report = proof_of(*items)
    number = items[which].contract.number
    holds.place(reason="sprawa sądowa", staff=staff[0], at=AT, contract_number=number)
    dating.date_documents(on=ON)

    with pytest.raises(purging.PurgeError):
        purging.plan(through=ON, staff=staff[0], at=AT)
    assert Document.objects.get() == report.proof


# --- notices of a rate change -----------------------------------------------------------------
def over(**values):
    values = {"status": ContractStatus.CLOSED, "end_on": dt.date(2018, 3, 31)} | values
    return f.ContractFactory(
        signed_on=dt.date(2015, 1, 2), handover_on=dt.date(2015, 1, 2), **values
    )


def test_notice_goes_by_the_rules_of_a_settled_contract():
    _change, document = notice_of(over())

    assert date_of(document) == dt.date(2025, 1, 1)  # income tax of 2018: from the end of 2019


def test_notice_of_a_running_contract_has_no_date():
    _change, document = notice_of(over(status=ContractStatus.ACTIVE))

    assert date_of(document) is None


def test_notice_of_a_contract_that_is_still_owed_has_no_date_until_it_is_paid():
    contract = over(status=ContractStatus.TERMINATED)
    invoice = f.InvoiceFactory(contract=contract, company=contract.company)
    item = f.ReceivableItemFactory(
        invoice=invoice,
        nominal_due_on=dt.date(2018, 4, 10),
        effective_due_on=dt.date(2018, 4, 10),
    )
    _change, document = notice_of(contract)
    assert date_of(document) is None

    f.AllocationFactory(item=item, amount=item.gross, allocated_on=dt.date(2019, 2, 1))
    ReceivableItem.objects.filter(pk=item.pk).update(open_amount=0)

    assert date_of(document) == dt.date(2026, 1, 1)


def test_removed_notice_is_not_made_anew(staff):
    change, _document = notice_of(over())
    assert purge(staff) == {ItemState.PURGED: 1}

    with pytest.raises(PdfError, match="po okresie przechowywania"):
        ensure_notice(change=change, at=AT)
    assert not Document.objects.exists()


def test_documents_that_leave_soon_lead_to_their_pages(client, time_machine):
    time_machine.move_to(AT, tick=False)
    contract = over()
    change, notice = notice_of(contract)
    item = f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(contract=contract, company=contract.company)
    )
    report = proof_of(item)
    Document.objects.update(purge_on=ON + dt.timedelta(days=30))
    client.force_login(f.MembershipFactory(company=contract.company).user)

    page = client.get(reverse("retention:leaving")).content.decode()

    assert Document.objects.count() == 2
    assert reverse("contracts:rate_change", args=[contract.public_id, change.public_id]) in page
    assert reverse("invoicing:report_proof", args=[report.public_id]) in page
    assert notice.file_name not in page

"""The back office finds a client by anything and opens every page in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib import admin
from django.core.paginator import EmptyPage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from eboks.admin_site import EstimatingPaginator
from eboks.audit.models import AuditAnchor
from eboks.audit.services import record
from eboks.documents.models import Document
from eboks.feeds.models import FeedError, FeedRun, FeedStatus
from eboks.tenancy.models import Company, CompanyChange
from invoicing.models import Balance, SetOff
from tests import factories as f
from tests.admin.balance_rows import make_balance_rows
from tests.admin.bank_rows import make_bank_rows
from tests.admin.claim_rows import make_claim_rows
from tests.admin.country_rows import make_country_rows
from tests.admin.cover_rows import make_cover_rows
from tests.admin.exports_rows import make_exports_rows
from tests.admin.fleet_rows import make_fleet_rows
from tests.admin.issuing_rows import make_issuing_rows
from tests.admin.ledger_rows import make_ledger_rows
from tests.admin.nightly_rows import make_nightly_rows
from tests.admin.paying_rows import make_paying_rows
from tests.admin.policy_rows import make_policy_rows
from tests.admin.rates_rows import make_rates_rows
from tests.admin.request_rows import make_request_rows
from tests.admin.retention_rows import make_retention_rows
from tests.admin.supplier_rows import make_supplier_rows
from tests.admin.tax_rows import make_tax_rows
from tests.admin.trust_rows import make_trust_rows

pytestmark = pytest.mark.django_db


def changelist(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.fixture
def client_company():
    """One client with a row of every kind, and another one beside."""
    return make_client()


def make_client(n=0):
    company = f.CompanyFactory(name=f"ŻUBR TRANS {n}", client_id=f"KL7777{n:02d}", nip="7740001454")
    membership = f.MembershipFactory(company=company)
    contract = f.ContractFactory(company=company, number=f"OL/2026/77770{n}")
    asset = f.AssetFactory(contract=contract, plate=f"WZ7777{n}", vin=f"YS2R4X20000777{n:03d}")
    membership.allowed_contracts.create(contract=contract)
    membership.assigned_assets.create(asset=asset)
    CompanyChange.objects.create(
        company=company,
        values={"mail_city": "Kalisz"},
        made_by=membership.user,
        made_at=timezone.now(),
        reference=f"D-{n}",
    )
    version = f.ScheduleVersionFactory(contract=contract)
    f.ScheduleRowFactory(version=version, n=1)
    f.ScheduleRowFactory(version=version, n=2)
    invoice = f.InvoiceFactory(contract=contract, number=f"FV/L/2026/77/{n:03d}")
    f.InvoiceRowFactory(invoice=invoice)
    item = f.ReceivableItemFactory(invoice=invoice)
    payment = f.PaymentFactory(company=company, contract=contract)
    f.AllocationFactory(payment=payment, item=item)
    correction = f.InvoiceFactory(contract=contract, number=f"FK/L/2026/77/{n:03d}")
    credit = f.ReceivableItemFactory(invoice=correction, gross=-100, open_amount=-90)
    SetOff.objects.create(
        company=company, credit_item=credit, debit_item=item, amount=10, set_off_on=f.TODAY
    )
    Balance.objects.create(
        contract=contract,
        as_of=f.TODAY,
        open_amount=1,
        overdue_amount=0,
        overpaid_amount=0,
        refreshed_at=timezone.now(),
    )
    Document.objects.create(
        company=company,
        key=f"invoice:{n}",
        storage_name=f"d{n}",
        file_name="faktura.pdf",
        content_type="application/pdf",
        size=10,
        sha256="0" * 64,
        renderer="x",
        created_at=timezone.now(),
    )
    run = FeedRun.objects.create(
        lessor_code="x",
        source_system="core",
        sequence=n + 1,
        status=FeedStatus.REFUSED,
        started_at=timezone.now(),
        counts={"contracts": 3},
        message="Suma się nie zgadza.",
    )
    FeedError.objects.create(run=run, file="contracts.csv", line=7, column="nip", reason="zły NIP")
    admin.models.LogEntry.objects.create(user=membership.user, action_flag=2, object_repr="x")
    record(event="login", at=timezone.now(), actor=membership.user, company=company)
    AuditAnchor.objects.create(
        day=f.TODAY + dt.timedelta(days=n), made_at=timezone.now(), heads={}, digest="0" * 64
    )
    make_trust_rows(membership, n)
    make_ledger_rows(item, payment)
    make_bank_rows(contract, n)
    make_issuing_rows(contract, n)
    make_balance_rows(membership, n)
    make_nightly_rows(contract, n)
    make_paying_rows(company, item, payment, n)
    make_exports_rows(membership, n)
    make_retention_rows(membership, n)
    make_tax_rows(membership, n)
    make_rates_rows(contract, n)
    make_request_rows(membership, contract, n)
    make_country_rows(membership, n)
    make_fleet_rows(membership, contract, n)
    make_claim_rows(membership, contract, n)
    make_cover_rows(membership, contract, n)
    make_supplier_rows(membership, n)
    make_policy_rows(membership, asset, n)
    f.LessorFactory()
    return company


@pytest.mark.parametrize(
    "typed",
    [
        "żubr trans",
        "ŻUBR",
        "KL777700",
        "kl7777",
        "7740001454",
        "774-000-14-54",
        "OL/2026/777700",
        "ol/2026/7777",
        "WZ77770",
        "wz 77770",
        "YS2R4X20000777000",
        "ys2r4x20000777000",
        "FV/L/2026/77/000",
    ],
)
def test_client_is_found_by_anything(office, client_company, typed):
    f.ContractFactory()

    response = office.get(changelist(Company), {"q": typed})

    assert list(response.context["cl"].result_list) == [client_company]


@pytest.mark.parametrize("typed", ["nie ma takiego", "%", "_", "'; DROP TABLE", "\x00", "7" * 500])
def test_search_survives_anything(office, client_company, typed):
    response = office.get(changelist(Company), {"q": typed})

    assert response.status_code == 200


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda m: m._meta.label)
def test_list_and_page_take_the_same_queries_for_one_and_many_rows(office, client_company, model):
    row = model._default_manager.order_by("pk").last()
    assert row is not None, "the fixture lacks a row of this model"
    change = reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk]
    )
    office.get(changelist(model))
    office.get(change)
    with CaptureQueriesContext(connection) as one:
        assert office.get(changelist(model)).status_code == 200
    with CaptureQueriesContext(connection) as one_page:
        assert office.get(change).status_code == 200

    for n in range(1, 4):
        make_client(n)

    with CaptureQueriesContext(connection) as many:
        assert office.get(changelist(model)).status_code == 200
    with CaptureQueriesContext(connection) as many_page:
        assert office.get(change).status_code == 200
    assert len(many) == len(one)
    assert len(many_page) == len(one_page)


def test_search_of_every_list_works(office, client_company):
    for model, shown in admin.site._registry.items():
        response = office.get(changelist(model), {"q": "KL777700"} if shown.search_fields else {})

        assert response.status_code == 200


def test_refused_feed_shows_its_errors(office, client_company):
    run = FeedRun.objects.order_by("pk").last()

    page = office.get(reverse("admin:feeds_feedrun_change", args=[run.pk])).content.decode()

    for text in ("Suma się nie zgadza.", "contracts.csv", "zły NIP", "contracts: 3"):
        assert text in page


def test_contract_leads_to_its_invoices(office, client_company):
    contract = client_company.contracts.get()
    page = office.get(reverse("admin:contracts_contract_change", args=[contract.pk]))

    assert (
        f"/zaplecze/invoicing/invoice/?contract__id__exact={contract.pk}" in page.content.decode()
    )


def test_page_counts_no_further_than_it_must(monkeypatch):
    monkeypatch.setattr("eboks.admin_site._COUNTED", 2)
    f.CompanyFactory.create_batch(5)
    rows = Company.objects.order_by("pk")

    assert EstimatingPaginator(rows, 1).count >= 3
    assert EstimatingPaginator(rows.filter(pk=rows[0].pk), 1).count == 1
    assert EstimatingPaginator(rows.filter(pk__gt=0), 1).count == 3


def test_far_pages_are_not_offered(monkeypatch):
    monkeypatch.setattr("eboks.admin_site._COUNTED", 4)
    f.CompanyFactory.create_batch(9)
    pages = EstimatingPaginator(Company.objects.order_by("pk"), 2)

    assert pages.num_pages == 2
    with pytest.raises(EmptyPage):
        pages.page(3)


def test_client_with_many_rows_has_a_short_page(office, client_company):
    f.MembershipFactory.create_batch(3, company=client_company)

    page = office.get(reverse("admin:tenancy_company_change", args=[client_company.pk]))

    assert page.content.decode().count('class="form-row has_original') <= 100


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda m: m._meta.label)
def test_columns_are_named_in_polish_and_links_do_not_nest(office, client_company, model):
    page = office.get(changelist(model)).content.decode()

    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page, re.DOTALL)
    names = [re.sub(r"<[^>]+>|\s+", " ", head).strip().lower() for head in heads]
    english = {"company", "contract", "user", "item", "payment", "run", "version", "invoice", "pdf"}
    assert english.isdisjoint(names)
    assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<a ", page, re.DOTALL)

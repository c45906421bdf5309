"""The back office issues: what is due, a run by hand, problems, a correction in two steps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import ScheduleRow
from eboks.accounts.staff import StaffRole
from eboks.jobs import leases
from eboks.jobs.models import JobFailure
from invoicing import tasks
from invoicing.issuing import running
from invoicing.models import Invoice, NumberSeries
from tests import factories as f
from tests.invoicing.issuing_rows import AT, SINCE, TODAY, euro_rate, fee_of, issuer_contract

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:invoicing_issuing")
NOW = reverse("admin:invoicing_issue_now")
AGAIN = reverse("admin:invoicing_try_again")


@pytest.fixture(autouse=True)
def issuer(settings, db, time_machine, monkeypatch):
    time_machine.move_to(AT)
    settings.ISSUER_CONTRACTS_FROM = SINCE
    monkeypatch.setattr(tasks.render_new_invoices, "delay", lambda: None)
    monkeypatch.setattr(tasks.render_invoice_pdf, "delay_on_commit", lambda **kwargs: None)
    f.LessorFactory()


@pytest.fixture
def finance(client, staff_of):
    client.force_login(staff_of(StaffRole.FINANCE))
    return client


def text_of(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def test_page_says_what_is_due_today_and_next_days(finance):
    contract = issuer_contract(net_value="90000.00", initial_fee="0.00")
    issuer_contract(net_value="90000.00", initial_fee="0.00", first_due_on=dt.date(2026, 12, 13))
    fee_of(contract)
    page = text_of(finance.get(PAGE))

    for words in (
        "Portal fakturuje umowy zawarte od <strong>01.09.2026</strong>",
        "Raty, opłaty wstępne, wykupy</dt><dd>1, 2 803,79 zł netto",
        "Naliczone opłaty</dt><dd>1, 150,00 zł netto",
        "<dt>29.11.2026</dt><dd>1, 2 80",
        "Wystaw teraz",
        "Wszystko się udało.",
    ):
        assert words in page, words


def test_run_by_hand_issues_and_shows_its_result(finance):
    issuer_contract()
    assert finance.get(NOW).status_code == 405

    finance.post(NOW)

    assert Invoice.objects.count() == 2
    page = text_of(finance.get(PAGE))
    assert "Wystawianie ruszyło" in page
    assert "15 748,66 zł" in page
    assert "Nic nie czeka." in page
    assert "Faktury bez pliku PDF: 2." in page


def test_problems_are_shown_and_tried_again_on_request(finance):
    contract = issuer_contract()
    ScheduleRow.objects.filter(version__contract=contract, n=1, kind="instalment").update(
        vat=0, gross=Decimal("2803.79")
    )
    for _turn in range(leases.TRIES):
        running.issue(on=TODAY, at=AT)
    failure = JobFailure.objects.get()
    page = text_of(finance.get(PAGE))
    assert "VAT w harmonogramie" in page
    assert "odłożone" in page

    finance.post(AGAIN, {"failure": failure.pk})
    assert not JobFailure.objects.exists()
    assert "nie ma na liście" in text_of(finance.post(AGAIN, {"failure": "x"}, follow=True))


def test_missing_rate_and_doubly_invoiced_contracts_are_shown(finance):
    issuer_contract(currency="EUR")
    both = issuer_contract()
    f.InvoiceFactory(contract=both)
    page = text_of(finance.get(PAGE))
    assert "Brak kursu NBP waluty EUR z dnia 25.11.2026" in page
    assert both.number in page

    euro_rate(dt.date(2026, 11, 25))
    assert "Brak kursu" not in text_of(finance.get(PAGE))


def test_mirror_mode_says_so_and_issues_nothing(finance, settings):
    settings.ISSUER_CONTRACTS_FROM = None
    page = text_of(finance.get(PAGE))
    assert "Portal niczego nie wystawia" in page
    assert "Wystaw teraz" not in page
    assert "nie ma na to ustawienia" in text_of(finance.post(NOW, follow=True))


def test_page_takes_the_same_queries_for_one_and_many_contracts(finance):
    issuer_contract()
    finance.get(PAGE)
    with CaptureQueriesContext(connection) as one:
        finance.get(PAGE)
    for _number in range(3):
        fee_of(issuer_contract())
    with CaptureQueriesContext(connection) as many:
        finance.get(PAGE)
    assert len(many) == len(one)


def test_service_desk_sees_but_does_not_issue(office):
    invoice = f.InvoiceFactory(source_system="portal")
    page = text_of(office.get(PAGE))
    assert "Wystaw teraz" not in page
    correct = reverse("admin:invoicing_invoice_correct", args=[invoice.pk])
    for answer in (office.post(NOW), office.post(AGAIN), office.get(correct), office.post(correct)):
        assert answer.status_code == 403


def test_client_finds_no_such_pages(client_of):
    browser = client_of(f.MembershipFactory().user)
    for answer in (browser.get(PAGE), browser.post(NOW), browser.post(AGAIN)):
        assert answer.status_code == 404


# --- a correction -------------------------------------------------------------------------------


@pytest.fixture
def invoice() -> Invoice:
    fee_of(issuer_contract(net_value="90000.00", initial_fee="0.00"))
    running.issue(on=TODAY, at=AT)
    return Invoice.objects.get()


def asked(invoice: Invoice, **values: str) -> dict[str, str]:
    return {
        "net_1": "2803,79",
        "interest_1": "487,50",
        "net_2": "150,00",
        "reason": "pomyłka",
        **values,
    }


def test_correction_in_two_steps(finance, invoice):
    url = reverse("admin:invoicing_invoice_correct", args=[invoice.pk])
    change = reverse("admin:invoicing_invoice_change", args=[invoice.pk])
    assert "Wystaw korektę" in text_of(finance.get(change))
    form = finance.get(url)
    basis = form.context["form"]["basis"].value()
    assert "Rata leasingowa 1 z 35" in text_of(form)

    page = text_of(finance.post(url, asked(invoice, net_2="100,00", basis=basis)))

    assert "Sprawdź i potwierdź" in page
    assert "<strong>−61,50</strong>" in page
    assert "2. Opinia o kliencie" in page
    assert "1. Rata leasingowa" not in page  # it does not change
    assert not Invoice.objects.filter(kind="correction").exists()

    sent = asked(invoice, net_2="100,00", basis=basis, confirm="1")
    answer = finance.post(url, sent)
    correction = Invoice.objects.get(kind="correction")
    assert answer.url == reverse("admin:invoicing_invoice_change", args=[correction.pk])
    assert (correction.gross, correction.corrects) == (Decimal("-61.50"), invoice)

    assert "właśnie poprawiona" in text_of(finance.post(url, sent))  # sent twice
    assert Invoice.objects.filter(kind="correction").count() == 1


def test_bad_correction_is_explained(finance, invoice):
    url = reverse("admin:invoicing_invoice_correct", args=[invoice.pk])
    for values, words in (
        ({}, "Nic się nie zmienia"),
        ({"net_2": "1,00", "reason": ""}, "To pole jest wymagane"),
        ({"net_2": "-1"}, "większa lub równa 0"),
        ({"net_2": "abc"}, "Wpisz liczbę"),
        ({"interest_1": "9999,00"}, "Część odsetkowa"),
    ):
        page = text_of(finance.post(url, asked(invoice, **values)))
        assert words in page, (values, page)
    assert not Invoice.objects.filter(kind="correction").exists()


def test_invoice_of_the_core_system_offers_no_correction(finance):
    foreign = f.InvoiceFactory(source_system="core")
    change = reverse("admin:invoicing_invoice_change", args=[foreign.pk])
    assert "Wystaw korektę" not in text_of(finance.get(change))
    url = reverse("admin:invoicing_invoice_correct", args=[foreign.pk])
    assert "system główny" in text_of(finance.get(url, follow=True))
    assert finance.get(reverse("admin:invoicing_invoice_correct", args=[0])).status_code == 404


# --- numbers ------------------------------------------------------------------------------------


def test_series_is_added_checked_and_closed_once_used(finance):
    add = reverse("admin:invoicing_numberseries_add")
    data = {"kind": "invoice", "valid_from": "2026-11-01"}
    for pattern in ("F/{n}", "F/{year}", "F/{rok}/{n}", "F/{year}/{n:090}"):
        assert "errorlist" in text_of(finance.post(add, {**data, "pattern": pattern}))
    finance.post(add, {**data, "pattern": "F/{year}/{month:02}/{n:05}"})
    series = NumberSeries.objects.get()

    issuer_contract()
    running.issue(on=TODAY, at=AT)

    assert Invoice.objects.order_by("pk")[0].number == "F/2026/11/00001"
    change = reverse("admin:invoicing_numberseries_change", args=[series.pk])
    assert finance.post(change, {**data, "pattern": "G/{year}/{n}"}).status_code == 403

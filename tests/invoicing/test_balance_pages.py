"""Pages of balance confirmations: list, one, the answer, the document, the back office."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.urls import reverse
from pypdf import PdfReader

from eboks.documents.models import Document
from eboks.retention.dating import date_documents
from eboks.retention.models import PurgeRun, Tombstone
from eboks.retention.registry import document_class
from eboks.tenancy.rights import Role
from invoicing.balance_confirmations import answer, ask
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation
from tests import factories as f
from tests.invoicing.conftest import NOW
from tests.invoicing.posting import add
from tests.security.crawling import content

LIST = "/rozrachunki/potwierdzenia/"
AS_OF = dt.date(2026, 10, 31)
ANSWER_BY = dt.date(2026, 12, 6)


def text_of(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.text)
    return " ".join(text.replace("\u00a0", " ").split())


def in_pdf(response) -> str:
    reader = PdfReader(io.BytesIO(content(response)))
    text = " ".join(page.extract_text() for page in reader.pages)
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.fixture
def asked(company, today) -> BalanceConfirmation:
    contract = f.ContractFactory.create(company=company, number="OL/1")
    add(contract, "a", gross="1234.56", due=dt.date(2026, 10, 20))
    ask(as_of=AS_OF, answer_by=ANSWER_BY, at=NOW)
    return BalanceConfirmation.objects.get()


def page(row, part=""):
    return f"{LIST}{row.public_id}/{part}"


def test_list_and_page_show_the_balance_and_the_deadline(owner, asked):
    listed, shown = owner.get(LIST), owner.get(page(asked))

    assert page(asked) in listed.text
    assert "1 234,56 zł" in text_of(listed)
    text = text_of(shown)
    for said in (
        "Saldo na dzień 31 października 2026",
        "FV/a OL/1 06.10.2026 20.10.2026 1 234,56 zł",
    ):
        assert said in text
    assert "6 grudnia 2026, za 14 dni" in text
    assert page(asked, "odpowiedz/") in shown.text
    assert LIST in owner.get("/rozrachunki/").text


def test_agreeing_leads_back_with_the_answer(owner, asked):
    form = owner.get(page(asked, "odpowiedz/"))
    response = owner.post(page(asked, "odpowiedz/"), {"answer": "agree"}, follow=True)

    assert "Czy saldo się zgadza?" in form.text
    assert response.redirect_chain == [(page(asked), 302)]
    text = text_of(response)
    assert "Dziękujemy, zapisaliśmy odpowiedź." in text
    assert "saldo zgodne" in text
    assert page(asked, "odpowiedz/") not in response.text


def test_disagreeing_without_words_keeps_what_was_typed(owner, asked):
    nothing = owner.post(page(asked, "odpowiedz/"), {"explanation": "trzy faktury"})
    no_words = owner.post(page(asked, "odpowiedz/"), {"answer": "disagree", "explanation": " "})

    assert "Wybierz, czy saldo się zgadza." in nothing.text
    assert "trzy faktury" in nothing.text
    assert "Błąd:" in nothing.text
    assert "Napisz, co się nie zgadza." in no_words.text
    assert 'value="disagree"' in no_words.text
    assert "checked" in no_words.text
    asked.refresh_from_db()
    assert asked.answer == ConfirmationAnswer.WAITING

    owner.post(page(asked, "odpowiedz/"), {"answer": "disagree", "explanation": "zapłacone 2.10"})
    assert "zapłacone 2.10" in text_of(owner.get(page(asked)))


def test_second_answer_is_refused_in_words(owner, asked, company):
    other = f.MembershipFactory.create(company=company)
    answer(confirmation_id=asked.pk, actor=other.user, agrees=True, explanation="", at=NOW)

    late = owner.post(page(asked, "odpowiedz/"), {"answer": "disagree", "explanation": "nie"})

    assert "już odpowiedziano" in late.text
    assert owner.get(page(asked, "odpowiedz/")).status_code == 302


def test_after_the_deadline_there_is_nothing_to_answer(owner, asked, time_machine, client_of):
    member = f.MembershipFactory.create(company=asked.company)
    time_machine.move_to(NOW + dt.timedelta(days=15), tick=False)
    browser = client_of(member.user)

    assert "nie przyszła w terminie" in text_of(browser.get(page(asked)))
    assert "bez odpowiedzi w terminie" in text_of(browser.get(LIST))
    assert browser.get(page(asked, "odpowiedz/")).status_code == 302


@pytest.mark.parametrize("part", ["", "odpowiedz/", "potwierdzenie.pdf"])
def test_who_is_let_in(part, asked, fleet, stranger, former, reader):
    assert fleet.get(page(asked, part)).status_code == 403
    assert stranger.get(page(asked, part)).status_code == 404
    assert former.get(page(asked, part)).status_code == 404
    response = reader.get(page(asked, part))
    content(response)
    assert response.status_code == (403 if part == "odpowiedz/" else 200)


def test_finance_sees_that_somebody_else_answers(asked, company, client_of):
    finance = client_of(f.MembershipFactory.create(company=company, role=Role.FINANCE).user)

    text = text_of(finance.get(page(asked)))
    refused = finance.post(page(asked, "odpowiedz/"), {"answer": "agree"})

    assert "Odpowiada osoba, która podpisuje w imieniu firmy." in text
    assert refused.status_code == 403


def test_member_with_selected_contracts_does_not_see_the_balance_of_the_company(
    asked, company, client_of
):
    limited = f.MembershipFactory.create(company=company, role=Role.SIGNATORY, is_limited=True)
    browser = client_of(limited.user)

    assert browser.get(page(asked)).status_code == 404
    assert "Nie ma potwierdzeń sald" in text_of(browser.get(LIST))


def test_document_has_the_parties_the_rows_and_then_the_answer(owner, asked, company):
    before = in_pdf(owner.get(page(asked, "potwierdzenie.pdf")))
    assert not Document.objects.exists()
    owner.post(page(asked, "odpowiedz/"), {"answer": "disagree", "explanation": "zapłacone 2.10"})
    after = in_pdf(owner.get(page(asked, "potwierdzenie.pdf")))
    again = in_pdf(owner.get(page(asked, "potwierdzenie.pdf")))

    for said in ("Potwierdzenie salda", "Przykładowy Leasing S.A.", company.name, "1 234,56 zł"):
        assert said in before
    assert "art. 26 ust. 1 pkt 2" in before
    assert "Saldo niezgodne" in after
    assert "zapłacone 2.10" in after
    assert again == after
    asked.refresh_from_db()
    assert asked.document == Document.objects.get(key=f"balance:{asked.public_id}")


# --- back office ----------------------------------------------------------------------------
@pytest.fixture
def office(client_of):
    return client_of(f.UserFactory.create(is_staff=True, is_superuser=True))


def admin_url(name, *args):
    return reverse(f"admin:invoicing_balanceconfirmation_{name}", args=args)


def test_office_asks_in_the_background(
    office, company, today, settings, django_capture_on_commit_callbacks
):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    contract = f.ContractFactory.create(company=company)
    add(contract, "a", due=dt.date(2026, 10, 20))
    assert admin_url("ask") in office.get(admin_url("changelist")).text

    wrong = office.post(admin_url("ask"), {"as_of": "2027-01-01", "answer_by": "2026-12-06"})
    assert "jeszcze nie minął" in wrong.text
    with django_capture_on_commit_callbacks(execute=True):
        office.post(admin_url("ask"), {"as_of": "2026-10-31", "answer_by": "2026-12-06"})

    assert BalanceConfirmation.objects.get().company == company


def test_office_clears_up_a_disagreement(office, asked, company):
    member = f.MembershipFactory.create(company=company)
    waiting = office.get(admin_url("change", asked.pk))
    assert 'name="handling"' not in waiting.text
    answer(confirmation_id=asked.pk, actor=member.user, agrees=False, explanation="nie", at=NOW)
    assert 'name="handling"' in office.get(admin_url("change", asked.pk)).text

    office.post(admin_url("change", asked.pk), {"handling": "Wpłata zaksięgowana."})

    asked.refresh_from_db()
    assert asked.handling == "Wpłata zaksięgowana."
    assert asked.handled_at == NOW
    assert 'name="handling"' not in office.get(admin_url("change", asked.pk)).text


def test_staff_without_the_right_does_not_ask(asked, client_of):
    staff = client_of(f.UserFactory.create(is_staff=True))

    assert staff.post(admin_url("ask"), {}).status_code == 403


# --- keeping --------------------------------------------------------------------------------
def test_answered_document_stays_five_years_after_the_year_of_the_balance(owner, asked):
    owner.post(page(asked, "odpowiedz/"), {"answer": "agree"})
    content(owner.get(page(asked, "potwierdzenie.pdf")))

    date_documents(on=dt.date(2026, 11, 22))

    assert Document.objects.get().purge_on == dt.date(2032, 1, 1)


def test_document_that_was_removed_in_time_is_not_made_again(owner, asked):
    owner.post(page(asked, "odpowiedz/"), {"answer": "agree"})
    content(owner.get(page(asked, "potwierdzenie.pdf")))
    document = Document.objects.get()
    document_class("confirmation").release([document.pk])
    run = PurgeRun.objects.create(through=dt.date(2032, 1, 1), planned_at=NOW)
    Tombstone.objects.create(
        company=asked.company,
        key=document.key,
        size=document.size,
        sha256=document.sha256,
        document_class="confirmation",
        purge_on=dt.date(2032, 1, 1),
        purged_at=NOW,
        run=run,
    )

    response = owner.get(page(asked, "potwierdzenie.pdf"))

    assert response.status_code == 503
    assert "po okresie przechowywania" in text_of(response)

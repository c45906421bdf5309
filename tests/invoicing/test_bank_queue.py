"""The back office's queue: suggestions, one click, a note, and the way back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from invoicing.bank import explaining
from invoicing.bank.explaining import ExplainingError
from invoicing.bank.suggestions import Choice, parse_key, search, suggest
from invoicing.enums import EntryState, MatchRule, PaymentKind, StatementState
from invoicing.models import BankEntry, BankFile, BankStatement, Payment, PaymentReport
from tests import factories as f
from tests.factories import PASSWORD
from tests.invoicing import bank_files
from tests.invoicing.bank_files import AT, DAY, Row, mt940, take

pytestmark = pytest.mark.django_db

LIST = "/zaplecze/invoicing/bankentry/"


@pytest.fixture
def company():
    bank_files.account()
    return f.CompanyFactory(name="PIEKARNIA ŁĄKOWA Jan Kowalski", nip="7740001454")


@pytest.fixture
def item(company):
    return f.ReceivableItemFactory(
        invoice__contract=f.ContractFactory(company=company, number="OL/2026/000007"),
        account="",
    )


def staff(role=StaffRole.FINANCE):
    return create_staff(
        username=f"Z-{role}", email=f"{role}@lessor.example", role=role, password=PASSWORD
    )


@pytest.fixture
def actor():
    return staff()


@pytest.fixture
def office(client_of, actor):
    return client_of(actor)


def entry(*rows, number=1, opening="0.00"):
    take(mt940(rows or [Row("3448.66", title="rata")], number=number, opening=opening))
    return BankEntry.objects.order_by("-pk").first()


def page(office, row, **query):
    return office.get(f"{LIST}{row.pk}/change/", query)


def press(office, row, name, **data):
    return office.post(reverse(f"admin:invoicing_bankentry_{name}", args=[row.pk]), data)


# --- suggestions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row("1.00", title="za 774-000-14-54", name="X"), "NIP"),
        (Row("1.00", name="Piekarnia Łąkowa"), "podobna nazwa"),
        (Row("3448.66", name="X"), "dokładnie tyle"),
        (Row("1.00", title="rata", name="X", payer="61109010140000071219812874"), "rachunku"),
    ],
)
def test_client_is_suggested_by(company, item, row, reason):
    f.PaymentFactory(company=company, payer_account="61109010140000071219812874")
    other = f.PaymentFactory(payer_account="61109010140000071219812874")  # so that no rule decides
    found = suggest(entry(row))

    mine = next(one for one in found if one.company == company)
    assert any(reason in text for text in mine.reasons)
    assert other.company in {one.company for one in found} or "rachunku" not in reason


def test_every_client_of_an_ambiguous_title_is_suggested(item):
    other = f.InvoiceFactory(number="FV/L/2026/11/000050")
    row = entry(Row("1.00", title=f"{item.invoice.number} FV/L/2026/11/000050"))

    assert {one.company for one in suggest(row)} == {item.company, other.company}
    assert {one.item for one in suggest(row)} == {item, None}


def test_most_reasons_come_first(company, item):
    f.ReceivableItemFactory()  # somebody else owes the same amount
    row = entry(Row("3448.66", title="NIP 7740001454", name="PIEKARNIA ŁĄKOWA"))

    first = suggest(row)[0]

    assert (first.company, first.item) == (company, item)
    assert len(first.reasons) >= 3


def test_reversal_is_offered_payments_of_its_amount(company):
    mine = f.PaymentFactory(company=company, amount=Decimal("7.00"), booked_on=DAY)
    f.PaymentFactory(company=company, amount=Decimal("8.00"), booked_on=DAY)
    row = entry(Row("7.00", title="zwrot", mark="RC"), opening="50.00")

    assert [one.payment for one in suggest(row)] == [mine]


@pytest.mark.parametrize("text", ["Łąkowa", "łąkowa", "774-000-14-54", "OL/2026/00", "ol/2026/0"])
def test_client_is_searched_for_by(item, text):
    assert [one.company for one in search(entry(), text)] == [item.company]


@pytest.mark.parametrize("text", ["", "1", "1:2:3", "a:::", "1:2:3:4:5", "1:²::", f"{'9' * 30}:::"])
def test_odd_choice_is_no_choice(text):
    assert parse_key(text) is None


# --- booking ----------------------------------------------------------------------------------


def test_one_click_books_and_pays(office, actor, company, item):
    row = entry()
    suggestion = suggest(row)[0]
    assert suggestion.key.encode() in page(office, row).content

    answer = press(office, row, "book", choice=suggestion.key)

    assert answer["Location"] == LIST
    row.refresh_from_db()
    item.refresh_from_db()
    assert item.open_amount == 0
    assert (row.state, row.rule, row.handled_by) == (
        EntryState.BOOKED_BY_HAND,
        MatchRule.BY_HAND,
        actor,
    )
    assert row.payment.indicated_item == item
    record = AuditEntry.objects.get(event="payment_booked_by_hand")
    assert (record.company, record.actor_id) == (company, actor.pk)


def test_second_click_changes_nothing(office, actor, company):
    row = entry()
    for _click in range(2):
        press(office, row, "book", choice=f"{company.pk}:::")

    assert Payment.objects.count() == 1
    with pytest.raises(ExplainingError):
        explaining.book(entry_id=row.pk, choice=Choice(company.pk), actor=actor, at=AT)


def test_item_of_somebody_else_is_refused(actor, company):
    stranger = f.ReceivableItemFactory()
    row = entry()

    for choice in (
        Choice(company.pk, item=stranger.pk),
        Choice(company.pk, contract=stranger.contract_id),
        Choice(10**15),
    ):
        with pytest.raises(ExplainingError):
            explaining.book(entry_id=row.pk, choice=choice, actor=actor, at=AT)
    assert not Payment.objects.exists()


def test_money_that_went_out_is_a_refund(actor, company):
    f.PaymentFactory(company=company, amount=Decimal("50.00"))
    row = entry(Row("50.00", mark="D"), opening="60.00")

    payment = explaining.book(entry_id=row.pk, choice=Choice(company.pk), actor=actor, at=AT)

    assert (payment.kind, payment.amount) == (PaymentKind.REFUND, Decimal("-50.00"))


def test_reversal_takes_the_chosen_payment_back(actor, item):
    paid = entry()
    explaining.book(
        entry_id=paid.pk, choice=Choice(item.company_id, item=item.pk), actor=actor, at=AT
    )
    paid.refresh_from_db()
    row = entry(Row("3448.66", title="zwrot", mark="RC", payer=""), number=2, opening="3448.66")

    payment = explaining.book(
        entry_id=row.pk,
        choice=Choice(item.company_id, payment=paid.payment_id),
        actor=actor,
        at=AT,
    )

    item.refresh_from_db()
    assert payment.reverses == paid.payment
    assert item.open_amount == item.gross


def test_payment_by_hand_matches_a_reported_transfer(actor, company, item):
    report = PaymentReport.objects.create(
        form_key=uuid.uuid4(),
        company=company,
        paid_on=DAY,
        amount=item.gross,
        waits_until=DAY + dt.timedelta(days=3),
        reported_at=AT,
        reported_by=f.UserFactory(),
    )
    payment = explaining.book(entry_id=entry().pk, choice=Choice(company.pk), actor=actor, at=AT)

    report.refresh_from_db()
    assert report.payment == payment


def test_setting_aside_needs_a_note(office, company):
    row = entry()
    press(office, row, "set_aside", note=" ")
    row.refresh_from_db()
    assert row.state == EntryState.QUEUED

    press(office, row, "set_aside", note="zwrot z urzędu")

    row.refresh_from_db()
    assert (row.state, row.note) == (EntryState.IGNORED, "zwrot z urzędu")
    assert AuditEntry.objects.filter(event="bank_entry_set_aside").exists()


# --- the way back -----------------------------------------------------------------------------


def test_wrong_booking_is_reversed_and_booked_again(office, company, item):
    wrong = f.CompanyFactory()
    row = entry()
    press(office, row, "book", choice=f"{wrong.pk}:::")
    first = Payment.objects.get()

    press(office, row, "undo", reason="nie ten klient")
    row.refresh_from_db()
    assert (row.state, row.payment) == (EntryState.QUEUED, None)
    assert first.reversed_by.amount == -first.amount
    press(office, row, "book", choice=f"{company.pk}:{item.pk}::")

    row.refresh_from_db()
    item.refresh_from_db()
    assert row.payment.company == company
    assert item.open_amount == 0
    assert Payment.objects.filter(company=wrong).count() == 2
    undone = AuditEntry.objects.get(event="bank_booking_undone")
    assert undone.company == wrong


def test_what_the_rules_booked_can_be_undone_too(actor, company):
    f.ContractFactory(company=company, number="OL/2026/000099")
    row = entry(Row("10.00", title="OL/2026/000099"))
    assert row.state == EntryState.MATCHED

    explaining.undo(entry_id=row.pk, reason="x", actor=actor, at=AT)

    row.refresh_from_db()
    assert row.state == EntryState.QUEUED


def test_undoing_needs_a_reason_and_something_to_undo(actor, company):
    row = entry()
    with pytest.raises(ExplainingError):
        explaining.undo(entry_id=row.pk, reason="", actor=actor, at=AT)
    with pytest.raises(ExplainingError, match="rozstrzygnął"):
        explaining.undo(entry_id=row.pk, reason="x", actor=actor, at=AT)


def test_payment_of_the_core_system_is_not_undone_here(actor, company):
    f.PaymentFactory(
        company=company, bank_reference="REF-1", booked_on=DAY, amount=Decimal("10.00")
    )
    row = entry(Row("10.00", "REF-1"))

    with pytest.raises(ExplainingError, match="centralny"):
        explaining.undo(entry_id=row.pk, reason="x", actor=actor, at=AT)


def test_entry_set_aside_comes_back(actor, company):
    row = entry()
    explaining.set_aside(entry_id=row.pk, note="x", actor=actor, at=AT)
    explaining.undo(entry_id=row.pk, reason="jednak klient", actor=actor, at=AT)

    row.refresh_from_db()
    assert row.state == EntryState.QUEUED
    assert not Payment.objects.exists()


# --- pages ------------------------------------------------------------------------------------


def test_list_opens_with_the_queue_and_its_sums(office, company):
    f.ContractFactory(company=company, number="OL/2026/000099")
    entry(Row("10.00", title="OL/2026/000099"), Row("7.50", title="?"), Row("2.50", title="?"))

    text = office.get(LIST).content.decode()

    assert "operacji do wyjaśnienia: 2" in text
    assert "10,00\u00a0zł" in text
    rows = office.get(LIST).context["cl"].result_list
    assert [row.amount for row in rows] == [Decimal("7.50"), Decimal("2.50")]
    everything = office.get(LIST, {"kolejka": "wszystkie"}).context["cl"].result_list
    assert len(everything) == 3


@pytest.mark.parametrize(
    "typed",
    [
        "piekarnia",
        "rata",
        "3448,66",
        "3 448,66",
        "1000001",
        "10114010100000555566667777",
        "PL10 1140 1010 0000 5555 6666 7777",
    ],
)
def test_entry_is_found_by(office, company, typed):
    row = entry()
    entry(Row("1.00", title="inny", name="INNY", payer=""), number=2, opening="3448.66")

    assert list(office.get(LIST, {"q": typed}).context["cl"].result_list) == [row]


@pytest.mark.parametrize("typed", ["%", "'", "\x00", "9" * 400, "1e400", "-", ".", "²"])
def test_search_of_entries_survives_anything(office, company, typed):
    row = entry()

    assert office.get(LIST, {"q": typed}).status_code == 200
    assert page(office, row, q=typed).status_code == 200


def test_page_shows_the_account_only_when_asked(office, company):
    row = entry()
    assert "10114010100000555566667777" not in page(office, row).content.decode()

    office.post(f"{LIST}{row.pk}/odslon/", {"reason": "wyjaśnienie wpłaty"})

    assert "10114010100000555566667777" in page(office, row).content.decode()


@pytest.mark.parametrize("name", ["book", "set_aside", "undo"])
def test_buttons_take_post_from_those_with_the_right_alone(client_of, office, company, name):
    row = entry()
    url = reverse(f"admin:invoicing_bankentry_{name}", args=[row.pk])

    assert office.get(url).status_code == 405
    assert client_of(staff(StaffRole.VIEW)).post(url).status_code == 403
    assert client_of(f.UserFactory()).post(url).status_code == 404
    assert client_of(staff(StaffRole.SERVICE)).post(url).status_code == 403
    missing = reverse(f"admin:invoicing_bankentry_{name}", args=[2**62])
    assert office.post(missing).status_code == 404
    row.refresh_from_db()
    assert row.state == EntryState.QUEUED


def test_page_of_a_viewer_has_no_buttons(client_of, company, item):
    row = entry()

    text = page(client_of(staff(StaffRole.VIEW)), row).content.decode()

    assert company.name in text
    assert 'name="choice"' not in text


def test_what_cannot_be_done_is_said(office, company):
    row = entry()

    answer = press(office, row, "book", choice="???")

    assert answer["Location"] == f"{LIST}{row.pk}/change/"
    assert "Wybierz klienta" in page(office, row).content.decode()


@pytest.fixture
def waiting(company):
    take(mt940([Row("1.00")], number=1))
    take(mt940([Row("1.00")], number=3, opening="5.00"))
    return BankStatement.objects.get(number=3)


def test_waiting_statement_shows_what_is_missing_and_can_be_booked(office, waiting):
    listed = office.get("/zaplecze/invoicing/bankstatement/").content.decode()
    assert "brakuje wcześniejszego wyciągu" in listed
    assert "4,00\u00a0zł" in listed  # what the missing one must come to
    url = "/zaplecze/invoicing/bankstatement/{}/{}/"
    assert office.get(url.format(waiting.pk, "change")).status_code == 200
    office.post(url.format(waiting.pk, "sprawdz"))
    office.post(url.format(waiting.pk, "zaksieguj"))  # without a reason
    waiting.refresh_from_db()
    assert waiting.state == StatementState.WAITING

    office.post(url.format(waiting.pk, "zaksieguj"), {"reason": "bank nie wyda"})

    waiting.refresh_from_db()
    assert waiting.state == StatementState.BOOKED


def test_waiting_statement_can_be_withdrawn(office, waiting):
    answer = office.post(
        f"/zaplecze/invoicing/bankstatement/{waiting.pk}/wycofaj/", {"reason": "pomyłka"}
    )

    assert answer["Location"] == "/zaplecze/invoicing/bankstatement/"
    assert not BankStatement.objects.filter(pk=waiting.pk).exists()


def test_refused_file_shows_its_reasons_and_can_be_tried_again(office, company, settings, tmp_path):
    from invoicing.bank import folder

    settings.STATEMENTS_DIR = tmp_path
    (tmp_path / "w.sta").write_bytes(mt940([Row("1.00")], closing="2.00"))
    for minute in (0, 1):
        folder.take_over(folder=tmp_path, at=AT + dt.timedelta(minutes=minute))
    file = BankFile.objects.get()
    url = f"/zaplecze/invoicing/bankfile/{file.pk}/"

    text = office.get(f"{url}change/").content.decode()
    assert "Różnica" in text
    assert "Wczytaj ten plik jeszcze raz" in text
    office.post(f"{url}ponow/")

    file.refresh_from_db()
    assert file.tries == 2


def test_mask_is_checked_before_it_is_kept(client_of):
    office = client_of(staff(StaffRole.ADMIN))
    values = {"scope": "contract", "currency": "PLN", "valid_from": "2026-01-01"}
    url = "/zaplecze/invoicing/accountmask/add/"

    bad = office.post(url, {**values, "sort_code": "99900009", "layout": "7777"})
    good = office.post(url, {**values, "sort_code": "99900009", "layout": "7777CCCCCCCCNNNN"})

    assert (bad.status_code, good.status_code) == (200, 302)


def test_dialect_needs_an_encoding_that_exists(office):
    dialect = bank_files.dialect()
    url = f"/zaplecze/invoicing/bankdialect/{dialect.pk}/change/"
    values = {
        "code": dialect.code,
        "title": "x",
        "separator": "~",
        "title_subfields": "20",
        "account_subfield": "29",
        "name_subfields": "32",
        "counterparty_subfield": "38",
    }
    for wrong in ("cp1250x", "zip", "undefined", "utf-16"):
        assert office.post(url, {**values, "encoding": wrong}).status_code == 200
    assert office.post(url, {**values, "encoding": "cp1250"}).status_code == 302

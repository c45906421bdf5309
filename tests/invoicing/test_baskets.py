"""The payment basket: one transfer for many items, its page, its PDF, and going out of date."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pypdf
import pytest
from django.urls import reverse

from eboks.audit.models import AuditEntry
from eboks.tenancy.models import LessorAccount
from eboks.tenancy.rights import Role
from invoicing import baskets, selection
from invoicing.codes import codes_in
from invoicing.models import PaymentBasket, ReceivableItem
from invoicing.paying import PayingError
from tests.factories import (
    ContractFactory,
    LessorFactory,
    MembershipFactory,
    PaymentFactory,
    UserFactory,
)
from tests.invoicing.conftest import NOW, make_invoice

ACCOUNT = "61109010140000071219812874"
OTHER = "27114020040000300201355387"
SELECT = "/rozrachunki/wybor/"


@pytest.fixture(autouse=True)
def main_account(db):
    LessorAccount.objects.create(lessor=LessorFactory.create(), number=OTHER)


def items_of(*invoices):
    rows = ReceivableItem.objects.filter(invoice__in=invoices)
    return list(rows.select_related("company", "contract").order_by("pk"))


def make(*invoices, actor=None):
    return baskets.make_baskets(
        items=items_of(*invoices), actor=actor or UserFactory.create(), at=NOW
    )


def text_of(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


# --- making --------------------------------------------------------------------------------------


def test_items_become_one_amount_account_and_title(company):
    one, other = make_invoice(company), make_invoice(company, left="100.00")

    (basket,) = make(one, other)

    assert (basket.total, basket.currency, basket.account) == (Decimal("3548.66"), "PLN", ACCOUNT)
    assert codes_in(basket.title) == [basket.code]
    assert len(basket.title) <= 32
    assert basket.items.count() == 2
    assert AuditEntry.objects.get(event="basket_made").company == company


def test_title_of_one_item_names_its_document(company):
    (basket,) = make(make_invoice(company, number="FV/L/2026/11/000042"))

    assert basket.title == f"{basket.code} FV/L/2026/11/000042"


def test_items_of_several_accounts_go_to_the_common_one(company):
    one, other = make_invoice(company), make_invoice(company)
    item = items_of(other)[0]
    item.account = "36116022027777000123450042"

    (basket,) = baskets.make_baskets(
        items=[*items_of(one), item], actor=UserFactory.create(), at=NOW
    )

    assert basket.account == OTHER


def test_currencies_and_companies_are_paid_apart(company):
    LessorAccount.objects.create(
        lessor=LessorFactory.create(), number="40116022027777000000010001", currency="EUR"
    )
    made = make(
        make_invoice(company, currency="EUR"),
        make_invoice(company),
        make_invoice(ContractFactory.create().company),
    )

    assert [basket.currency for basket in made] == ["PLN", "PLN", "EUR"]
    assert len({basket.company_id for basket in made}) == 2
    assert len({basket.code for basket in made}) == 3


def test_same_items_again_give_the_basket_that_waits(company):
    one, other = make_invoice(company), make_invoice(company)
    (first,) = make(one, other)

    assert make(one, other) == [first]
    assert make(one) != [first]
    first.payment = PaymentFactory.create(company=company)
    first.save()
    assert make(one, other) != [first]


def test_code_that_is_taken_is_made_anew(company, monkeypatch):
    codes = iter(["KPAAAAAAAA", "KPAAAAAAAA", "KPCCCCCCCC"])
    monkeypatch.setattr("invoicing.baskets.new_code", lambda: next(codes))

    made = [make(make_invoice(company))[0].code for _n in range(2)]

    assert made == ["KPAAAAAAAA", "KPCCCCCCCC"]


def test_nothing_paid_and_too_much_are_refused(company, monkeypatch):
    with pytest.raises(PayingError):
        make()
    with pytest.raises(PayingError):
        make(make_invoice(company), make_invoice(company, left="0.00"))
    monkeypatch.setattr("invoicing.baskets.MOST_ITEMS", 1)
    with pytest.raises(PayingError):
        make(make_invoice(company), make_invoice(company))


def test_basket_of_what_is_left_takes_the_place_of_an_outdated_one(company):
    one, other = make_invoice(company), make_invoice(company)
    (basket,) = make(one, other)
    ReceivableItem.objects.filter(invoice=one).update(open_amount=0)

    made = baskets.renew(basket=basket, actor=UserFactory.create(), at=NOW)

    assert made.code != basket.code
    assert [item.invoice for item in made.items.all()] == [other]
    ReceivableItem.objects.filter(invoice=other).update(open_amount=0)
    with pytest.raises(PayingError):
        baskets.renew(basket=made, actor=UserFactory.create(), at=NOW)


# --- ticking -------------------------------------------------------------------------------------


def keys(*invoices):
    return [selection.key_of(item) for item in items_of(*invoices)]


def test_ticks_survive_other_pages(owner, company):
    one, other, third = (make_invoice(company) for _n in range(3))
    owner.post(SELECT, {"shown": keys(one, other), "item": keys(one)})
    owner.post(SELECT, {"shown": keys(third), "item": keys(third)})

    response = owner.get("/rozrachunki/")

    chosen = response.context["chosen"]
    assert {item.invoice for item in chosen.items} == {one, third}
    assert chosen.sums == [("PLN", Decimal("6897.32"))]
    assert text_of(response).count(" checked") == 2


def test_tick_taken_away_leaves(owner, company):
    one, other = make_invoice(company), make_invoice(company)
    owner.post(SELECT, {"shown": keys(one, other), "item": keys(one, other)})
    owner.post(SELECT, {"shown": keys(one, other), "item": keys(other)})

    assert {i.invoice for i in owner.get("/rozrachunki/").context["chosen"].items} == {other}
    owner.post(SELECT, {"then": "clear"})
    assert owner.get("/rozrachunki/").context["chosen"].items == ()


def test_press_makes_the_basket_of_what_is_ticked(owner, company):
    one, other = make_invoice(company), make_invoice(company)

    response = owner.post(
        SELECT, {"shown": keys(one, other), "item": keys(one, other), "then": "basket"}
    )

    basket = PaymentBasket.objects.get()
    assert response.url == reverse("invoicing:basket", args=[basket.public_id])
    assert basket.items.count() == 2
    assert owner.get("/rozrachunki/").context["chosen"].items == ()


def test_several_transfers_lead_to_their_list(owner, company):
    LessorAccount.objects.create(
        lessor=LessorFactory.create(), number="40116022027777000000010001", currency="EUR"
    )
    mixed = keys(make_invoice(company), make_invoice(company, currency="EUR"))

    response = owner.post(SELECT, {"shown": mixed, "item": mixed, "then": "basket"}, follow=True)

    assert response.redirect_chain[-1][0] == "/rozrachunki/przelewy/"
    assert "2 przelewy" in text_of(response)


def test_nothing_ticked_is_said(owner, company):
    response = owner.post(SELECT, {"then": "basket"}, follow=True)

    assert "Zaznacz" in text_of(response)
    assert not PaymentBasket.objects.exists()


def test_button_without_javascript_returns_to_the_same_list(owner, company):
    back = "contract=OL%2F1&strona=2"

    response = owner.post(SELECT, {"then": "stay", "back": back})

    assert response.url == f"/rozrachunki/?{back}"
    evil = owner.post(SELECT, {"back": "//evil.example/?x=\r\nLocation: y"})
    assert evil.url.startswith("/rozrachunki/?")


def test_tick_by_htmx_answers_with_the_bar(owner, company):
    own = keys(make_invoice(company))

    response = owner.post(SELECT, {"shown": own, "item": own}, headers={"HX-Request": "true"})

    text = text_of(response)
    assert text.startswith('<div id="chosen"')
    assert "3 448,66 zł" in text


def test_keys_of_others_and_rubbish_are_left_out(owner, company):
    foreign = keys(make_invoice(ContractFactory.create().company))
    own = keys(make_invoice(company))

    owner.post(SELECT, {"item": [*foreign, *own, "1", "x" * 5000, own[0][:-1], ""]})

    assert len(owner.get("/rozrachunki/").context["chosen"].items) == 1


def test_reader_sees_no_boxes_and_cannot_press(reader, company):
    own = make_invoice(company)

    assert 'name="item"' not in text_of(reader.get("/rozrachunki/"))
    assert reader.post(SELECT, {"item": keys(own)}).status_code == 403


def test_too_many_ticks_are_said(owner, company, monkeypatch):
    monkeypatch.setattr("invoicing.selection.MOST_ITEMS", 1)
    two = keys(make_invoice(company), make_invoice(company))

    response = owner.post(SELECT, {"shown": two, "item": two}, follow=True)

    assert "najwyżej" in text_of(response)
    assert len(response.context["chosen"].items) == 1


# --- the page ------------------------------------------------------------------------------------


def url_of(basket, name="basket"):
    return reverse(f"invoicing:{name}", args=[basket.public_id])


def test_page_shows_what_to_copy_and_the_code(owner, company):
    (basket,) = make(make_invoice(company), make_invoice(company))

    text = text_of(owner.get(url_of(basket)))

    for copied in (ACCOUNT, basket.title, "6 897,32"):
        assert f'data-copy="{copied}"' in text
    assert '<svg viewBox="' in text
    assert 'class="qr"' in text
    assert "Cyfry kontrolne się zgadzają" in text
    assert "style=" not in text


def test_big_amount_has_no_code_and_says_so(owner, company):
    invoices = [make_invoice(company) for _n in range(3)]

    text = text_of(owner.get(url_of(make(*invoices)[0])))

    assert 'class="qr"' not in text
    assert "9 999,99 zł" in text


def test_outdated_basket_warns_and_offers_a_new_one(owner, company):
    one, other = make_invoice(company), make_invoice(company)
    (basket,) = make(one, other)
    ReceivableItem.objects.filter(invoice=one).update(open_amount=Decimal("48.66"))

    text = text_of(owner.get(url_of(basket)))
    assert "Nieaktualny" in text
    assert 'class="qr"' not in text
    response = owner.post(url_of(basket, "basket_renew"))

    made = PaymentBasket.objects.latest("pk")
    assert response.url == url_of(made)
    assert made.total == Decimal("3497.32")


def test_paid_basket_asks_for_nothing(owner, company):
    one, other = make_invoice(company), make_invoice(company)
    (basket,) = make(one)
    ReceivableItem.objects.filter(invoice=one).update(open_amount=0)
    (matched,) = make(other)
    matched.payment = PaymentFactory.create(company=company, amount=matched.total)
    matched.save()

    for row in (basket, matched):
        text = text_of(owner.get(url_of(row)))
        assert "Zapłacone, nic nie trzeba robić" in text
        assert 'class="qr"' not in text


@pytest.mark.parametrize("what", ["too little", "taken back"])
def test_basket_that_was_not_paid_whole_is_out_of_date(owner, company, what):
    """Whoever knows the code may send one grosz with it; and the bank may take money back."""
    (basket,) = make(make_invoice(company))
    amount = basket.total if what == "taken back" else Decimal("0.01")
    basket.payment = PaymentFactory.create(company=company, amount=amount)
    basket.save()
    if what == "taken back":
        PaymentFactory.create(company=company, amount=-amount, reverses=basket.payment)

    text = text_of(owner.get(url_of(basket)))

    assert "Nieaktualny" in text
    assert "Przygotuj nowy" in text
    assert "Zapłacone, nic nie trzeba robić" not in text
    listed = text_of(owner.get("/rozrachunki/przelewy/"))
    assert "Nieaktualny" in listed
    assert "Zapłacony" not in listed


def test_pdf_carries_amount_account_title_and_documents(owner, company):
    invoice = make_invoice(company)
    (basket,) = make(invoice)

    response = owner.get(url_of(basket, "basket_pdf"))

    pages = pypdf.PdfReader(io.BytesIO(b"".join(response.streaming_content))).pages
    text = " ".join(page.extract_text() for page in pages).replace("\u00a0", " ")
    for part in (basket.title, "3 448,66 zł", invoice.number, "61 1090 1014"):
        assert part in text
    assert AuditEntry.objects.filter(event="basket_downloaded").count() == 1


def test_baskets_are_listed_and_strangers_find_nothing(owner, reader, stranger, company):
    (basket,) = make(make_invoice(company))

    for browser in (owner, reader):
        assert basket.code in text_of(browser.get("/rozrachunki/przelewy/"))
        assert basket.title in text_of(browser.get("/rozrachunki/"))
    assert stranger.get(url_of(basket)).status_code == 404
    assert stranger.post(url_of(basket, "basket_renew")).status_code == 404
    assert reader.post(url_of(basket, "basket_renew")).status_code == 403
    assert basket.code not in text_of(stranger.get("/rozrachunki/przelewy/"))


def test_member_with_selected_contracts_reaches_baskets_of_these_alone(company, client_of, today):
    own, other = ContractFactory.create(company=company), ContractFactory.create(company=company)
    mine, both = make_invoice(company, contract=own), make_invoice(company, contract=other)
    membership = MembershipFactory.create(company=company, role=Role.FINANCE, is_limited=True)
    membership.allowed_contracts.create(contract=own)
    browser = client_of(membership.user)
    (seen,), (hidden,) = make(mine), make(mine, both)

    assert browser.get(url_of(seen)).status_code == 200
    assert browser.get(url_of(hidden)).status_code == 404
    text = text_of(browser.get("/rozrachunki/przelewy/"))
    assert seen.code in text
    assert hidden.code not in text
    made = browser.post(SELECT, {"item": keys(mine, both), "then": "basket"})
    assert made.url == url_of(seen)


@pytest.mark.parametrize("count", [1, 5])
def test_page_takes_the_same_queries(owner, company, count, django_assert_max_num_queries):
    (basket,) = make(*[make_invoice(company) for _n in range(count)])
    owner.get(url_of(basket))

    with django_assert_max_num_queries(11):
        owner.get(url_of(basket))


def test_invoice_page_shows_the_transfer_and_leads_on(owner, reader, company):
    invoice = make_invoice(company, due_on=dt.date(2026, 11, 19))
    path = f"/faktury/{invoice.public_id}/"

    text = text_of(owner.get(path))

    assert 'class="qr"' in text
    assert f"/rozrachunki/zaplacilem/?faktura={invoice.public_id}" in text
    assert "zaplacilem" not in text_of(reader.get(path))

"""The end of a contract: the page with the costs, the choice that is signed, what staff do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from contracts.ending import is_near_end, near_end
from contracts.enums import ContractStatus, Product, RowKind
from contracts.models import Contract
from eboks import clock
from eboks.authorisation.models import Instruction
from eboks.tenancy.rights import Role
from invoicing.enums import CostKind
from invoicing.models import FeeLine, ReceivableItem
from requests_app import deciding, drafts, filing
from requests_app.catalogue import RequestError, types
from requests_app.contract_end import costs_of, extension_fee
from requests_app.enums import Status
from requests_app.models import Request
from tests import factories as f
from tests.requests_app.conftest import draft, filed, signed, zl

pytestmark = pytest.mark.django_db

KIND = "contract-end"
TYPED = {"option": "buyout", "send_to": "ul. Polna 7, 62-800 Kalisz"}
BUYER = {
    "option": "third_party",
    "buyer_name": "Nabywca sp. z o.o.",
    "buyer_nip": "526-025-02-74",
    "buyer_address": "ul. Nowa 1, 00-001 Warszawa",
}


def days(count):
    return clock.today() + dt.timedelta(days=count)


@pytest.fixture
def ending(lessee):
    """The contract of `lessee` with two instalments left, one of them invoiced, and a buyout."""
    contract = lessee.contract
    contract.end_on = days(40)
    contract.save()
    version = f.ScheduleVersionFactory(contract=contract)
    for n, due_on in ((33, days(-50)), (34, days(5)), (35, days(35))):
        f.ScheduleRowFactory(version=version, n=n, nominal_due_on=due_on, effective_due_on=due_on)
    f.ScheduleRowFactory(
        version=version,
        n=1,
        kind=RowKind.BUYOUT,
        nominal_due_on=days(35),
        effective_due_on=days(35),
        payment=zl("1000.00"),
        interest=zl("0"),
        principal=zl("1000.00"),
        balance=zl("0"),
        vat=zl("230.00"),
        gross=zl("1230.00"),
    )
    invoice = f.InvoiceFactory(contract=contract, number="FV/34", instalment_n=34)
    f.InvoiceRowFactory(invoice=invoice)
    lessee.item = f.ReceivableItemFactory(
        invoice=invoice, open_amount=zl("448.66"), effective_due_on=days(5)
    )
    return lessee


def costs(contract):
    return costs_of(contract, items=ReceivableItem.objects.all(), on=clock.today())


def buyout_invoice(contract, *, gross="1230.00", left="230.00", instalment=None):
    invoice = f.InvoiceFactory(contract=contract, number="FV/WYKUP", instalment_n=instalment)
    f.InvoiceRowFactory(invoice=invoice, cost_kind=CostKind.BUYOUT, principal=0, interest=0)
    return f.ReceivableItemFactory(
        invoice=invoice, gross=zl(gross), open_amount=zl(left), effective_due_on=days(36)
    )


def values_of(row):
    return {line["label"]: line["value"].replace("\xa0", " ") for line in row.lines}


def page(client, contract):
    return client.get(f"/wnioski/koniec-umowy/{contract.public_id}/")


# --- when --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "ends_in", "near"),
    [
        (ContractStatus.ACTIVE, 90, True),
        (ContractStatus.ACTIVE, 91, False),
        (ContractStatus.ENDED_BUYOUT_PENDING, 91, True),
        (ContractStatus.ENDED_BUYOUT_PENDING, -10, True),
        (ContractStatus.CLOSED, 5, False),
        (ContractStatus.CEDED, 5, False),
    ],
)
def test_end_is_near_from_the_90th_day(lessee, status, ends_in, near):
    contract = f.ContractFactory(status=status, end_on=days(ends_in), signed_on=days(-900))

    assert is_near_end(contract, on=clock.today()) is near
    rows = near_end(Contract.objects.filter(pk=contract.pk), on=clock.today())
    assert rows.exists() is near


# --- how much ----------------------------------------------------------------------------------
def test_costs_are_open_items_instalments_ahead_and_the_buyout(ending):
    found = costs(ending.contract)

    assert [item.pk for item in found.items] == [ending.item.pk]
    assert [row.n for row in found.ahead] == [35]
    assert (found.open_sum, found.ahead_sum) == (zl("448.66"), zl("3448.66"))
    assert (found.buyout.net, found.buyout.vat) == (zl("1000.00"), zl("230.00"))
    assert (found.buyout.left, found.buyout.due_on) == (zl("1230.00"), days(35))
    assert found.rest == zl("3897.32")
    assert found.with_buyout == zl("5127.32")


def test_buyout_that_is_invoiced_is_counted_once(ending):
    buyout_invoice(ending.contract)

    found = costs(ending.contract)

    assert [item.pk for item in found.items] == [ending.item.pk]
    assert found.rest == zl("3897.32")
    assert (found.buyout.left, found.buyout.due_on) == (zl("230.00"), days(36))
    assert found.with_buyout == zl("4127.32")


def test_buyout_on_the_invoice_of_an_instalment_is_counted_once(ending):
    item = buyout_invoice(ending.contract, gross="4678.66", left="4678.66", instalment=35)

    found = costs(ending.contract)

    assert [one.pk for one in found.items] == [ending.item.pk, item.pk]
    assert found.ahead == []
    assert found.buyout.left == 0
    assert found.with_buyout == zl("5127.32")


@pytest.mark.parametrize(
    ("product", "vat"), [(Product.OPERATING, "230.00"), (Product.FINANCIAL, "0")]
)
def test_buyout_without_a_row_is_that_of_the_contract(lessee, product, vat):
    Contract.objects.filter(pk=lessee.contract.pk).update(product=product, end_on=days(40))
    lessee.contract.refresh_from_db()

    found = costs(lessee.contract)

    assert found.buyout.vat == zl(vat)
    assert found.buyout.gross == zl("1000.00") + zl(vat)
    assert found.buyout.due_on is None


def test_other_currencies_stand_apart(ending):
    f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(contract=ending.contract), currency="EUR", gross=zl("10.00")
    )

    found = costs(ending.contract)

    assert found.foreign == {"EUR": zl("10.00")}
    assert found.open_sum == zl("448.66")


def test_debts_of_the_former_lessee_are_not_counted(ending):
    f.ReceivableItemFactory(
        invoice=f.InvoiceFactory(contract=ending.contract, company=f.CompanyFactory())
    )

    assert costs(ending.contract).open_sum == zl("448.66")


def test_extension_costs_what_the_table_says(ending, table):
    assert extension_fee(ending.contract, on=clock.today()) is None
    FeeLine.objects.create(
        table=table,
        position=99,
        code="deposit_extension",
        title="Przedłużenie",
        channel="online",
        base="fixed",
        net=Decimal(200),
    )

    fee = extension_fee(ending.contract, on=clock.today())

    assert (fee.net, fee.gross, fee.table) == (zl("200.00"), zl("246.00"), "2025-08")


# --- the request -------------------------------------------------------------------------------
def test_own_buyout_is_signed_and_waits_for_staff(ending):
    row = filed(KIND, ending, TYPED)

    assert row.status == Status.SUBMITTED
    assert row.instruction.state == "executed"
    assert row.fee_gross == 0
    assert row.amount == zl("1230.00")
    said = values_of(row)
    assert said["Wybór"] == "wykupujemy przedmiot"
    assert said["Wykup"].startswith("1 230,00 zł brutto (netto 1 000,00 zł, VAT 230,00 zł), płatny")
    assert said["Razem do zapłaty"] == "5 127,32 zł"
    assert said["Adres do wysyłki dokumentów"] == "ul. Polna 7, 62-800 Kalisz"


def test_third_party_is_named_with_a_checked_nip(ending):
    row = filed(KIND, ending, TYPED | BUYER)

    said = values_of(row)
    assert said["Nabywca"] == "Nabywca sp. z o.o., NIP 5260250274, ul. Nowa 1, 00-001 Warszawa"
    assert said["Do zapłaty na umowie"] == "3 897,32 zł"
    assert row.facts["buyer"]["buyer_nip"] == "5260250274"
    assert (
        "wycena rzeczoznawcy" in dict(types()[KIND].office(row, timezone.now()))["Cena dla nabywcy"]
    )


def test_buyers_data_that_nobody_needs_is_not_kept(ending):
    row = filed(KIND, ending, TYPED | BUYER | {"option": "return", "note": "Stoi w Kaliszu."})

    assert row.facts["buyer"] == {}
    assert row.amount is None
    assert "Nabywca" not in values_of(row)


def test_extension_without_a_line_is_on_request(ending):
    row = filed(KIND, ending, TYPED | {"option": "extension", "note": "12 miesięcy"})

    assert values_of(row)["Opłata za przedłużenie"] == "na zapytanie"
    assert row.amount is None


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        (TYPED | {"option": "scrap"}, ["option"]),
        (TYPED | {"send_to": ""}, ["send_to"]),
        (TYPED | {"option": "return"}, ["note"]),
        (TYPED | {"option": "third_party"}, ["buyer_address", "buyer_name", "buyer_nip"]),
        (TYPED | BUYER | {"buyer_nip": "5260250275"}, ["buyer_nip"]),
    ],
)
def test_form_refuses_what_is_missing_or_wrong(ending, typed, wrong):
    row = draft(KIND, ending, typed)

    form = drafts.form_of(row, on=clock.today())

    assert not form.is_valid()
    assert sorted(form.errors) == wrong


def test_contract_that_ends_later_is_refused(ending):
    row = draft(KIND, ending, TYPED)
    Contract.objects.filter(pk=ending.contract.pk).update(end_on=days(91))

    with pytest.raises(RequestError, match="ta sprawa już nie dotyczy"):
        filing.ready(Request.objects.get(pk=row.pk), at=timezone.now())


def test_loan_has_nothing_to_choose(ending):
    own = Contract.objects.filter(pk=ending.contract.pk)
    assert types()[KIND].contracts(own, clock.today()).exists()

    own.update(product=Product.LOAN)

    assert not types()[KIND].contracts(own, clock.today()).exists()


def test_second_choice_waits_for_the_first(ending):
    filed(KIND, ending, TYPED)
    second = draft(KIND, ending, TYPED)

    instruction = signed(second, ending.user)

    second.refresh_from_db()
    assert instruction.state != "executed"
    assert second.status == Status.DRAFT


def test_what_is_signed_rests_on_what_is_open(ending):
    row = draft(KIND, ending, TYPED)
    kind = types()[KIND]
    about = drafts.about_of(row, on=clock.today())
    form = drafts.form_of(row, on=clock.today())
    assert form.is_valid()
    before = kind.basis(about, kind.facts(form))

    ReceivableItem.objects.filter(pk=ending.item.pk).update(open_amount=0)

    after = kind.basis(about, kind.facts(form))
    assert (zl(before["open"]), zl(after["open"])) == (zl("448.66"), zl("0"))
    assert (zl(before["total"]), zl(after["total"])) == (zl("5127.32"), zl("4678.66"))


def test_agreed_choice_stays_open_until_staff_close_it(ending, clerk, commits):
    row = filed(KIND, ending, TYPED)

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now(), text="Czekamy.")
    row.refresh_from_db()
    assert row.status == Status.APPROVED

    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now(), text="Sprzedane.")
    row.refresh_from_db()
    assert row.status == Status.CLOSED


# --- the page ----------------------------------------------------------------------------------
def test_page_puts_the_options_side_by_side(client, ending):
    client.force_login(ending.user)

    text = page(client, ending.contract).content.decode().replace("\xa0", " ")

    for words in ("Kupi inna firma", "Zwrot", "Przedłużenie", "na zapytanie", "Zwolnimy weksel"):
        assert words in text
    assert "5 127,32 zł" in text  # with the buyout
    assert "3 897,32 zł" in text  # without
    assert "FV/34" in text
    assert f"/wnioski/nowy/{KIND}/?umowa={ending.contract.public_id}" in text


def test_page_says_from_when_it_is_open(client, ending):
    Contract.objects.filter(pk=ending.contract.pk).update(end_on=days(91))
    client.force_login(ending.user)

    answer = page(client, ending.contract)

    assert answer.context["opens_on"] == days(1)
    assert "Co dalej z przedmiotem, wybierzesz od" in answer.content.decode()
    assert f"/wnioski/nowy/{KIND}/" not in answer.content.decode()


def test_page_of_a_contract_that_is_over(client, ending):
    Contract.objects.filter(pk=ending.contract.pk).update(status=ContractStatus.CLOSED)
    client.force_login(ending.user)

    assert "Ta umowa już się skończyła" in page(client, ending.contract).content.decode()


def test_page_of_a_contract_that_waits_for_its_buyout(client, ending):
    Contract.objects.filter(pk=ending.contract.pk).update(
        status=ContractStatus.ENDED_BUYOUT_PENDING, end_on=days(-3)
    )
    client.force_login(ending.user)

    text = page(client, ending.contract).content.decode()

    assert "jak najszybciej" in text
    assert "przed końcem umowy:" not in text
    assert f"/wnioski/nowy/{KIND}/?umowa={ending.contract.public_id}" in text


@pytest.mark.parametrize("category", ["vehicle", "machine"])
def test_page_speaks_of_registration_for_vehicles_alone(client, ending, category):
    ending.asset.category, ending.asset.serial_number = category, "SN 1"
    ending.asset.save()
    client.force_login(ending.user)

    text = page(client, ending.contract).content.decode()

    assert ("Dostaniesz dokumenty do rejestracji" in text) is (category == "vehicle")


def test_page_of_a_loan_offers_no_choice(client, ending):
    Contract.objects.filter(pk=ending.contract.pk).update(product=Product.LOAN)
    client.force_login(ending.user)

    text = page(client, ending.contract).content.decode()

    assert "przedmiot jest Twój" in text
    assert f"/wnioski/nowy/{KIND}/" not in text


@pytest.mark.parametrize("product", [Product.OPERATING, Product.LOAN])
def test_page_of_a_contract_without_schedule_and_buyout(client, lessee, product):
    Contract.objects.filter(pk=lessee.contract.pk).update(
        product=product, end_on=days(40), buyout=0, buyout_pct=0
    )
    client.force_login(lessee.user)

    text = page(client, lessee.contract).content.decode()

    assert "Na tej umowie wszystko jest zapłacone" in text
    assert ("Umowa nie podaje kwoty wykupu" in text) is (product == Product.OPERATING)


def test_page_of_a_buyout_without_a_day(client, lessee):
    Contract.objects.filter(pk=lessee.contract.pk).update(end_on=days(40))
    client.force_login(lessee.user)

    text = page(client, lessee.contract).content.decode().replace("\xa0", " ")

    assert "1 230,00 zł" in text


def test_page_of_a_range_of_fees_shows_the_highest(client, ending, table):
    FeeLine.objects.create(
        table=table,
        position=99,
        code="deposit_extension",
        title="Przedłużenie",
        channel="online",
        base="range",
        net=Decimal(100),
        net_to=Decimal(300),
    )
    client.force_login(ending.user)

    text = page(client, ending.contract).content.decode().replace("\xa0", " ")

    assert "369,00 zł" in text
    assert "na zapytanie" not in text


def test_page_shows_the_choice_that_is_made(client, ending):
    row = filed(KIND, ending, TYPED)
    client.force_login(ending.user)

    text = page(client, ending.contract).content.decode()

    assert row.reference in text
    assert f"/wnioski/nowy/{KIND}/" not in text


def test_page_is_for_who_may_see_money(client, ending):
    for role, opens in ((Role.FLEET, 403), (Role.READ_ONLY, 200)):
        client.force_login(f.MembershipFactory(company=ending.company, role=role).user)
        answer = page(client, ending.contract)
        assert answer.status_code == opens
        assert f"/wnioski/nowy/{KIND}/" not in answer.content.decode()


def test_page_does_not_exist_for_a_stranger(client, ending):
    client.force_login(f.MembershipFactory().user)

    assert page(client, ending.contract).status_code == 404


def test_contract_leads_here_when_its_end_is_near(client, ending):
    address = f"/wnioski/koniec-umowy/{ending.contract.public_id}/"
    client.force_login(ending.user)
    overview = f"/umowy/{ending.contract.public_id}/"
    assert address in client.get(overview).content.decode()

    Contract.objects.filter(pk=ending.contract.pk).update(end_on=days(91))

    assert address not in client.get(overview).content.decode()


def test_from_the_start_page_to_the_check(client, ending):
    client.force_login(ending.user)
    start = client.get(f"/wnioski/nowy/{KIND}/?umowa={ending.contract.public_id}")
    key = start.context["form"]["form_key"].value()
    begun = client.post(
        f"/wnioski/nowy/{KIND}/", {"form_key": key, "subject": ending.contract.number}
    )
    form = client.get(begun.url)
    assert "ul. Polna 7, 62-800 Kalisz" in form.content.decode()
    assert client.post(begun.url, TYPED | {"send_to": ""}).status_code == 200
    assert client.post(begun.url, TYPED).status_code == 302
    assert not Instruction.objects.filter(state="executed").exists()

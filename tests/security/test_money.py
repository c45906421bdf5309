"""What somebody with an account may try on the pages and files of money (SEC-50, 53, 59, 90)."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Q

from eboks.accounts.staff import StaffRole, create_staff
from eboks.documents.csv_files import safe_text
from eboks.exports.models import ExportUse
from eboks.tenancy.rights import Role
from invoicing import accounts, selection
from invoicing.bank.lookups import owners_of_accounts
from invoicing.enums import AccountScope
from invoicing.issuing.corrections import RowState
from invoicing.issuing.numbers import NumberError, written
from invoicing.issuing_forms import CorrectionForm
from invoicing.models import (
    AccountMask,
    BankEntry,
    Charge,
    FeeLine,
    FeeTable,
    PaymentPromise,
    PaymentReport,
)
from tests.factories import PASSWORD, CompanyFactory, ContractFactory, MembershipFactory
from tests.invoicing.bank_files import Row, account, mt940, take
from tests.invoicing.conftest import NOW, TODAY, make_invoice
from tests.invoicing.said import DAY, PROMISE, REPORT, items_of
from tests.security.crawling import content

pytestmark = pytest.mark.django_db


@pytest.fixture
def accountant(client_of, time_machine):
    """A browser of somebody who pays for two companies, and an open invoice of each."""
    time_machine.move_to(NOW, tick=False)
    ours, theirs = CompanyFactory.create(), CompanyFactory.create()
    user = MembershipFactory.create(company=ours, role=Role.ACCOUNTANT).user
    MembershipFactory.create(company=theirs, user=user, role=Role.ACCOUNTANT)
    return client_of(user), make_invoice(ours), make_invoice(theirs)


def filled(invoice, **extra):
    return {"item": [selection.key_of(item) for item in items_of(invoice)], **extra}


@pytest.mark.parametrize(
    ("url", "model", "first", "other"),
    [
        (
            REPORT,
            PaymentReport,
            {"paid_on": str(TODAY), "amount": "10,00"},
            {"paid_on": str(TODAY), "amount": "1000,00"},
        ),
        (PROMISE, PaymentPromise, {"pay_by": str(TODAY + DAY)}, {"pay_by": str(TODAY)}),
    ],
)
def test_key_of_a_form_that_was_sent_says_nothing_else(accountant, url, model, first, other):
    """Neither for another company nor with other data; and what was typed can be sent again."""
    browser, ours, theirs = accountant
    key = str(uuid.uuid4())
    browser.post(url, filled(ours, form_key=key, **first))

    for invoice, typed in ((theirs, first), (ours, other)):
        response = browser.post(url, filled(invoice, form_key=key, **typed))

        form = response.context["form"]
        assert response.status_code == 200
        assert "był już wysłany z innymi danymi" in content(response).decode()
        assert form["form_key"].value() != key
        assert {name: form[name].value() for name in typed} == typed
    assert model.objects.get().company == ours.company
    again = browser.post(url, filled(theirs, form_key=form["form_key"].value(), **first))
    assert again.status_code == 302
    assert model.objects.count() == 2


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
def test_files_of_the_statement_are_within_the_limits_of_exports(client_of, settings, kind):
    settings.EXPORTS_PER_HOUR = 1
    browser = client_of(MembershipFactory.create(role=Role.ACCOUNTANT).user)
    url = f"/rozrachunki/wyciag/wyciag.{kind}"

    first, second = browser.get(url), browser.get(url)
    content(first)

    assert first.status_code == 200
    assert second.status_code == 429
    assert int(second.headers["Retry-After"]) > 0
    assert not ExportUse.objects.exclude(held_until=None).exists()


@pytest.mark.parametrize("sign", list("=+-@\t\r\n\0＝＋－＠"))
def test_text_of_a_csv_is_no_formula(sign):
    assert safe_text(f"{sign}HYPERLINK(1)").startswith("'")


def test_where_clients_pay_is_for_administrators_alone(client_of):
    """Whoever books money could send it elsewhere by an account or a mask of their own."""
    clerk = create_staff(
        username="Z-1", email="z@lessor.example", role=StaffRole.FINANCE, password=PASSWORD
    )
    payee = Q(content_type__model="lessoraccount") | Q(content_type__model="accountmask")
    writing = Permission.objects.filter(payee, content_type__app_label="invoicing").exclude(
        codename__startswith="view_"
    )
    browser = client_of(clerk)

    assert writing.count() == 6
    for permission in writing:
        assert not clerk.has_perm(f"invoicing.{permission.codename}")
    for name in ("lessoraccount", "accountmask"):
        assert browser.get(f"/zaplecze/invoicing/{name}/").status_code == 200
        assert browser.get(f"/zaplecze/invoicing/{name}/add/").status_code == 403


def test_account_of_a_ceded_contract_is_the_new_lessee_s():
    """The account is shown to the new lessee, so what comes there must not pay the former one."""
    AccountMask.objects.create(
        sort_code="99900009",
        layout="2222UUUUUUUUUUNN",
        scope=AccountScope.CONTRACT,
        valid_from=TODAY,
    )
    contract = ContractFactory.create(virtual_account="")
    former, heir = contract.company, CompanyFactory.create()
    number = accounts.account_for(company=former, contract=contract, at=NOW)
    contract.company = heir
    contract.save()

    owner = owners_of_accounts({number})[number]

    assert accounts.account_for(company=heir, contract=contract, at=NOW) == number
    assert (owner.company, owner.contract) == (heir.pk, contract.pk)


@pytest.mark.parametrize("amount", ["NaN", "-NaN", "sNaN", "Infinity", "1e9", "1E-9", "0x10", "١٠"])
def test_amount_of_a_report_is_plain_digits(accountant, amount):
    browser, ours, _theirs = accountant

    response = browser.post(
        REPORT, filled(ours, form_key=str(uuid.uuid4()), paid_on=str(TODAY), amount=amount)
    )

    assert response.status_code == 200
    assert "amount" in response.context["form"].errors
    assert not PaymentReport.objects.exists()


def test_largest_amount_of_a_report_fits_the_database(accountant):
    browser, ours, _theirs = accountant
    typed = {"form_key": str(uuid.uuid4()), "paid_on": str(TODAY)}

    refused = browser.post(REPORT, filled(ours, amount="100 000 000", **typed))
    kept = browser.post(REPORT, filled(ours, amount="99 999 999,99", **typed))

    assert (refused.status_code, kept.status_code) == (200, 302)
    assert PaymentReport.objects.get().amount == Decimal("99999999.99")


@pytest.mark.parametrize(
    "text", ["9" * 15, "99999999999999.9", "9" * 60, "1e400", "NaN", "-0", ".", "1.1.1", "²", "%00"]
)
def test_odd_search_in_the_back_office_of_the_bank_is_no_error(client_of, text):
    account()
    take(mt940([Row("10.00", title="bez numeru")]))
    entry = BankEntry.objects.get()
    browser = client_of(
        create_staff(
            username="Z-1", email="z@lessor.example", role=StaffRole.FINANCE, password=PASSWORD
        )
    )
    for url in ("", f"{entry.pk}/change/"):
        assert browser.get(f"/zaplecze/invoicing/bankentry/{url}", {"q": text}).status_code == 200


@pytest.mark.parametrize(
    "pattern",
    [
        *("{year}{n:0999999999}", "{year}/{n.__class__}", "{year}/{n!r}", "{year}/{0}", "{year}{n"),
        *("{year}/{n:{month}}", "{year}/{n:>99}", "{{n}}", "{settings}"),
    ],
)
def test_pattern_of_numbers_is_no_program(pattern):
    with pytest.raises(NumberError):
        written(pattern, TODAY, 1)


def test_charge_that_no_invoice_could_hold_is_refused(client_of, settings):
    settings.ISSUER_CONTRACTS_FROM = TODAY
    line = FeeLine.objects.create(
        table=FeeTable.objects.create(version="1", title="T", valid_from=TODAY - 400 * DAY),
        code="transfer",
        title="Cesja",
        channel="online",
        base="percent",
        percent=Decimal(100),
        position=1,
    )
    company = CompanyFactory.create()
    clerk = create_staff(
        username="Z-1", email="z@lessor.example", role=StaffRole.FINANCE, password=PASSWORD
    )
    typed = {"company": company.pk, "fee_line": line.pk, "charged_on": TODAY, "key": "hand:1"}
    url = "/zaplecze/invoicing/charge/add/"
    browser = client_of(clerk)

    for base, quantity in (("999999999999.99", 1000), ("1e9", 1000), ("NaN", 1), ("-5", 1)):
        response = browser.post(url, {**typed, "base": base, "quantity": quantity})
        assert response.status_code == 200, base
    assert not Charge.objects.exists()
    assert browser.post(url, {**typed, "base": "100", "quantity": 1}).status_code == 302


@pytest.mark.parametrize("net", ["99999999999.99", "1e12", "NaN", "-1", "0.001"])
def test_correction_has_amounts_that_an_invoice_can_hold(net):
    row = RowState(position=1, cost_kind="fee", description="x", vat_code="23")

    form = CorrectionForm({"net_1": net, "reason": "x"}, rows=[row])

    assert "net_1" in form.errors

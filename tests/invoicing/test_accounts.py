"""Individual account numbers: check digits, masks, one number for each owner for ever."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eboks.tenancy.models import LessorAccount as ListedAccount
from invoicing import accounts
from invoicing.account_making import make_accounts
from invoicing.enums import AccountScope
from invoicing.models import AccountMask, LessorAccount, ReceivableItem, VirtualAccount
from tests.factories import CompanyFactory, ContractFactory, LessorFactory
from tests.invoicing.conftest import NOW, TODAY, make_invoice

CASES = json.loads((Path(__file__).parent / "cases" / "nrb-virtual-account-cases.json").read_text())


def make_mask(scope, layout, **kwargs):
    kwargs.setdefault("valid_from", dt.date(2026, 1, 1))
    return AccountMask.objects.create(sort_code="11602202", layout=layout, scope=scope, **kwargs)


@pytest.mark.parametrize("case", CASES["valid"], ids=lambda case: case["nrb"])
def test_published_accounts_come_out_of_their_parts(case):
    layout = f"{case['collector_prefix']}CCCCCCCCNNNN"
    head = accounts.head_of(layout, case["client_id"], "")
    body = accounts.with_running(layout, head, int(case["invoice_seq"]) - 1)

    assert accounts.nrb(case["sort_code"], body) == case["nrb"]
    assert accounts.check(case["nrb"])
    assert accounts.is_sort_code(case["sort_code"])


@pytest.mark.parametrize("number", [*CASES["invalid"], "", "4O116022027777000000010001", "٤" * 26])
def test_wrong_accounts_are_seen(number):
    assert not accounts.check(number)


@pytest.mark.parametrize("code", ["11602203", "1160220", "1160220a", "116022020"])
def test_wrong_sort_codes_are_seen(code):
    assert not accounts.is_sort_code(code)


@pytest.mark.parametrize(
    ("scope", "layout", "fine"),
    [
        (AccountScope.COMPANY, "7777CCCCCCCCNNNN", True),
        (AccountScope.COMPANY, "7777CCCCCCCCCCCC", True),
        (AccountScope.CONTRACT, "7777UUUUUUUUUUUU", True),
        (AccountScope.INVOICE, "7777CCCCCCCCNNNN", True),
        (AccountScope.INVOICE, "7777CCCCCCCCCCCC", False),  # invoices of a client all alike
        (AccountScope.CONTRACT, "7777CCCCCCCC0000", False),
        (AccountScope.COMPANY, "7777NNNNCCCCCCCC", False),  # the running number ends it
        (AccountScope.COMPANY, "CC77CCCCCCCCNNNN", False),
        (AccountScope.COMPANY, "7777CCCCCCCCNNN", False),
        (AccountScope.COMPANY, "7777XXXXCCCCNNNN", False),
    ],
)
def test_mask_is_looked_at(scope, layout, fine):
    mask = AccountMask(sort_code="11602202", layout=layout, scope=scope)

    assert bool(accounts.mask_problem(mask)) is not fine


def test_owner_keeps_the_number(db):
    make_mask(AccountScope.COMPANY, "7777CCCCCCCCNNNN")
    company = CompanyFactory.create(client_id="KL-00012345")

    first = accounts.account_for(company=company, at=NOW)

    assert accounts.check(first)
    assert first[2:] == "116022027777000123450001"
    assert accounts.account_for(company=company, at=NOW) == first
    assert VirtualAccount.objects.get().company == company


def test_clients_with_the_same_digits_get_different_numbers(db):
    make_mask(AccountScope.COMPANY, "7777CCCCCCCCNNNN")
    one, other = (CompanyFactory.create(client_id=name) for name in ("AA-77", "BB-77"))

    numbers = [accounts.account_for(company=company, at=NOW) for company in (one, other)]

    assert [number[-4:] for number in numbers] == ["0001", "0002"]


def test_mask_without_a_running_number_refuses_the_second_owner(db):
    make_mask(AccountScope.COMPANY, "7777CCCCCCCCCCCC")
    one, other = (CompanyFactory.create(client_id=name) for name in ("AA-77", "BB-77"))
    accounts.account_for(company=one, at=NOW)

    with pytest.raises(accounts.AccountError):
        accounts.account_for(company=other, at=NOW)


def test_narrowest_mask_counts(db):
    for scope, layout in (
        (AccountScope.COMPANY, "1111CCCCCCCCNNNN"),
        (AccountScope.CONTRACT, "2222UUUUUUUUUUNN"),
        (AccountScope.INVOICE, "3333CCCCCCCCNNNN"),
    ):
        make_mask(scope, layout)
    company = CompanyFactory.create()
    contract = ContractFactory.create(company=company, virtual_account="")
    invoice = make_invoice(company, contract=contract)

    def prefix(**owner):
        return accounts.account_for(company=company, at=NOW, **owner)[10:14]

    assert prefix(invoice=invoice) == "3333"
    assert prefix(contract=contract) == "2222"
    assert prefix() == "1111"


def test_account_of_the_core_goes_before_a_mask_of_contracts(db):
    make_mask(AccountScope.CONTRACT, "2222UUUUUUUUUUNN")
    contract = ContractFactory.create()

    found = accounts.account_for(company=contract.company, contract=contract, at=NOW)

    assert found == contract.virtual_account


def test_mask_counts_from_its_day_and_in_its_currency(db):
    make_mask(AccountScope.COMPANY, "1111CCCCCCCCNNNN", valid_from=dt.date(2027, 1, 1))
    make_mask(AccountScope.COMPANY, "2222CCCCCCCCNNNN", currency="EUR")
    lessor = LessorFactory.create()
    ListedAccount.objects.create(lessor=lessor, number="61109010140000071219812874")
    company = CompanyFactory.create()

    assert accounts.account_for(company=company, at=NOW) == "61109010140000071219812874"
    assert accounts.account_for(company=company, currency="EUR", at=NOW)[10:14] == "2222"


def test_lessor_account_in_use_stands_in_for_a_mask(db):
    LessorAccount.objects.create(number="27114020040000300201355387", title="Główny")

    found = accounts.account_for(company=CompanyFactory.create(), at=NOW)

    assert found == "27114020040000300201355387"
    assert accounts.account_for(company=CompanyFactory.create(), currency="USD", at=NOW) == ""


def test_exhausted_mask_says_so(db):
    make_mask(AccountScope.INVOICE, "7777CCCCCCCCCCCN")
    company = CompanyFactory.create()
    invoices = [make_invoice(company) for _n in range(10)]
    for invoice in invoices[:9]:
        accounts.account_for(company=company, invoice=invoice, at=NOW)

    with pytest.raises(accounts.AccountError):
        accounts.account_for(company=company, invoice=invoices[9], at=NOW)


def test_all_accounts_are_made_at_once_and_only_once(db):
    make_mask(AccountScope.COMPANY, "1111CCCCCCCCNNNN")
    make_mask(AccountScope.CONTRACT, "2222UUUUUUUUUUNN")
    make_mask(AccountScope.INVOICE, "3333CCCCCCCCNNNN")
    contracts = [ContractFactory.create(virtual_account="") for _n in range(3)]
    ContractFactory.create()  # has one of the core's
    ContractFactory.create(status="closed", virtual_account="")
    invoice = make_invoice(contracts[0].company, contract=contracts[0])
    make_invoice(contracts[0].company, contract=contracts[0], left="0")

    made = make_accounts(at=NOW)

    assert (made.count, made.failed) == (4 + 3 + 1, 0)
    assert make_accounts(at=NOW).count == 0
    numbers = set(VirtualAccount.objects.values_list("number", flat=True))
    assert len(numbers) == 8
    assert all(accounts.check(number) for number in numbers)
    assert accounts.account_for(company=invoice.company, invoice=invoice, at=NOW) in numbers


def test_those_without_a_number_are_named(db):
    make_mask(AccountScope.COMPANY, "7777CCCCCCCCCCCC")
    for name in ("AA-77", "BB-77"):
        ContractFactory.create(company__client_id=name)

    made = make_accounts(at=NOW)

    assert (made.count, made.failed, len(made.problems)) == (1, 1, 1)


def test_command_makes_accounts_and_names_a_wrong_mask(db, capsys):
    ContractFactory.create()
    mask = make_mask(AccountScope.COMPANY, "7777CCCCCCCCNNNN")
    call_command("make_accounts")
    assert "1" in capsys.readouterr().out

    AccountMask.objects.filter(pk=mask.pk).update(layout="X")
    with pytest.raises(CommandError):
        call_command("make_accounts")


@pytest.mark.parametrize("count", [1, 5])
def test_accounts_of_many_items_take_the_same_queries(db, count):
    make_mask(AccountScope.COMPANY, "1111CCCCCCCCNNNN")
    for _n in range(count):
        contract = ContractFactory.create(virtual_account="")
        make_invoice(contract.company, contract=contract)
        accounts.account_for(company=contract.company, at=NOW)
    items = list(ReceivableItem.objects.select_related("contract").order_by("pk"))
    for item in items:
        item.account = ""

    with CaptureQueriesContext(connection) as queries:
        found = accounts.accounts_of(items, on=TODAY)

    assert len(queries) == 3
    assert {number[10:14] for number in found.values()} == {"1111"}

"""Premiums and services that are passed on: charged by hand or from a file, then invoiced."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.urls import reverse

from eboks.audit.models import AuditEntry
from invoicing import fees
from invoicing.enums import CostKind
from invoicing.issuing.running import issue
from invoicing.models import Charge, Invoice, InvoiceRow
from invoicing.recharge_files import COLUMNS, RechargeFileError, import_recharges
from invoicing.recharges import NewCost, recharge
from tests import factories as f
from tests.invoicing.issuing_rows import AT, SINCE, TODAY, issuer_contract
from tests.invoicing.test_fee_tables import form_of

pytestmark = pytest.mark.django_db

PREMIUM = NewCost(
    kind=CostKind.INSURANCE,
    description="Składka OC/AC, polisa 900123",
    net=Decimal("310.50"),
    charged_on=TODAY,
    period_from=dt.date(2026, 12, 1),
    period_to=dt.date(2027, 11, 30),
)
SERVICE = NewCost(
    kind=CostKind.SERVICE,
    description="Obsługa opon",
    net=Decimal("200.00"),
    vat_code="23",
    charged_on=TODAY,
)


@pytest.fixture(autouse=True)
def issuer(settings, db):
    settings.ISSUER_CONTRACTS_FROM = SINCE
    f.LessorFactory()


def put(cost, contract, key="policy:1", **kwargs):
    kwargs = {"company": contract.company, "contract": contract, "at": AT, **kwargs}
    return recharge(key=key, cost=cost, **kwargs)


# --- charging ------------------------------------------------------------------------------------


def test_premium_is_invoiced_exempt_and_a_service_with_its_vat():
    contract = issuer_contract(net_value="90000.00", initial_fee="0.00")
    put(PREMIUM, contract)
    put(SERVICE, contract, key="tyres:1")

    issue(on=TODAY, at=AT)

    rows = Invoice.objects.get().rows.order_by("position")
    assert [(r.cost_kind, r.net, r.vat_code, r.vat, r.description) for r in rows][1:] == [
        (
            *("insurance", Decimal("310.50"), "zw", Decimal("0.00")),
            "Składka OC/AC, polisa 900123 (za okres 01.12.2026–30.11.2027)",
        ),
        ("service", Decimal("200.00"), "23", Decimal("46.00"), "Obsługa opon"),
    ]
    assert issue(on=TODAY, at=AT).count == 0


def test_cost_is_charged_once_and_its_key_is_of_nothing_else():
    contract = issuer_contract()
    made = put(PREMIUM, contract)

    assert put(PREMIUM, contract).pk == made.pk
    with pytest.raises(fees.FeeError, match="policy:1"):
        put(replace(PREMIUM, net=Decimal("310.51")), contract)
    with pytest.raises(fees.FeeError):
        put(PREMIUM, issuer_contract())
    assert Charge.objects.count() == 1
    assert AuditEntry.objects.get(event="cost_recharged").facts["kind"] == "insurance"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": CostKind.FEE},
        {"kind": CostKind.SERVICE},  # without a VAT code
        {"vat_code": "xx"},
        {"description": " "},
        {"description": "x" * 201},
        {"net": Decimal(0)},
        {"net": Decimal("-1.00")},
        {"net": Decimal("0.001")},
        {"net": Decimal("NaN")},
        {"net": Decimal("10000000000.00")},
        {"currency": "EUR"},  # of a contract in złoty
        {"period_from": None},
        {"period_to": None},
        {"period_to": dt.date(2026, 11, 30)},
    ],
)
def test_cost_that_makes_no_sense_is_refused(change):
    with pytest.raises(fees.FeeError):
        put(replace(PREMIUM, **change), issuer_contract())
    assert not Charge.objects.exists()


def test_contract_of_another_client_is_refused():
    with pytest.raises(fees.FeeError, match="innego klienta"):
        put(PREMIUM, issuer_contract(), company=f.CompanyFactory())


def test_contract_that_the_core_invoices_is_refused():
    mirrored = issuer_contract(signed_on=SINCE - dt.timedelta(days=1))
    mixed = issuer_contract()
    f.InvoiceFactory(contract=mixed, company=mixed.company, source_system="core")

    for contract in (mirrored, mixed):
        with pytest.raises(fees.FeeError, match="fakturuje system główny"):
            put(PREMIUM, contract)
    assert not Charge.objects.exists()


def test_installation_that_issues_nothing_refuses_every_charge(settings):
    contract = issuer_contract()
    settings.ISSUER_CONTRACTS_FROM = None

    with pytest.raises(fees.FeeError, match="nie wystawia faktur"):
        put(PREMIUM, contract)
    with pytest.raises(fees.FeeError, match="nie wystawia faktur"):
        recharge(key="1", company=contract.company, contract=None, cost=PREMIUM, at=AT)


# --- what the client sees ------------------------------------------------------------------------


def test_insurance_report_shows_the_premium_before_and_after_its_invoice(client_of, time_machine):
    time_machine.move_to(AT, tick=False)
    contract = issuer_contract(initial_fee="0.00")
    browser = client_of(f.MembershipFactory(company=contract.company).user)
    put(PREMIUM, contract)
    put(SERVICE, contract, key="tyres:1")
    url = reverse("invoicing:insurance_costs")

    waiting = browser.get(url)
    assert [charge.key for charge in waiting.context["charges"]] == ["policy:1"]
    assert waiting.context["count"] == 0

    issue(on=TODAY, at=AT)
    billed = browser.get(url)
    assert not billed.context["charges"]
    assert [row.net for row in billed.context["page"]] == [Decimal("310.50")]
    extra = browser.get(reverse("invoicing:extra_fees"))
    assert [row.cost_kind for row in extra.context["page"]] == ["service"]


# --- back office ---------------------------------------------------------------------------------

LIST = "admin:invoicing_charge_changelist"


@pytest.fixture
def office(client, time_machine):
    time_machine.move_to(AT, tick=False)
    client.force_login(f.UserFactory(is_staff=True, is_superuser=True))
    return client


def typed(office, contract, **values):
    add = reverse("admin:invoicing_charge_add") + "?przeniesiony=1"
    assert add in office.get(reverse(LIST)).content.decode()
    data = form_of(office.get(add)) | {
        "company": contract.company.pk,
        "contract": contract.pk,
        "kind": "insurance",
        "description": "Składka",
        "net": "310,50",
    }
    return add, data | values


def test_premium_is_charged_by_hand_once(office):
    contract = issuer_contract()
    add, data = typed(office, contract, period_from="2026-12-01", period_to="2027-11-30")

    for _press in range(2):
        answer = office.post(add, data)
        assert answer.status_code == 302, answer.context["adminform"].form.errors

    charge = Charge.objects.get()
    assert (charge.cost_kind, charge.net, charge.vat_code) == ("insurance", Decimal("310.50"), "zw")
    assert (charge.contract, charge.charged_on) == (contract, TODAY)
    assert charge.period_to == dt.date(2027, 11, 30)
    again = office.post(add, {**data, "net": "99,00"})
    assert "Z tej strony już coś naliczono" in again.content.decode()
    assert Charge.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "service"}, "vat_code"),
        ({"kind": "fee"}, "kind"),
        ({"net": "0"}, "net"),
        ({"net": "1e12"}, "net"),
        ({"net": "NaN"}, "net"),
        ({"currency": "EUR"}, "currency"),
        ({"period_from": "2026-12-01"}, "period_to"),
    ],
)
def test_wrong_cost_by_hand_is_named_beside_its_field_and_kept(office, values, field):
    add, data = typed(office, issuer_contract(), **values)

    response = office.post(add, data)

    form = response.context["adminform"].form
    assert field in form.errors
    assert form["description"].value() == "Składka"
    assert not Charge.objects.exists()


def test_charge_by_hand_on_a_contract_of_the_core_is_refused_in_both_forms(office):
    mirrored = issuer_contract(signed_on=SINCE - dt.timedelta(days=1))
    add, data = typed(office, mirrored)
    fee_page = reverse("admin:invoicing_charge_add")
    fee = form_of(office.get(fee_page)) | {"company": mirrored.company.pk, "contract": mirrored.pk}

    for url, sent in ((add, data), (fee_page, fee)):
        errors = office.post(url, sent).context["adminform"].form.errors["contract"]
        assert "fakturuje system główny" in errors[0]
    assert not Charge.objects.exists()


# --- the file ------------------------------------------------------------------------------------


def file_of(*rows):
    return "\n".join([";".join(COLUMNS), *rows, ""]).encode("utf-8-sig")


def test_file_is_charged_whole_and_once(tmp_path, capsys):
    contract = issuer_contract()
    client_id = contract.company.client_id
    path = tmp_path / "skladki.csv"
    path.write_bytes(
        file_of(
            f"OC/1;;{contract.number};insurance;Składka OC;1 310,50;PLN;;2026-11-26;2026-12-01;"
            "2027-11-30",
            f"S/1;{client_id};;service;Myjnia;100.00;PLN;23;2026-11-26;;",
        )
    )

    call_command("import_charges", str(path))
    call_command("import_charges", str(path))

    assert capsys.readouterr().out.splitlines() == [
        "Naliczono: 2; naliczone już wcześniej: 0.",
        "Naliczono: 0; naliczone już wcześniej: 2.",
    ]
    premium, service = Charge.objects.order_by("key")
    assert (premium.key, premium.contract, premium.net) == (
        "file:OC/1",
        contract,
        Decimal("1310.50"),
    )
    assert (service.contract, service.company, service.vat_code) == (None, contract.company, "23")


def test_file_with_a_wrong_row_charges_nothing_and_names_it(tmp_path):
    contract = issuer_contract()
    mirrored = issuer_contract(signed_on=SINCE - dt.timedelta(days=1))
    content = file_of(
        f"1;;{contract.number};insurance;Składka;10,00;PLN;;2026-11-26;;",
        "2;;NIE/MA;insurance;Składka;10,00;PLN;;2026-11-26;;",
        f"3;;{mirrored.number};insurance;Składka;10,00;PLN;;2026-11-26;;",
        f"4;;{contract.number};fee;Opłata;10,00;PLN;23;2026-11-26;;",
        f"5;;{contract.number};insurance;Składka;1e400;PLN;;26.13.2026;;",
        f"1;;{contract.number};insurance;Składka;11,00;PLN;;2026-11-26;;",
    )

    with pytest.raises(RechargeFileError) as caught:
        import_recharges(content=content, at=AT)

    lines = {problem.split(":")[0] for problem in caught.value.problems}
    assert lines == {f"Wiersz {number}" for number in (3, 4, 5, 6, 7)}
    assert not Charge.objects.exists()
    path = tmp_path / "skladki.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="Nie ma takiej umowy"):
        call_command("import_charges", str(path))


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"key;net\n1;2\n", file_of(), file_of("1;2")]
)
def test_file_that_is_not_one_is_refused(content):
    with pytest.raises(RechargeFileError):
        import_recharges(content=content, at=AT)


def test_sample_of_the_documentation_is_read():
    sample = (Path(project.BASE_DIR) / "docs" / "fees" / "charges.csv").read_bytes()
    contract = issuer_contract(number="OL/2026/000123")
    f.CompanyFactory(client_id="100200")

    assert import_recharges(content=sample, at=AT) == (3, 0)
    assert Charge.objects.filter(contract=contract, cost_kind="insurance").count() == 2
    assert not InvoiceRow.objects.exists()

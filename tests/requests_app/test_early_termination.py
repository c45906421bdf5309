"""Early end of a contract: con-01 to the grosz, quotes that go stale, the paper of the price."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from decimal import Decimal

import pypdf
import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.enums import ContractStatus, Product, RowKind
from contracts.rate_terms import terms_of
from contracts.repricing_reading import instalments
from contracts.stored_schedules import as_schedule
from eboks.authorisation import sending, services, signing
from eboks.authorisation.models import OperationAuthorisation
from eboks.clock import add_months
from eboks.documents.services import read_checked
from eboks.money import ZERO, to_grosz
from eboks.tenancy.rights import Role
from invoicing.models import FeeLine, LateInterestRate
from requests_app import deciding, quoting
from requests_app.catalogue import RequestError, types
from requests_app.enums import Status
from requests_app.gate import operation_of
from requests_app.models import Request
from requests_app.settlement_models import SettlementQuote, SettlementRule
from requests_app.settlements import Claims, Part, settle_on
from tests import factories as f
from tests.requests_app.conftest import SESSION, draft, filed, zl

pytestmark = pytest.mark.django_db

KIND = "early-termination"
NOW = dt.datetime(2026, 12, 5, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
DUE = dt.date(2026, 12, 10)  # of instalment 12
TYPED = {"settle_on": "2026-12-10", "buyer": "lessee"}


@pytest.fixture(autouse=True)
def _now(time_machine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)


def con_01(contract):
    """The schedule of case con-01 as it stands in the database: 35 instalments from 10 January."""
    version = f.ScheduleVersionFactory(contract=contract)
    balance = zl("90000.00")
    for n in range(1, 36):
        interest = to_grosz(balance * zl("6.50") / 1200)
        principal = zl("2803.79") - interest if n < 35 else balance - 1000
        balance -= principal
        due_on = add_months(dt.date(2025, 12, 10), n)
        vat = to_grosz((principal + interest) * zl("0.23"))
        f.ScheduleRowFactory(
            version=version,
            n=n,
            nominal_due_on=due_on,
            effective_due_on=due_on,
            payment=principal + interest,
            interest=interest,
            principal=principal,
            balance=balance,
            vat=vat,
            gross=principal + interest + vat,
        )
    f.ScheduleRowFactory(
        version=version,
        n=36,
        kind=RowKind.BUYOUT,
        nominal_due_on=add_months(dt.date(2025, 12, 10), 35),
        effective_due_on=add_months(dt.date(2025, 12, 10), 35),
        payment=1000,
        interest=0,
        principal=1000,
        balance=0,
        vat=230,
        gross=1230,
    )
    return version


def make_rule(**values):
    return SettlementRule.objects.create(
        **{
            "product": Product.OPERATING,
            "valid_from": dt.date(2026, 1, 1),
            "discount": "contract",
            "valid_days": 3,
            "price_vat": "contract_rate",
            "basis": "Tabela rozliczeń testu, § 4",
            **values,
        }
    )


@pytest.fixture
def rule(db):
    return make_rule()


@pytest.fixture
def leased(lessee):
    """`lessee` with the contract of con-01."""
    lessee.version = con_01(lessee.contract)
    return lessee


@pytest.fixture
def engine(leased):
    version = leased.version.pk
    return as_schedule(terms_of(leased.contract), instalments([version])[version])


def priced(contract, day=DUE):
    return quoting.quote(quoting.ground_of(contract, on=TODAY), settle=day)


def page_of(contract):
    return reverse("requests_app:settlement", args=[contract.public_id])


# --- arithmetic ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discount_pct", "price"),
    [("0", "65487.05"), ("3.90", "62966.85"), ("6.50", "61361.30")],
)
def test_case_con_01_after_instalment_12(engine, discount_pct, price):
    found = settle_on(
        engine, on=DUE, discount_pct=zl(discount_pct), vat_pct=zl("23"), claims=Claims()
    )

    assert engine.rows[11].balance == zl("61361.29")
    assert (found.after, found.left, found.discounted_to) == (12, 23, DUE)
    assert found.net == found.price == zl(price)
    assert found.price_vat == to_grosz(zl(price) * zl("0.23"))
    assert found.amount(Part.ACCRUED) == 0


def test_without_a_discount_the_parts_are_plain_sums(engine):
    found = settle_on(engine, on=DUE, discount_pct=ZERO, vat_pct=None, claims=Claims())

    assert found.amount(Part.INSTALMENTS) == 22 * zl("2803.79") + zl("2803.67")
    assert found.amount(Part.BUYOUT) == zl("1000.00")
    assert found.vat == 0


def test_lines_add_up_with_what_stands_beside_the_price(engine):
    claims = Claims(
        overdue=zl("3448.66"),
        late_interest=zl("12.34"),
        fee=zl("750.00"),
        fee_vat=zl("172.50"),
        prepaid=zl("100.00"),
    )
    found = settle_on(engine, on=DUE, discount_pct=zl("3.90"), vat_pct=zl("23"), claims=claims)

    assert found.net == zl("62966.85") + zl("3448.66") + zl("12.34") + 750 - 100
    assert found.vat == zl("14482.38") + zl("172.50")
    assert found.gross == found.net + found.vat


@pytest.mark.parametrize(
    ("discount_pct", "accrued"),
    # Of 31 days from 10 December, 15 have passed: 61361.30 x 6.5 % / 12 x 15/31, and so on.
    [("0", "0.00"), ("3.90", "99.02"), ("6.50", "160.83")],
)
def test_price_grows_by_the_discount_rate_between_due_dates(engine, discount_pct, accrued):
    day = dt.date(2026, 12, 25)
    found = settle_on(engine, on=day, discount_pct=zl(discount_pct), vat_pct=None, claims=Claims())

    assert found.discounted_to == DUE
    assert found.amount(Part.ACCRUED) == zl(accrued)


def test_before_the_first_due_date_all_instalments_count_from_the_start(engine):
    on = dt.date(2025, 12, 10)
    found = settle_on(engine, on=on, discount_pct=zl("6.50"), vat_pct=None, claims=Claims())

    assert (found.after, found.left, found.discounted_to) == (0, 35, on)
    assert abs(found.price - 90000) <= zl("0.05")  # d = r: the capital
    assert found.amount(Part.ACCRUED) == 0


@pytest.mark.parametrize("day", [dt.date(2025, 12, 9), dt.date(2028, 11, 10)])
def test_day_outside_the_schedule_has_no_price(engine, day):
    with pytest.raises(ValueError, match=r"start|instalment"):
        settle_on(engine, on=day, discount_pct=ZERO, vat_pct=None, claims=Claims())


# --- the quote -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "price"),
    [
        ({"discount": "none"}, "65487.05"),
        ({"discount": "index"}, "62966.85"),
        ({"discount": "contract"}, "61361.30"),
        ({"discount": "index_less", "less_pp": 10}, "65487.05"),  # never below zero
    ],
)
def test_rule_chooses_the_discount(leased, values, price):
    make_rule(**values)

    assert priced(leased.contract).settlement.price == zl(price)


def test_index_less_x_lies_between(leased):
    make_rule(discount="index_less", less_pp=Decimal("1.5"))
    found = priced(leased.contract).settlement

    assert found.discount_pct == Decimal("2.4")
    assert zl("62966.85") < found.price < zl("65487.05")


@pytest.mark.parametrize(
    ("product", "price_vat", "vat_pct", "vat", "gross"),
    [
        (Product.OPERATING, "contract_rate", 23, "14113.10", "76396.90"),
        (Product.OPERATING, "contract_rate", 8, "4908.90", "67192.70"),
        (Product.FINANCIAL, "none", 23, "0.00", "62283.80"),
        (Product.LOAN, "none", 23, "0.00", "62283.80"),
    ],
)
def test_vat_by_kind_of_contract(leased, product, price_vat, vat_pct, vat, gross):
    make_rule(product=product, price_vat=price_vat)
    contract = leased.contract
    contract.product, contract.vat_pct = product, Decimal(vat_pct)
    contract.save()
    found = priced(contract).settlement

    assert found.price_vat == zl(vat)
    assert (found.amount(Part.FEE), found.fee_vat) == (zl("750.00"), zl("172.50"))
    assert found.gross == zl(gross)


def test_overdue_documents_and_their_interest_join_the_price(leased, rule):
    LateInterestRate.objects.all().delete()
    LateInterestRate.objects.create(
        debtor="general", valid_from=dt.date(2020, 1, 1), rate_pct=Decimal("13.5")
    )
    invoice = f.InvoiceFactory(contract=leased.contract, instalment_n=11)
    f.ReceivableItemFactory(
        invoice=invoice,
        gross=zl("3448.66"),
        nominal_due_on=dt.date(2026, 11, 10),
        effective_due_on=dt.date(2026, 11, 10),
    )
    found = priced(leased.contract).settlement

    assert found.amount(Part.OVERDUE) == zl("3448.66")
    # 30 days to 10 December: 3448.66 x 13.5 % x 30/365.
    assert found.amount(Part.LATE_INTEREST) == zl("38.27")
    assert found.gross == zl("76396.90") + zl("3448.66") + zl("38.27")


def test_what_was_paid_ahead_comes_off(leased, rule):
    invoice = f.InvoiceFactory(contract=leased.contract, instalment_n=13)
    f.ReceivableItemFactory(
        invoice=invoice,
        gross=zl("3448.66"),
        open_amount=zl("448.66"),
        nominal_due_on=dt.date(2027, 1, 10),
        effective_due_on=dt.date(2027, 1, 11),
    )
    f.PaymentFactory(company=leased.company, contract=leased.contract, amount=zl("100.00"))
    found = priced(leased.contract)

    assert found.settlement.amount(Part.PREPAID) == -zl("3100.00")
    # Instalment 13 is in the price; 12 falls due by the day and is paid as ever.
    assert found.meanwhile == zl("3448.66")
    assert found.altogether == found.gross + zl("3448.66")


def test_quote_is_valid_for_days_of_the_rule_and_never_after_its_day(leased, rule):
    assert priced(leased.contract).valid_until == dt.date(2026, 12, 8)
    assert priced(leased.contract, dt.date(2026, 12, 6)).valid_until == dt.date(2026, 12, 6)


@pytest.mark.parametrize(("pct", "needed"), [(None, False), (30, False), (40, True)])
def test_expert_is_needed_before_a_part_of_the_term(leased, pct, needed):
    make_rule(expert_valuation_below_pct=pct)

    assert priced(leased.contract).needs_expert is needed  # 365 days of 1066: 34 %


@pytest.mark.parametrize("days", [0, -1, 61])
def test_day_outside_sixty_days_has_no_quote(leased, rule, days):
    with pytest.raises(RequestError, match="Wybierz dzień od 6 grudnia 2026 do 3 lutego 2027"):
        priced(leased.contract, TODAY + dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": ContractStatus.CLOSED}, "tylko umowę, która trwa"),
        ({"currency": "EUR"}, "w walucie EUR"),
        ({"product": Product.LOAN}, "nie ma obowiązujących zasad"),
    ],
)
def test_contract_that_cannot_be_quoted_says_why(leased, rule, values, reason):
    for name, value in values.items():
        setattr(leased.contract, name, value)

    with pytest.raises(RequestError, match=reason):
        quoting.ground_of(leased.contract, on=TODAY)


def test_rule_that_is_over_is_no_rule(leased):
    make_rule(valid_to=dt.date(2026, 12, 4))

    with pytest.raises(RequestError, match="nie ma obowiązujących zasad"):
        quoting.ground_of(leased.contract, on=TODAY)


def test_contract_without_schedule_or_index_says_so(lessee):
    make_rule(discount="index")
    with pytest.raises(RequestError, match="nie ma jeszcze harmonogramu"):
        quoting.ground_of(lessee.contract, on=TODAY)
    con_01(lessee.contract)
    lessee.contract.index_value = None
    with pytest.raises(RequestError, match="nie ma stopy bazowej"):
        quoting.ground_of(lessee.contract, on=TODAY)


# --- the page ------------------------------------------------------------------------------------


def test_page_compares_days_line_by_line(client, leased, rule):
    client.force_login(leased.user)
    page = client.get(page_of(leased.contract), {"dzien": "2026-12-20"})

    days = [column.quote.settle_on for column in page.context["columns"]]
    assert days == [
        dt.date(2026, 12, 20),
        DUE,
        dt.date(2026, 12, 6),
        dt.date(2027, 2, 3),
    ]
    text = page.content.decode().replace("\xa0", " ")
    assert "61 361,30" in text
    assert "76 396,90" in text
    assert "Wycena ważna do" in text
    assert f"/wnioski/nowy/{KIND}/?umowa={leased.contract.public_id}" in text


def test_page_refuses_a_day_but_still_shows_the_others(client, leased, rule):
    client.force_login(leased.user)
    page = client.get(page_of(leased.contract), {"dzien": "2027-02-04"})

    assert "Wybierz dzień od 6 grudnia 2026" in page.content.decode()
    assert len(page.context["columns"]) == 3


def test_page_near_the_last_instalment_shows_what_is_left(client, leased, rule, time_machine):
    time_machine.move_to(dt.datetime(2028, 11, 1, 9, tzinfo=dt.UTC), tick=False)
    client.force_login(leased.user)
    page = client.get(page_of(leased.contract))

    assert [column.quote.settle_on for column in page.context["columns"]] == [dt.date(2028, 11, 2)]
    time_machine.move_to(dt.datetime(2028, 11, 10, 9, tzinfo=dt.UTC), tick=False)
    client.force_login(leased.user)
    assert "nie zostaje żadna rata" in client.get(page_of(leased.contract)).content.decode()


def test_page_without_a_rule_refuses_plainly(client, leased):
    client.force_login(leased.user)
    page = client.get(page_of(leased.contract))

    assert page.status_code == 200
    assert "nie ma obowiązujących zasad" in page.content.decode()
    assert "Złóż wniosek" not in page.content.decode()


def test_page_is_closed_to_strangers_and_to_roles_without_money(client, leased, rule):
    client.force_login(f.MembershipFactory(role=Role.OWNER).user)
    assert client.get(page_of(leased.contract)).status_code == 404
    client.force_login(f.MembershipFactory(company=leased.company, role=Role.FLEET).user)
    assert client.get(page_of(leased.contract)).status_code == 403


# --- filing --------------------------------------------------------------------------------------


def prepared(row, user):
    instruction = services.prepare(
        operation=operation_of(types()[KIND]),
        user=user,
        company=row.company,
        payload={"request": str(row.public_id)},
        form_key=uuid.uuid4(),
        session=SESSION,
        at=timezone.now(),
    )
    sent = sending.send_code(
        instruction_id=instruction.pk, user=user, session=SESSION, at=timezone.now()
    )
    assert sent.ok, sent.text
    return instruction


def confirm(instruction, user):
    live = OperationAuthorisation.objects.filter(instruction=instruction).order_by("pk").last()
    signing.check_code(
        instruction_id=instruction.pk,
        user=user,
        session=SESSION,
        typed=live.code(),
        at=timezone.now(),
    )
    instruction.refresh_from_db()
    return instruction


def test_accepted_price_is_kept_and_waits_for_staff(leased, rule):
    row = filed(KIND, leased, TYPED)

    assert row.status == Status.SUBMITTED
    assert row.amount == zl("76396.90")
    assert row.is_financial
    quote = SettlementQuote.objects.get(request=row)
    assert (quote.net, quote.vat, quote.gross) == (
        zl("62111.30"),
        zl("14285.60"),
        zl("76396.90"),
    )
    assert (quote.settle_on, quote.valid_until, quote.rule) == (DUE, dt.date(2026, 12, 8), rule)
    assert {"label": "Cena netto", "value": "61\xa0361,30\xa0zł"} in quote.rows
    assert {"label": "Cena netto", "value": "61\xa0361,30\xa0zł"} in row.lines
    assert SettlementQuote.objects.for_user(leased.user).get() == quote
    assert not SettlementQuote.objects.for_user(f.MembershipFactory().user).exists()


def test_sms_names_the_contract_and_the_price(leased, rule):
    instruction = prepared(draft(KIND, leased, TYPED), leased.user)

    assert instruction.sms_text == "Koniec umowy OL/2026/1, brutto 76396.90 PLN"


@pytest.mark.parametrize("change", ["payment", "fee", "rule", "schedule"])
def test_price_that_changed_before_the_code_files_nothing(leased, rule, change):
    row = draft(KIND, leased, TYPED)
    instruction = prepared(row, leased.user)
    match change:
        case "payment":
            f.PaymentFactory(company=leased.company, contract=leased.contract)
        case "fee":
            FeeLine.objects.filter(code="early_termination").update(net=800)
        case "rule":
            make_rule(valid_from=TODAY, discount="none")
        case "schedule":
            leased.version.rows.filter(n=20).update(
                payment=2900, principal=2900, interest=0, vat=667, gross=3567
            )

    confirm(instruction, leased.user)

    row.refresh_from_db()
    assert instruction.state != "executed"
    assert row.status == Status.DRAFT
    assert not SettlementQuote.objects.exists()


def test_same_code_twice_files_once(leased, rule):
    row = draft(KIND, leased, TYPED)
    instruction = prepared(row, leased.user)

    assert confirm(instruction, leased.user).state == "executed"
    assert confirm(instruction, leased.user).state == "executed"
    assert SettlementQuote.objects.count() == 1
    assert row.steps.filter(after=Status.SUBMITTED).count() == 1


def test_second_request_for_the_same_contract_is_refused(leased, rule):
    filed(KIND, leased, TYPED)
    other = draft(KIND, leased, TYPED)

    instruction = confirm(prepared(other, leased.user), leased.user)

    assert instruction.state != "executed"
    assert Request.objects.filter(status=Status.SUBMITTED).count() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"settle_on": "2026-12-05"}, "settle_on"),
        ({"settle_on": "2027-02-04"}, "settle_on"),
        ({"settle_on": ""}, "settle_on"),
        ({"buyer": ""}, "buyer"),
        ({"buyer": "third_party", "buyer_nip": "5260001246"}, "buyer_name"),
        ({"buyer": "third_party", "buyer_name": "Nowa", "buyer_nip": "5260001247"}, "buyer_nip"),
    ],
)
def test_form_names_what_is_wrong(leased, rule, typed, field):
    from requests_app import drafts

    form = drafts.form_of(draft(KIND, leased, {**TYPED, **typed}), on=TODAY)

    assert list(form.errors) == [field]


def test_form_without_a_rule_says_so(leased):
    from requests_app import drafts

    form = drafts.form_of(draft(KIND, leased, TYPED), on=TODAY)

    assert "nie ma obowiązujących zasad" in str(form.non_field_errors())


def test_other_buyer_is_signed_with_its_nip(leased, rule):
    buyer = {"buyer": "third_party", "buyer_name": "Nowa sp. z o.o.", "buyer_nip": "526-000-12-46"}
    row = filed(KIND, leased, {**TYPED, **buyer, "reason": "Sprzedaż auta"})

    assert {"label": "Kupuje", "value": "Nowa sp. z o.o., NIP 5260001246"} in row.lines
    assert {"label": "Powód", "value": "Sprzedaż auta"} in row.lines


def test_pages_lead_from_the_price_to_the_summary(client, leased, rule):
    from tests.proof import prove

    client.force_login(leased.user)
    prove(client)
    start = client.get(f"/wnioski/nowy/{KIND}/?umowa={leased.contract.public_id}")
    assert "922,50" in start.content.decode()
    data = {
        "form_key": start.context["form"]["form_key"].value(),
        "subject": start.context["form"]["subject"].value(),
    }
    form_url = client.post(f"/wnioski/nowy/{KIND}/", data).url
    assert page_of(leased.contract) in client.get(form_url).content.decode()
    summary = client.get(client.post(form_url, TYPED).url)
    text = summary.content.decode().replace("\xa0", " ")
    assert "76 396,90 zł" in text
    assert "Wycena ważna do" in text


# --- decision and paper --------------------------------------------------------------------------


def test_approval_issues_the_arithmetic_as_a_paper(leased, rule, clerk, second_clerk, commits):
    row = filed(KIND, leased, TYPED)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
        deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.PRODUCED  # the sale itself is still to be done
    paper = row.papers.get()
    assert (paper.valid_from, paper.valid_to) == (TODAY, dt.date(2026, 12, 8))
    pages = pypdf.PdfReader(io.BytesIO(read_checked(paper.document))).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    for wanted in ("OL/2026/1", "61 361,30", "14 113,10", "750,00", "172,50", "76 396,90", "§ 4"):
        assert wanted in text, wanted


def test_quote_that_is_over_is_not_approved(leased, rule, clerk, second_clerk, time_machine):
    row = filed(KIND, leased, TYPED)
    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    time_machine.move_to(NOW + dt.timedelta(days=4), tick=False)

    with pytest.raises(RequestError, match="ważna do 8 grudnia 2026"):
        deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.SUBMITTED


def test_staff_see_the_accepted_price_beside_that_of_today(leased, rule):
    row = filed(KIND, leased, TYPED)
    f.PaymentFactory(company=leased.company, contract=leased.contract)

    shown = dict(types()[KIND].office(row))
    assert shown["Cena przyjęta przez klienta, brutto"] == "76\xa0396,90\xa0zł"
    assert shown["Ta sama data policzona dziś, brutto"] == "75\xa0396,90\xa0zł"


def test_client_may_accept_only_once_it_is_signed(leased, rule):
    from requests_app import filing

    row = draft(KIND, leased, TYPED)
    with pytest.raises(RequestError, match="podpisu"):
        filing.submit(request_id=row.pk, actor=leased.user, at=timezone.now())

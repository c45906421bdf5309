"""Early end of a contract: days compared, quotes that go stale, the paper of the price."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks.authorisation import sending, services, signing
from eboks.authorisation.models import OperationAuthorisation
from eboks.tenancy.rights import Role
from invoicing.models import FeeLine
from requests_app import deciding
from requests_app.catalogue import RequestError, types
from requests_app.enums import Status
from requests_app.gate import operation_of
from requests_app.models import Request
from requests_app.models.settlements import SettlementQuote
from tests import factories as f
from tests.requests_app.con_01 import DUE, NOW, TODAY, con_01, make_rule
from tests.requests_app.conftest import SESSION, draft, filed, signed, zl
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db

KIND = "early-termination"
TYPED = {"settle_on": "2026-12-10", "buyer": "lessee"}


@pytest.fixture(autouse=True)
def _now(time_machine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def rule(db):
    return make_rule()


@pytest.fixture
def leased(lessee):
    """`lessee` with the contract of con-01."""
    lessee.version = con_01(lessee.contract)
    return lessee


def page_of(contract):
    return reverse("requests_app:settlement", args=[contract.public_id])


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
    assert {"label": "Cena netto", "value": "61\xa0361,30\xa0zł", "is_sum": True} in quote.rows
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


def test_price_that_was_agreed_on_is_not_accepted_a_second_time(
    leased, rule, clerk, second_clerk, commits
):
    row = filed(KIND, leased, TYPED)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
        deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.PRODUCED

    instruction = signed(draft(KIND, leased, TYPED), leased.user)

    assert instruction.state == "refused"
    assert SettlementQuote.objects.count() == 1


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
    assert "jeśli złożysz wniosek do" in text


# --- decision and paper --------------------------------------------------------------------------


def test_approval_issues_the_arithmetic_as_a_paper(leased, rule, clerk, second_clerk, commits):
    row = filed(KIND, leased, TYPED)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
        deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.PRODUCED  # the sale itself is still to be done
    paper = row.papers.get()
    assert (paper.valid_from, paper.valid_to) == (TODAY, DUE)
    assert paper.document is not None
    text = text_of(paper)
    for wanted in (
        "OL/2026/1",
        "61 361,30",
        "14 113,10",
        "750,00",
        "172,50",
        "76 396,90",
        "§ 4",
        "61 1090",
    ):
        assert wanted in text, wanted


def test_day_that_has_passed_is_not_approved(leased, rule, clerk, second_clerk, time_machine):
    row = filed(KIND, leased, TYPED)
    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    time_machine.move_to(NOW + dt.timedelta(days=6), tick=False)

    with pytest.raises(RequestError, match="minął 10 grudnia 2026"):
        deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.SUBMITTED


def test_staff_see_the_accepted_price_beside_that_of_today(leased, rule):
    row = filed(KIND, leased, TYPED)
    f.PaymentFactory(company=leased.company, contract=leased.contract)

    shown = dict(types()[KIND].office(row, timezone.now()))
    assert shown["Cena przyjęta przez klienta, brutto"] == "76\xa0396,90\xa0zł"
    assert shown["Ta sama data policzona dziś, brutto"] == "75\xa0396,90\xa0zł"


def test_client_may_accept_only_once_it_is_signed(leased, rule):
    from requests_app import filing

    row = draft(KIND, leased, TYPED)
    with pytest.raises(RequestError, match="podpisu"):
        filing.submit(request_id=row.pk, actor=leased.user, at=timezone.now())

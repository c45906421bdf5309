"""Refund of an overpayment: at most the credit, to a checked account, signed, two of the staff."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from eboks.authorisation.models import OperationAuthorisation
from eboks.tenancy.rights import Role
from invoicing.models import LessorAccount
from requests_app import deciding, drafts, filing
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed, signed

pytestmark = pytest.mark.django_db
ACCOUNT = "61109010140000071219812874"
OTHER = "27114020040000300201355387"
ASKED = {"amount": "1 000,00", "account": "PL 27 1140 2004 0000 3002 0135 5387"}


@pytest.fixture
def overpaid(lessee):
    """The client has paid 1 200,00 zł too much."""
    lessee.payment = f.PaymentFactory(
        company=lessee.company, amount=Decimal(1200), payer_account=OTHER
    )
    f.PaymentFactory(amount=Decimal(90_000))  # of another client
    return lessee


def errors(row) -> dict[str, list[str]]:
    form = drafts.form_of(row, on=timezone.now().date())
    return {name: [str(one) for one in found] for name, found in form.errors.items()}


def test_refund_is_signed_and_waits_for_staff(overpaid):
    row = filed("refund", overpaid, ASKED, about=False)

    assert row.status == Status.SUBMITTED
    assert row.amount == 1000
    assert row.facts == {"amount": "1000.00", "account": OTHER}
    shown = {line["label"]: line["value"].replace("\u00a0", " ") for line in row.lines}
    assert shown["Nadpłata dziś"] == "1 200,00 zł"
    assert shown["Zostanie nadpłaty"] == "200,00 zł"
    assert shown["Na rachunek"] == "27 1140 2004 0000 3002 0135 5387"
    assert row.instruction.sms_text == "Zwrot nadplaty 1 000,00 zl na rachunek ...5387"
    assert row.fee_gross == 0


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": "1200,01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "dużo"}, "amount"),
        ({"account": "27114020040000300201355388"}, "account"),  # a wrong check digit
        ({"account": "2711402004"}, "account"),
        ({"account": "٢٧" + OTHER[2:]}, "account"),
        ({"account": ACCOUNT}, "account"),  # to which the client pays
    ],
)
def test_wrong_data_are_not_filed(overpaid, typed, field):
    row = draft("refund", overpaid, {**ASKED, **typed}, about=False)
    assert set(errors(row)) == {field}


def test_lessors_own_account_is_refused(overpaid):
    LessorAccount.objects.create(number=OTHER, title="Główny")
    assert set(errors(draft("refund", overpaid, ASKED, about=False))) == {"account"}


def test_without_an_overpayment_there_is_nothing_to_ask_for(lessee):
    f.PaymentFactory(company=lessee.company, currency="EUR", amount=Decimal(500))
    f.PaymentFactory(amount=Decimal(500))
    found = errors(draft("refund", lessee, ASKED, about=False))
    assert "nie ma teraz nadpłaty" in found["amount"][0]


def test_what_was_given_back_already_is_not_given_twice(overpaid):
    back = {"kind": "refund", "amount": Decimal(-300), "unallocated_amount": Decimal(-300)}
    f.PaymentFactory(company=overpaid.company, **back)
    assert set(errors(draft("refund", overpaid, ASKED, about=False))) == {"amount"}


def test_credit_that_changed_before_the_code_is_stale(overpaid):
    row = draft("refund", overpaid, ASKED, about=False)
    check = OperationAuthorisation.code

    def booked_meanwhile(self):
        f.PaymentFactory(company=overpaid.company, amount=Decimal(1))
        return check(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OperationAuthorisation, "code", booked_meanwhile)
        instruction = signed(row, overpaid.user)

    row.refresh_from_db()
    assert instruction.state == "stale"
    assert row.status == Status.DRAFT


def test_staff_agree_transfer_and_close(overpaid, clerk, commits):
    row = filed("refund", overpaid, ASKED, about=False)

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.APPROVED  # the transfer is still to be made
    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.CLOSED


def test_large_refund_needs_two_of_the_staff(overpaid, clerk, second_clerk, settings):
    settings.REQUESTS_TWO_PEOPLE_FROM = 1000
    row = filed("refund", overpaid, ASKED, about=False)

    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.SUBMITTED
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    deciding.approve(request_id=row.pk, actor=second_clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.APPROVED


def test_credit_used_up_meanwhile_is_not_paid_out(overpaid, clerk):
    row = filed("refund", overpaid, ASKED, about=False)
    back = {"kind": "refund", "amount": Decimal(-300), "unallocated_amount": Decimal(-300)}
    f.PaymentFactory(company=overpaid.company, **back)

    with pytest.raises(RequestError, match="mniejsza"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.SUBMITTED


def test_second_refund_waits_for_the_first(overpaid):
    filed("refund", overpaid, {**ASKED, "amount": "100"}, about=False)
    row = draft("refund", overpaid, {**ASKED, "amount": "50"}, about=False)

    instruction = signed(row, overpaid.user)

    row.refresh_from_db()
    assert instruction.state != "executed"
    assert row.status == Status.DRAFT


def test_company_of_two_signatures_needs_the_second(overpaid):
    overpaid.company.two_people_sign = True
    overpaid.company.save()
    row = draft("refund", overpaid, ASKED, about=False)

    instruction = signed(row, overpaid.user)

    row.refresh_from_db()
    assert instruction.state == "awaiting_second"
    assert row.status == Status.DRAFT


def test_staff_see_whether_the_account_is_known(overpaid, clerk):
    old = filed("refund", overpaid, {**ASKED, "amount": "10"}, about=False)
    deciding.approve(request_id=old.pk, actor=clerk, at=timezone.now())
    deciding.close(request_id=old.pk, actor=clerk, at=timezone.now())
    row = filed("refund", overpaid, ASKED, about=False)

    found = dict(type_of(row).office(row, timezone.now()))
    assert found["Nadpłata teraz"].replace("\u00a0", " ") == "1 200,00 zł"
    assert found["Wpłaty klienta z tego rachunku"] == "1 wpłata, ostatnia 20.11.2026"
    assert old.reference in found["Poprzedni zwrot"]

    row.facts = {**row.facts, "account": ACCOUNT}
    assert (
        dict(type_of(row).office(row, timezone.now()))["Wpłaty klienta z tego rachunku"]
        == "nie było żadnej"
    )


def test_unsigned_is_not_filed(overpaid):
    row = draft("refund", overpaid, ASKED, about=False)
    with pytest.raises(RequestError, match="podpisu"):
        filing.submit(request_id=row.pk, actor=overpaid.user, at=timezone.now())


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FLEET])
def test_without_the_right_to_sign_it_is_not_begun(client, overpaid, role):
    client.force_login(f.MembershipFactory(company=overpaid.company, role=role).user)
    assert client.get("/wnioski/nowy/refund/").status_code == 403


def test_pages_and_strangers(client, client_of, overpaid):
    row = filed("refund", overpaid, ASKED, about=False)
    address = f"/wnioski/{row.public_id}/"
    client.force_login(overpaid.user)
    assert client.get("/wnioski/nowy/refund/").status_code == 200
    assert "5387" in client.get(address).content.decode()
    assert client_of(f.MembershipFactory().user).get(address).status_code == 404
    fleet = f.MembershipFactory(company=overpaid.company, role=Role.FLEET)
    assert client_of(fleet.user).get(address).status_code in {403, 404}


def test_form_shows_the_credit_of_today(client, overpaid):
    row = draft("refund", overpaid, {}, about=False)
    client.force_login(overpaid.user)
    page = client.get(f"/wnioski/{row.public_id}/formularz/").content.decode()
    assert "1\u00a0200,00" in page

"""What a total loss means for the contract, to the grosz.

The worked example is case con-01 of the domain: 35 instalments of 2 803,79 (the last one 2 804,02),
buyout 1 000,00, 6,5% discounted by the contract's own rate. On 26 December 2026, with instalment
12 of 10 December due, the early price is what the page of early ends says.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.urls import reverse

from contracts.models import ScheduleRow
from eboks.tenancy.rights import Role
from insurance import claims, total_loss
from insurance.enums import ClaimStatus
from requests_app import quoting
from tests import factories as f
from tests.insurance.conftest import clerk, insured  # noqa: F401 -- fixtures
from tests.insurance.factories import ClaimFactory, InsurerFactory
from tests.requests_app.con_01 import NOW, TODAY, con_01, make_rule
from tests.requests_app.conftest import table  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db

ZL = Decimal


@pytest.fixture(autouse=True)
def _now(time_machine, table):  # noqa: F811
    time_machine.move_to(NOW, tick=False)  # 5 December 2026; instalment 12 is due on the tenth
    make_rule()


@pytest.fixture
def lost(insured):  # noqa: F811
    """A total loss on 3 November 2026, after instalment 10 and before instalment 11."""
    con_01(insured.contract)
    return ClaimFactory(
        asset=insured.asset,
        author=insured.user,
        insurer=InsurerFactory(),
        status=ClaimStatus.TOTAL,
        happened_at=dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC),
        payout=ZL("60000.00"),
    )


def address(claim):
    return reverse("insurance:claim", args=[claim.public_id])


def amounts(claim):
    found = total_loss.estimate(claim, today=TODAY)
    return {line.label: line.amount for line in found.lines}


def test_worked_example_to_the_grosz(lost):
    found = total_loss.estimate(lost, today=TODAY)
    lines = amounts(lost)

    assert found.on == dt.date(2026, 12, 6)
    # Instalments 11 to 35: 24 of 2 803,79 and the last of 2 804,02 (it takes what rounding left).
    last = ScheduleRow.objects.get(version__contract=lost.contract, n=35).payment
    assert lines["Raty po dniu szkody"] == ZL("2803.79") * 24 + last
    assert lines["W tym raty z faktur, do dnia szacunku"] == ZL("-2803.79")  # number 11
    assert lines["Wykup"] == ZL("1000.00")
    # Balance after instalment 11 by the contract's own rate, with interest of 26 days of 30/360.
    balance = ScheduleRow.objects.get(version__contract=lost.contract, n=11).balance
    accrued = (balance * ZL("6.50") * 26 / 36000).quantize(ZL("0.01"))
    assert abs(found.price - (balance + accrued)) <= ZL("0.05")
    assert lines["Cena zakończenia umowy"] == found.price
    assert lines["Odszkodowanie"] == ZL("-60000.00")
    assert lines["Zostaje"] == found.left == found.price - ZL("60000.00")
    parts = [line.amount for line in found.lines if not line.is_sum]
    assert sum(parts) == found.left


def test_price_is_that_of_the_page_of_early_ends(lost):
    ground = quoting.ground_of(lost.contract, on=TODAY)
    page = quoting.quote(ground, settle=TODAY + dt.timedelta(days=1))

    assert total_loss.estimate(lost, today=TODAY).price == page.settlement.price


def test_instalments_are_those_of_the_schedule(lost):
    rows = ScheduleRow.objects.filter(
        version__contract=lost.contract, kind="instalment", nominal_due_on__gt=dt.date(2026, 11, 3)
    )

    assert amounts(lost)["Raty po dniu szkody"] == rows.aggregate(s=Sum("payment"))["s"]


def test_unknown_payout_is_said(login, lost):
    lost.payout = None
    lost.save()

    page = login(lost.author).get(address(lost))

    assert page.context["estimate"].payout is None
    text = page.content.decode()
    assert "Nie znamy jeszcze kwoty odszkodowania" in text
    assert "Szacunek na dzień 6 grudnia 2026" in text
    assert "709⁵" in text


def test_payout_above_the_price_is_said(login, lost):
    lost.payout = ZL("99999.00")
    lost.save()

    assert "wyższe niż cena zakończenia" in login(lost.author).get(address(lost)).content.decode()


def test_figures_are_for_who_sees_money(login, lost):
    person = f.MembershipFactory(company=lost.company, role=Role.INSURANCE).user

    page = login(person).get(address(lost))

    assert page.context["estimate"] is None
    assert "Co to znaczy dla umowy" in page.content.decode()
    assert "Szacunek na dzień" not in page.content.decode()


def test_contract_of_several_assets_has_no_figure(login, lost):
    f.AssetFactory(contract=lost.contract)

    page = login(lost.author).get(address(lost))

    assert page.context["estimate"] is None
    assert "kilka przedmiotów" in page.content.decode()


def test_contract_that_went_to_another_shows_no_figure(login, lost):
    lost.contract.company = f.CompanyFactory()
    lost.contract.save()

    page = login(lost.author).get(address(lost))

    assert (page.context["estimate"], page.context["no_estimate"]) == (None, "")


def test_contract_without_a_price_says_why(login, lost):
    ScheduleRow.objects.all().delete()

    assert "harmonogramu" in login(lost.author).get(address(lost)).content.decode()


def test_paid_total_loss_is_still_one_and_a_paid_partial_one_is_not(lost, clerk):  # noqa: F811
    partial = ClaimFactory(asset=lost.asset, status=ClaimStatus.PARTIAL, payout=ZL(5))
    fresh = ClaimFactory(asset=lost.asset, status=ClaimStatus.REGISTERED)
    claims.move(fresh, to=ClaimStatus.THEFT, actor=clerk, at=NOW)
    for claim in (partial, fresh):
        claims.move(claim, to=ClaimStatus.PAID, actor=clerk, at=NOW, payout=ZL(5))

    assert total_loss.ends_contract(lost)
    assert total_loss.ends_contract(fresh)
    assert not total_loss.ends_contract(partial)

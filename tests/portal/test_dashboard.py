"""The start page: sums against figures worked out by hand, what needs attention, who sees what."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from contracts.enums import ContractStatus
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.tenancy.rights import Role
from invoicing.models import BalanceConfirmation
from tests import factories as f

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    return f.MembershipFactory()


@pytest.fixture
def browser(owner, client):
    client.force_login(owner.user)
    return client


def visible(response):
    text = re.sub(r"<[^>]+>", " ", response.text)
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def owed(company, *, due_on, left, currency="PLN", **invoice):
    row = f.InvoiceFactory(contract__company=company, currency=currency, **invoice)
    return f.ReceivableItemFactory(
        invoice=row,
        currency=currency,
        effective_due_on=due_on,
        gross=Decimal(left),
        open_amount=Decimal(left),
    )


def applied_feed(at):
    return FeedRun.objects.create(
        lessor_code="l",
        source_system="core",
        sequence=1,
        business_date=at.date(),
        status=FeedStatus.APPLIED,
        started_at=at,
        finished_at=at,
    )


def test_sums_are_those_worked_out_by_hand(browser, owner):
    company = owner.company
    owed(company, due_on=dt.date(2026, 11, 19), left="1230.00")
    owed(company, due_on=dt.date(2026, 11, 21), left="0.10")
    owed(company, due_on=TODAY, left="100.00")
    owed(company, due_on=dt.date(2026, 11, 29), left="200.00")
    owed(company, due_on=dt.date(2026, 11, 30), left="400.00")
    owed(company, due_on=dt.date(2026, 12, 1), left="800.00")
    owed(company, due_on=dt.date(2026, 11, 25), left="50.00", currency="EUR")
    owed(company, due_on=dt.date(2026, 11, 1), left="-30.00")
    f.PaymentFactory(company=company, amount=Decimal(99), unallocated_amount=Decimal("12.34"))
    f.PaymentFactory(company=company, amount=Decimal(99), unallocated_amount=Decimal(0))
    owed(f.CompanyFactory(), due_on=TODAY, left="7777.00")

    response = browser.get("/")

    money = response.context["money"]
    zloty, euro = money.dues
    assert money.horizon == dt.date(2026, 11, 30)
    assert (zloty.overdue, zloty.overdue_count) == (Decimal("1230.10"), 2)
    assert zloty.overdue_since == dt.date(2026, 11, 19)
    assert (zloty.soon, zloty.soon_count, zloty.soon_first) == (Decimal("300.00"), 2, TODAY)
    assert (zloty.until, zloty.until_count) == (Decimal("700.00"), 3)
    assert (zloty.later, zloty.later_first) == (Decimal("800.00"), dt.date(2026, 12, 1))
    assert zloty.total == Decimal("1930.10")
    assert zloty.credit == Decimal("42.34")
    assert (euro.currency, euro.total) == ("EUR", Decimal("50.00"))
    assert "Do zapłaty do 30 listopada 2026 1 930 ,10 zł" in visible(response)
    assert "7 777" not in visible(response)


@pytest.mark.parametrize(
    ("today", "horizon"),
    [
        (dt.date(2026, 11, 22), dt.date(2026, 11, 30)),
        (dt.date(2026, 11, 24), dt.date(2026, 12, 1)),
        (dt.date(2026, 12, 31), dt.date(2027, 1, 7)),
        (dt.date(2028, 2, 1), dt.date(2028, 2, 29)),
    ],
)
def test_horizon_is_the_end_of_the_month_but_at_least_a_week(today, horizon):
    from eboks.portal import dashboard

    assert dashboard.horizon(today) == horizon


def test_many_overdue_items_are_five_and_the_rest_in_one_line(browser, owner):
    items = [
        owed(owner.company, due_on=dt.date(2026, 10, n + 1), left=f"{n + 1}.00") for n in range(7)
    ]
    owed(owner.company, due_on=dt.date(2026, 10, 30), left="9.50", currency="EUR")

    response = browser.get("/")

    money = response.context["money"]
    assert [item.pk for item in money.overdue_items] == [item.pk for item in items[:5]]
    assert money.overdue_rest_count == 3
    assert money.overdue_rest == [("PLN", Decimal("13.00")), ("EUR", Decimal("9.50"))]
    assert f"{reverse('invoicing:invoice_list')}?state=overdue" in response.text


def test_new_invoices_are_those_since_the_previous_visit(browser, owner):
    user = owner.user
    user.previous_visit_at = NOW - dt.timedelta(days=3)
    user.save()
    contract = f.ContractFactory(company=owner.company)
    for days in (1, 2, 4):
        f.InvoiceFactory(contract=contract, received_at=NOW - dt.timedelta(days=days))

    new = browser.get("/").context["money"].new_invoices

    assert (new.count, new.sums) == (2, [("PLN", Decimal("6897.32"))])


def test_nothing_is_new_on_the_first_visit(browser, owner):
    f.InvoiceFactory(contract__company=owner.company)

    assert browser.get("/").context["money"].new_invoices is None


def test_contracts_that_end_are_told_and_linked(browser, owner):
    for days in (0, 10, 90, 91, -1):
        f.ContractFactory(company=owner.company, end_on=TODAY + dt.timedelta(days=days))
    f.ContractFactory(
        company=owner.company, end_on=TODAY, status=ContractStatus.CLOSED, number="GONE"
    )

    response = browser.get("/")

    contracts = response.context["contracts"]
    assert (contracts.total, contracts.live, contracts.ending) == (6, 5, 3)
    assert [row.end_on for row, _name in contracts.ends_first] == [
        TODAY,
        TODAY + dt.timedelta(days=10),
        TODAY + dt.timedelta(days=90),
    ]
    assert "GONE" not in response.text


def test_calm_day_is_said_plainly(browser, owner):
    f.ContractFactory(company=owner.company)

    assert "Nic nie wymaga Twojej uwagi" in browser.get("/").text

    owed(owner.company, due_on=TODAY - dt.timedelta(days=1), left="1.00")

    assert "Nic nie wymaga Twojej uwagi" not in browser.get("/").text


def test_new_client_sees_that_contracts_are_still_to_come(browser):
    text = browser.get("/").text

    assert "Nie ma tu jeszcze żadnej umowy" in text
    assert "Najbliższe 12 miesięcy" not in text


def test_next_payments_come_first(browser, owner):
    for number, day in [("B", 15), ("A", 10)]:
        version = f.ScheduleVersionFactory(contract__company=owner.company, contract__number=number)
        f.ScheduleRowFactory(version=version, n=1, effective_due_on=dt.date(2026, 12, day))
    f.ContractFactory(company=owner.company, number="C", status=ContractStatus.SIGNED)

    nearest = browser.get("/").context["contracts"].nearest

    assert [row.number for row, _name, _next in nearest] == ["A", "B", "C"]
    assert nearest[0][2].gross == Decimal("3448.66")


def test_year_ahead_sums_schedules_in_force_by_month(browser, owner):
    version = f.ScheduleVersionFactory(contract__company=owner.company)
    old = f.ScheduleVersionFactory(contract=version.contract, number=2, is_current=False)
    over = f.ScheduleVersionFactory(
        contract__company=owner.company, contract__status=ContractStatus.CLOSED
    )
    foreign = f.ScheduleVersionFactory()
    for made in (old, over, foreign):
        f.ScheduleRowFactory(version=made, n=1, effective_due_on=dt.date(2026, 12, 5))
    days = [(2026, 11, 30), (2026, 12, 1), (2026, 12, 31), (2027, 11, 30), (2027, 12, 1)]
    for n, day in enumerate(days, start=1):
        f.ScheduleRowFactory(version=version, n=n, effective_due_on=dt.date(*day))

    ((currency, chart),) = browser.get("/").context["ahead"]

    assert currency == "PLN"
    assert [row.label for row in chart.table][:1] == ["grudzień 2026"]
    assert [row.total for row in chart.table] == [
        Decimal("6897.32"),
        *[Decimal(0)] * 10,
        Decimal("3448.66"),
    ]
    assert chart.table[0].amounts == [Decimal("4632.58"), Decimal("975.00"), Decimal("1289.74")]


def test_year_ahead_is_kept_until_the_next_feed(browser, owner):
    version = f.ScheduleVersionFactory(contract__company=owner.company)
    f.ScheduleRowFactory(version=version, n=1, effective_due_on=dt.date(2026, 12, 5))

    def total():
        return browser.get("/").context["ahead"][0][1].totals.total

    assert total() == Decimal("3448.66")
    f.ScheduleRowFactory(version=version, n=2, effective_due_on=dt.date(2027, 1, 5))
    assert total() == Decimal("3448.66")
    applied_feed(NOW)
    assert total() == Decimal("6897.32")


def test_year_ahead_works_without_the_cache_server(browser, owner, settings):
    version = f.ScheduleVersionFactory(contract__company=owner.company)
    f.ScheduleRowFactory(version=version, n=1, effective_due_on=dt.date(2026, 12, 5))
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert browser.get("/").context["ahead"][0][1].totals.total == Decimal("3448.66")


def test_figures_say_of_when_they_are(browser, owner):
    f.PaymentFactory(company=f.CompanyFactory(), booked_on=dt.date(2026, 11, 20))
    applied_feed(NOW - dt.timedelta(hours=25))

    text = visible(browser.get("/"))

    assert "Stan na 21.11.2026, 09:00 · ostatni zaksięgowany wyciąg bankowy: 20.11.2026" in text
    assert "ponad 26 godzin" not in text


def test_stale_data_is_said_plainly(browser):
    applied_feed(NOW - dt.timedelta(hours=27))

    assert "Ostatnie dane przyszły ponad 26 godzin temu" in visible(browser.get("/"))


def test_fleet_manager_sees_contracts_and_no_money(client):
    membership = f.MembershipFactory(role=Role.FLEET)
    version = f.ScheduleVersionFactory(
        contract__company=membership.company, contract__end_on=TODAY, contract__number="OL/77"
    )
    f.ScheduleRowFactory(version=version, n=1, effective_due_on=dt.date(2026, 12, 5))
    owed(membership.company, due_on=dt.date(2026, 11, 1), left="123.45")
    client.force_login(membership.user)

    response = client.get("/")

    assert response.status_code == 200
    assert response.context["money"] is None
    assert response.context["ahead"] == []
    text = visible(response)
    assert "OL/77" in text
    assert "05.12.2026" in text
    assert "123,45" not in text
    assert "zł" not in text


def test_all_companies_are_summed_and_named(browser, owner):
    second = f.MembershipFactory(user=owner.user)
    fleet_only = f.MembershipFactory(user=owner.user, role=Role.FLEET)
    for membership, left in ((owner, "1.00"), (second, "2.00"), (fleet_only, "4.00")):
        owed(membership.company, due_on=dt.date(2026, 11, 1), left=left)

    response = browser.get("/")

    assert response.context["money"].main.overdue == Decimal("3.00")
    assert second.company.name in response.text


@pytest.mark.parametrize(
    "mandate",
    [
        {"is_active": False},
        {"valid_to": dt.date(2026, 11, 21)},
        {"valid_from": dt.date(2026, 11, 23)},
    ],
)
def test_nothing_is_seen_without_a_mandate_in_force(client, mandate):
    membership = f.MembershipFactory(**mandate)
    owed(membership.company, due_on=dt.date(2026, 11, 1), left="123.45")
    client.force_login(membership.user)

    response = client.get("/")

    assert response.status_code == 200
    assert response.context["contracts"].total == 0
    assert "123,45" not in response.text


def test_start_page_asks_to_log_in(client):
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("count", [1, 3, 60])
def test_query_count_is_constant(browser, owner, count, settings, django_assert_num_queries):
    user = owner.user
    user.previous_visit_at = NOW - dt.timedelta(days=9)
    user.save()
    for _n in range(count):
        contract = f.ContractFactory(company=owner.company, end_on=TODAY)
        f.AssetFactory(contract=contract)
        version = f.ScheduleVersionFactory(contract=contract)
        f.ScheduleRowFactory(version=version, n=1)
        invoice = f.InvoiceFactory(contract=contract)
        f.ReceivableItemFactory(invoice=invoice, effective_due_on=dt.date(2026, 11, 1))
    browser.get("/")  # works out the year ahead

    # session, user, memberships, lessor; feed, last payment, last night; open items, overpaid,
    # overdue, new; balances to confirm, requests to complete; insurance required, what of it
    # has changed; whether positions hold, counts, nearest, ending, assets, next rows
    kept = 0 if settings.REDIS_URL else 2  # the year ahead and insurance, in a table or Redis
    with django_assert_num_queries(22 + kept):
        browser.get("/")


def test_balance_that_waits_for_an_answer_needs_attention(browser, owner):
    waiting = BalanceConfirmation.objects.create(
        company=owner.company,
        as_of=dt.date(2026, 10, 31),
        rows=[],
        totals={"PLN": "1.00"},
        created_at=NOW,
        answer_by=dt.date(2026, 12, 6),
    )

    page = browser.get("/")

    assert f"/rozrachunki/potwierdzenia/{waiting.public_id}/" in page.text
    assert "Nic nie wymaga Twojej uwagi" not in page.text

    BalanceConfirmation.objects.update(answer="agreed")
    assert "Potwierdź saldo" not in browser.get("/").text

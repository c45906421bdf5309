"""What a client sees of a statement: the day of the last one, and the payment at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from eboks.feeds.models import FeedRun, FeedStatus
from eboks.feeds.selectors import freshness
from invoicing.models import Payment
from tests import factories as f
from tests.invoicing import bank_files
from tests.invoicing.bank_files import DAY, Row, mt940, take

pytestmark = pytest.mark.django_db

ACCOUNT = "40116022027777000000010001"


@pytest.fixture
def feed():
    FeedRun.objects.create(
        lessor_code="x",
        source_system="core",
        sequence=1,
        status=FeedStatus.APPLIED,
        started_at=bank_files.AT,
        finished_at=bank_files.AT,
        business_date=DAY,
    )


@pytest.mark.parametrize("with_feed", [True, False])
def test_last_statement_or_transfer_is_the_freshest(request, with_feed):
    if with_feed:
        request.getfixturevalue("feed")
    bank_files.account()
    f.PaymentFactory(booked_on=DAY - dt.timedelta(days=5))
    take(mt940([Row("7.00")]))  # nobody's: no payment comes of it

    assert freshness(at=bank_files.AT).booked_on == DAY


def test_statement_is_seen_before_any_feed_and_any_payment(django_assert_num_queries):
    bank_files.account()
    take(mt940([Row("7.00")]))  # nobody's: no payment comes of it
    assert not Payment.objects.exists()

    with django_assert_num_queries(2):
        assert freshness(at=bank_files.AT).booked_on == DAY


def test_waiting_statement_does_not_count(feed):
    account = bank_files.account()
    account.first_year, account.first_number = 2026, 1
    account.save()
    f.PaymentFactory(booked_on=DAY - dt.timedelta(days=5))
    take(mt940([Row("7.00")], number=2))

    assert freshness(at=bank_files.AT).booked_on == DAY - dt.timedelta(days=5)


def test_statement_is_asked_for_in_one_query(feed, django_assert_num_queries):
    with django_assert_num_queries(1):
        freshness(at=timezone.now())


def test_client_sees_the_payment_in_the_same_minute(owner, company):
    bank_files.account()
    contract = f.ContractFactory(company=company, virtual_account=ACCOUNT)
    item = f.ReceivableItemFactory(invoice__contract=contract, account="")
    assert item.label in owner.get("/rozrachunki/").content.decode()

    take(mt940([Row("3448.66", title="rata listopad", to=ACCOUNT)]))

    assert item.label not in owner.get("/rozrachunki/").content.decode()
    page = owner.get("/rozrachunki/", {"tab": "payments"}).content.decode()
    assert "rata listopad" in page
    assert "20.11.2026" in page


def test_stranger_sees_nothing_of_it(stranger, company):
    bank_files.account()
    contract = f.ContractFactory(company=company, virtual_account=ACCOUNT)
    f.ReceivableItemFactory(invoice__contract=contract, account="")
    take(mt940([Row("3448.66", title="rata listopad", to=ACCOUNT)]))

    page = stranger.get("/rozrachunki/", {"tab": "payments"}).content.decode()

    assert "rata listopad" not in page

"""A contract that the portal invoices gets no invoices from a feed: never both."""

from __future__ import annotations

import datetime as dt

import pytest

from eboks.feeds.models import FeedStatus
from invoicing.models import Invoice

pytestmark = pytest.mark.django_db


def test_feed_with_an_invoice_of_a_contract_invoiced_here_is_refused(feed, load, settings):
    settings.ISSUER_CONTRACTS_FROM = dt.date(2026, 9, 1)

    (outcome,) = load(feed)

    assert outcome.status == FeedStatus.REFUSED
    found = outcome.problems.found
    assert {(one.file, one.column, one.reason) for one in found} == {
        (
            *("invoices.csv", "contract"),
            "umowę z tą datą podpisania fakturuje portal, jej faktur nie przyjmujemy",
        )
    }
    assert not Invoice.objects.exists()


def test_contracts_signed_before_stay_mirrored(feed, load, settings):
    settings.ISSUER_CONTRACTS_FROM = dt.date(2027, 1, 1)

    assert load(feed)[0].status == FeedStatus.APPLIED
    assert Invoice.objects.exists()


def test_stored_contract_counts_too(feed, load, settings, tmp_path):
    assert load(feed)[0].status == FeedStatus.APPLIED
    settings.ISSUER_CONTRACTS_FROM = dt.date(2026, 9, 1)
    later = type(feed)(tmp_path / "later")
    later.seal(sequence=2)

    (outcome,) = load(later)

    assert outcome.status == FeedStatus.REFUSED
    assert {one.column for one in outcome.problems.found} == {"contract"}

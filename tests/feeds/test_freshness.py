"""REL-06: figures are as of the last finished run, and stale when a feed or the night is late."""

from __future__ import annotations

import datetime as dt

import pytest

from eboks.feeds.models import FeedRun, FeedStatus
from eboks.feeds.selectors import freshness
from eboks.health import findings
from eboks.jobs.models import BALANCES_JOB, JobFailure, JobRun, JobState
from tests.factories import PaymentFactory

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def fed(hours):
    FeedRun.objects.create(
        lessor_code="x",
        source_system="core",
        sequence=1,
        status=FeedStatus.APPLIED,
        started_at=AT - hours * HOUR,
        finished_at=AT - hours * HOUR,
        business_date=AT.date(),
    )


def night(hours, state=JobState.DONE, day=None, shard=""):
    moment = AT - hours * HOUR
    JobRun.objects.create(
        job=BALANCES_JOB,
        business_on=day or moment.date(),
        shard=shard,
        state=state,
        lease_until=moment,
        started_at=moment,
        beat_at=moment,
        finished_at=moment,
    )


@pytest.mark.parametrize(
    ("feed", "nightly", "as_of", "stale"),
    [
        (3, None, 3, (False, False)),
        (8, 5, 5, (False, False)),
        (3, 5, 3, (False, False)),
        (27, 5, 27, (True, False)),
        (3, 27, 27, (False, True)),
        (30, 27, 30, (True, True)),
        (None, 5, 5, (False, False)),
        (None, 27, 27, (False, True)),
        (26, 26, 26, (False, False)),
    ],
)
@pytest.mark.parametrize("paid", [True, False])
def test_figures_are_as_of_the_last_run_or_of_the_late_one(feed, nightly, as_of, stale, paid):
    if feed is not None:
        fed(feed)
    if nightly is not None:
        night(nightly)
    if paid:
        PaymentFactory()

    found = freshness(at=AT)

    assert found.at == AT - as_of * HOUR
    assert (found.feed_is_stale, found.night_is_stale) == stale
    assert found.is_stale == any(stale)


def test_nothing_came_yet():
    found = freshness(at=AT)

    assert (found.at, found.is_stale, found.booked_on) == (None, False, None)


def test_only_a_finished_night_of_the_newest_day_counts():
    night(30)
    night(1, state=JobState.FAILED)
    night(2, day=AT.date() - dt.timedelta(days=20), shard="2")  # by hand, of an earlier day

    assert freshness(at=AT).at == AT - 30 * HOUR


def test_late_night_and_what_was_set_aside_are_found():
    night(25)
    assert not _names()
    JobRun.objects.update(finished_at=AT - 27 * HOUR)
    JobFailure.objects.create(
        job="x", object_ref="1", reason="x", first_at=AT, last_at=AT, is_set_aside=True
    )

    assert _names() == {"night", "jobs"}


def _names():
    return {finding.name for finding in findings(at=AT)} & {"night", "jobs", "feed"}

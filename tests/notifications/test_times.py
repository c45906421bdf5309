"""Quiet hours and the digest's hour in Warsaw, over midnight and when clocks are moved."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eboks.clock import WARSAW
from eboks.notifications import times
from eboks.notifications.models import Channel, DeliveryTimes
from eboks.notifications.registry import MessageKind
from tests.factories import UserFactory

NIGHT = (dt.time(22), dt.time(7))
NOON = (dt.time(12), dt.time(13, 30))
NEWS = MessageKind(name="n", title="n", channels=(Channel.EMAIL,))
SECURITY = MessageKind(name="s", title="s", channels=(Channel.EMAIL,), security=True)


def warsaw(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (NIGHT, "2026-11-26 23:10", "2026-11-27 07:00"),
        (NIGHT, "2026-11-27 03:00", "2026-11-27 07:00"),
        (NIGHT, "2026-11-27 06:59", "2026-11-27 07:00"),
        (NIGHT, "2026-11-27 07:00", "2026-11-27 07:00"),
        (NIGHT, "2026-11-27 21:59", "2026-11-27 21:59"),
        (NIGHT, "2026-11-27 22:00", "2026-11-28 07:00"),
        (NOON, "2026-11-27 12:15", "2026-11-27 13:30"),
        (NOON, "2026-11-27 13:30", "2026-11-27 13:30"),
        ((dt.time(8), dt.time(8)), "2026-11-27 08:00", "2026-11-27 08:00"),
        # The night when an hour is skipped (29 March) and the one with an hour twice (25 October).
        (NIGHT, "2026-03-28 23:00", "2026-03-29 07:00"),
        (NIGHT, "2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_quiet_time_ends(hours, at, until):
    assert times.quiet_end(*hours, at=warsaw(at)) == warsaw(until)


def test_night_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    spring = times.quiet_end(*NIGHT, at=warsaw("2026-03-28 22:00"))
    autumn = times.quiet_end(*NIGHT, at=warsaw("2026-10-24 22:00"))

    # Seen from UTC: the wall clock alone would say nine hours both times.
    assert spring - warsaw("2026-03-28 22:00").astimezone(dt.UTC) == dt.timedelta(hours=8)
    assert autumn - warsaw("2026-10-24 22:00").astimezone(dt.UTC) == dt.timedelta(hours=10)


def test_skipped_hour_comes_when_clocks_have_moved():
    moment = times.next_moment(dt.time(2, 30), after=warsaw("2026-03-29 00:10"))

    assert moment.astimezone(dt.UTC) == dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC) or (
        moment.astimezone(dt.UTC) == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)
    )


def test_hour_that_comes_twice_counts_once():
    first = times.next_moment(dt.time(2, 30), after=warsaw("2026-10-25 00:10"))
    second = times.next_moment(dt.time(2, 30), after=warsaw("2026-10-25 04:00"))

    assert first == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert second == warsaw("2026-10-26 02:30")


@given(seconds=st.integers(0, 6 * 365 * 24 * 3600), hour=st.times())
def test_next_moment_is_later_and_within_a_day(seconds, hour):
    after = warsaw("2024-01-01") + dt.timedelta(seconds=seconds)
    after = after.astimezone(dt.UTC)
    moment = times.next_moment(hour, after=after)

    assert dt.timedelta(0) < moment - after <= dt.timedelta(hours=26)


@pytest.mark.django_db
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_message_waits_for_the_end_of_quiet_time(channel):
    user = UserFactory()
    DeliveryTimes.objects.create(user=user, quiet_from=dt.time(22), quiet_to=dt.time(7))
    at = warsaw("2026-11-26 23:10")

    found = times.waiting(kind=NEWS, channel=channel, user=user, at=at)
    assert found["send_after"] == warsaw("2026-11-27 07:00")
    assert times.waiting(kind=SECURITY, channel=channel, user=user, at=at) == {"send_after": at}


@pytest.mark.django_db
def test_bell_does_not_wait():
    user = UserFactory()
    DeliveryTimes.objects.create(user=user, quiet_from=dt.time(22), quiet_to=dt.time(7))
    at = warsaw("2026-11-26 23:10")

    assert times.waiting(kind=NEWS, channel=Channel.BELL, user=user, at=at) == {"send_after": at}

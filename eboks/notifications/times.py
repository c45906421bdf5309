"""When a message may go out: quiet hours and the digest, in Warsaw's time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from eboks.accounts.models import User
from eboks.clock import WARSAW
from eboks.notifications.models import Channel, DeliveryTimes
from eboks.notifications.registry import MessageKind

_ONE_DAY = dt.timedelta(days=1)


def waiting(*, kind: MessageKind, channel: Channel, user: User, at: dt.datetime) -> dict[str, Any]:
    """`send_after` and `in_digest` of a message queued at `at`. Security never waits."""
    if kind.security or channel == Channel.BELL:
        return {"send_after": at}
    return waiting_by(DeliveryTimes.objects.filter(user=user).first(), channel=channel, at=at)


def waiting_by(times: DeliveryTimes | None, *, channel: Channel, at: dt.datetime) -> dict[str, Any]:
    """The same of a message that may wait, for a person with these times."""
    if times is None or channel == Channel.BELL:
        return {"send_after": at}
    if channel == Channel.EMAIL and times.digest_at is not None:
        return {"send_after": next_moment(times.digest_at, after=at), "in_digest": True}
    if times.quiet_from is None or times.quiet_to is None:
        return {"send_after": at}
    return {"send_after": quiet_end(times.quiet_from, times.quiet_to, at=at)}


def quiet_end(start: dt.time, end: dt.time, *, at: dt.datetime) -> dt.datetime:
    """The end of the quiet time that `at` falls into, or `at` itself outside it.

    The time may run over midnight (22:00-7:00); equal hours mean no quiet time.
    """
    now = at.astimezone(WARSAW).time()
    over_midnight = now >= start or now < end
    is_quiet = over_midnight if start > end else start <= now < end
    return next_moment(end, after=at) if is_quiet else at


def next_moment(hour: dt.time, *, after: dt.datetime) -> dt.datetime:
    """The first moment later than `after` when clocks in Warsaw show `hour`.

    An hour that is skipped in spring comes when the clocks have been moved; one that comes twice
    in autumn counts the first time, or the second when the first has passed.
    """
    day = after.astimezone(WARSAW).date()
    for shift in range(3):
        for fold in (0, 1):
            moment = dt.datetime.combine(day + shift * _ONE_DAY, hour, WARSAW).replace(fold=fold)
            moment = moment.astimezone(dt.UTC)
            if moment > after:
                return moment
    raise AssertionError("a day has every hour")  # pragma: no cover

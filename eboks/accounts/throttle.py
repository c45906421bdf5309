"""Failed log-ins, counted in the shared cache: per account, per address, per trusted browser.

A failure holds one of a limit's slots until the slot expires, so the window slides. Slots are
taken before the password is looked at and given back when it was right, with `cache.add`, which
is atomic: tries in parallel share the same slots. Known, unknown and inactive accounts are counted
alike, and nothing here blocks the password reset or a browser that has logged in before.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core.cache import cache

STREAK_SECONDS = 30 * 24 * 3600


class Throttled(Exception):  # noqa: N818 -- an outcome, not an error
    """Too many failures. `seconds` until the next try makes sense; None: only a reset helps."""

    def __init__(self, seconds: int | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` failures in `seconds` for what `key` names.

    With `grows`, each further round of `amount` failures in a row doubles the time that a failure
    counts, up to `settings.LOGIN_DELAY_LIMIT_SECONDS`.
    """

    key: str
    amount: int
    seconds: int
    grows: bool = False


@dataclass(slots=True)
class Attempt:
    """One try that took its slots. Finish it with `succeeded` or `failed`."""

    streak_key: str
    slots: list[str] = field(default_factory=list)

    def succeeded(self) -> None:
        """The password was right: the try counts nowhere and the row of failures ends."""
        cache.delete_many([*self.slots, self.streak_key])

    def failed(self) -> None:
        """Lengthens the row of failures."""
        cache.add(self.streak_key, 0, STREAK_SECONDS)
        try:
            cache.incr(self.streak_key)
            cache.touch(self.streak_key, STREAK_SECONDS)  # the database cache forgets it in incr
        except ValueError:  # expired between the two
            cache.set(self.streak_key, 1, STREAK_SECONDS)


def begin(*, limits: Sequence[Limit], streak_key: str, at: float, capped: bool) -> Attempt:
    """Takes a slot of each limit at the moment `at` (seconds since 1970).

    With `capped`, a row of `settings.LOGIN_FAILURES_IN_A_ROW` failures ends the trying.

    Raises Throttled, taking nothing, when a limit is used up.
    """
    streak = int(cache.get(streak_key, 0))
    if capped and streak >= settings.LOGIN_FAILURES_IN_A_ROW:
        raise Throttled(None)
    attempt = Attempt(streak_key=streak_key)
    for limit in limits:
        slot = _take(limit, streak=streak, at=at)
        if isinstance(slot, int):
            cache.delete_many(attempt.slots)
            raise Throttled(slot)
        attempt.slots.append(slot)
    return attempt


def forget(*, key: str, streak_key: str, amount: int) -> None:
    """After a password reset: the account's failures no longer count."""
    cache.delete_many([*(_slot(key, n) for n in range(amount)), streak_key])


def account_key(account: str) -> str:
    """Key for an account, by its id or by what was typed when no account is known by it."""
    return f"login:account:{_digest(account)}"


def address_key(ip: str) -> str:
    """Key for a client's address; an IPv6 customer is a /64."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return f"login:ip:{_digest(ip)}"
    if isinstance(address, ipaddress.IPv6Address):
        address = ipaddress.IPv6Network((address, 64), strict=False).network_address
    return f"login:ip:{address}"


def _take(limit: Limit, *, streak: int, at: float) -> str | int:
    """The slot that was free and is ours now, or the seconds until one is free."""
    seconds = _duration(limit, streak)
    slots = [_slot(limit.key, n) for n in range(limit.amount)]
    held: dict[str, float] = cache.get_many(slots)
    for slot in slots:
        if slot not in held and cache.add(slot, at + seconds, seconds):
            return slot
    held = cache.get_many(slots) or {slots[0]: at + seconds}
    return max(1, round(min(held.values()) - at))


def _duration(limit: Limit, streak: int) -> int:
    if not limit.grows:
        return limit.seconds
    doubled: int = limit.seconds * 2 ** min(streak // limit.amount, 16)
    return min(doubled, settings.LOGIN_DELAY_LIMIT_SECONDS)


def _slot(key: str, n: int) -> str:
    return f"{key}:{n}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:32]

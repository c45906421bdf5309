"""Where a policy, or a required risk, stands on a day (domain 5). Pure; nothing of it is stored.

Days are business dates in Warsaw (`eboks.clock.today`), so no clock change can shorten them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from insurance.enums import PolicyStatus, Verification

EXPIRING_DAYS = 30
_ONE_DAY = dt.timedelta(days=1)
# On its way to the lessor: the client has done the first step.
DELIVERED = (Verification.TO_VERIFY, Verification.RETURNED, Verification.VERIFIED)


class Dated(Protocol):
    """A policy, or what stands for it: `insurance.models.Policy` fits."""

    @property
    def valid_from(self) -> dt.date: ...
    @property
    def valid_to(self) -> dt.date: ...
    @property
    def terminated_on(self) -> dt.date | None: ...
    @property
    def verification(self) -> str: ...
    @property
    def replaced_by_id(self) -> int | None: ...


def last_day(policy: Dated) -> dt.date:
    """The last day of cover: a termination may shorten it, never lengthen."""
    if policy.terminated_on is None:
        return policy.valid_to
    return min(policy.terminated_on, policy.valid_to)


def next_day(day: dt.date) -> dt.date:
    """The day after; of the last day of the calendar („bezterminowo” of some systems) itself."""
    return day if day == dt.date.max else day + _ONE_DAY


def policy_status(policy: Dated, *, today: dt.date) -> PolicyStatus:
    """The state of one policy on the day `today`.

    The first that fits of: withdrawn, terminated, replaced by the lessor, waiting to be checked,
    returned, not begun, ending within 30 days, in force, over. A policy terminated with a day
    still to come covers until that day and is not yet terminated.
    """
    end = last_day(policy)
    if policy.verification == Verification.WITHDRAWN:
        return PolicyStatus.WITHDRAWN
    if end < policy.valid_to and (end < today or end < policy.valid_from):
        return PolicyStatus.TERMINATED
    if policy.replaced_by_id is not None:
        return PolicyStatus.REPLACED_BY_LESSOR
    if policy.verification == Verification.TO_VERIFY:
        return PolicyStatus.TO_VERIFY
    if policy.verification == Verification.RETURNED:
        return PolicyStatus.RETURNED
    if today < policy.valid_from:
        return PolicyStatus.UPCOMING
    if today > end:
        return PolicyStatus.EXPIRED
    if ends_soon(end, today=today):
        return PolicyStatus.EXPIRING
    return PolicyStatus.ACTIVE


def ends_soon(end: dt.date, *, today: dt.date) -> bool:
    """Whether cover that ends on `end` has 30 days or fewer to run (its last day included)."""
    return (end - today).days <= EXPIRING_DAYS


def covers(policy: Dated, day: dt.date) -> bool:
    """Whether a checked policy covers `day`; both its first and its last day count."""
    is_checked = policy.verification == Verification.VERIFIED
    return is_checked and policy.valid_from <= day <= last_day(policy)


def covered_until(policies: Sequence[Dated], *, today: dt.date) -> dt.date | None:
    """The last day of unbroken cover by checked policies from `today`; None without cover today.

    A policy that begins on the day after another ends goes on without a break.
    """
    until: dt.date | None = None
    for policy in sorted(policies, key=lambda policy: policy.valid_from):
        if policy.verification != Verification.VERIFIED:
            continue
        start, end = policy.valid_from, last_day(policy)
        if end < today or end < start:
            continue
        if until is None:
            if start > today:
                return None
            until = end
        elif start <= next_day(until):
            until = max(until, end)
    return until


def risk_status(
    policies: Sequence[Dated],
    *,
    required: bool,
    today: dt.date,
    needed_until: dt.date | None = None,
) -> PolicyStatus | None:
    """The state of one risk of one asset: `policies` are all that name the risk.

    None: not required and not covered. `needed_until` is the last day on which the lessor asks for
    the risk (the end of the contract): cover that lasts until then needs nobody. Within 30 days of
    the end of a required risk it says what the following policy waits for: the document, the
    check, or the correction.
    """
    until = covered_until(policies, today=today)
    if until is None:
        return PolicyStatus.MISSING if required else None
    if not ends_soon(until, today=today):
        return PolicyStatus.ACTIVE
    if not required or (needed_until is not None and until >= needed_until):
        return PolicyStatus.EXPIRING
    following = {policy.verification for policy in policies if _follows(policy, until)}
    if Verification.TO_VERIFY in following:
        return PolicyStatus.TO_VERIFY
    if Verification.RETURNED in following:
        return PolicyStatus.RETURNED
    return PolicyStatus.AWAITING_DOCUMENT


def _follows(policy: Dated, until: dt.date) -> bool:
    """Whether `policy`, checked or not, was sent in to go on after `until` without a break."""
    delivered = policy.verification in DELIVERED
    return delivered and policy.valid_from <= next_day(until) <= last_day(policy)

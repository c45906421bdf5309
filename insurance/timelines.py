"""Cover of one risk over time: which days a policy covers, which none does, which two do. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from insurance.cover import Part
from insurance.requirements import Window
from insurance.statuses import next_day

_ONE_DAY = dt.timedelta(days=1)


class State(StrEnum):
    COVERED = "covered"
    DOUBLE = "double"
    GAP = "gap"  # required, and no checked policy
    OPEN = "open"  # the same, after the last policy and still to come: time to renew
    NONE = "none"  # neither covered nor required


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days, both included, on which nothing changes."""

    first: dt.date
    last: dt.date
    state: State
    parts: tuple[Part, ...] = ()

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def timeline(
    parts: Sequence[Part],
    windows: Sequence[Window],
    *,
    first: dt.date,
    last: dt.date,
    today: dt.date,
) -> list[Stretch]:
    """The days from `first` to `last` of one risk, without a hole between stretches.

    `windows` say when the risk is required. Raises ValueError when `last` is before `first`.
    """
    if last < first:
        raise ValueError("a timeline needs a day")
    checked = [part for part in parts if part.is_checked]
    spans = [(part.policy.valid_from, part.last) for part in checked]
    spans += [(window.first, window.last) for window in windows]
    starts = {first, today + _ONE_DAY}
    for start, end in spans:
        starts |= {start, next_day(end)}
    days = sorted(day for day in starts if first <= day <= last)
    ends = [day - _ONE_DAY for day in days[1:]] + [last]
    last_covered = max((part.last for part in checked), default=today)
    found: list[Stretch] = []
    for start, end in zip(days, ends, strict=True):
        here = tuple(part for part in checked if part.policy.valid_from <= start <= part.last)
        is_required = any(window.first <= start <= window.last for window in windows)
        is_after = start > max(last_covered, today)
        _add(found, Stretch(start, end, _state(here, is_required, is_after), here))
    return found


def _state(here: Sequence[Part], is_required: bool, is_after: bool) -> State:
    if here:
        return State.DOUBLE if len(here) > 1 else State.COVERED
    if not is_required:
        return State.NONE
    return State.OPEN if is_after else State.GAP


def _add(found: list[Stretch], new: Stretch) -> None:
    before = found[-1] if found else None
    if before and (before.state, before.parts) == (new.state, new.parts):
        found[-1] = Stretch(before.first, new.last, new.state, new.parts)
    else:
        found.append(new)


def gaps(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches of required days that no checked policy covers; those to come too."""
    return [stretch for stretch in stretches if stretch.state in (State.GAP, State.OPEN)]

"""Whether a client owes money: the answer lives above this room and is registered from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from eboks.tenancy.models import Company

ArrearsCheck = Callable[[Company, dt.date], bool]

_checks: dict[str, ArrearsCheck] = {}


def set_arrears_check(check: ArrearsCheck) -> None:
    """Called once, in `AppConfig.ready()` of the room that knows what is owed."""
    _checks["arrears"] = check


def has_arrears(company: Company, *, on: dt.date) -> bool:
    """Whether `company` has anything past its due date on the day `on`.

    Raises RuntimeError when no room has registered the check: nothing is authorised unchecked.
    """
    if "arrears" not in _checks:
        raise RuntimeError("no room has registered the check of arrears")
    return _checks["arrears"](company, on)

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from eboks import clock
from eboks.jobs import nights


@pytest.fixture
def duties(monkeypatch) -> Callable[..., None]:
    """The night has no duties but those that the test adds."""
    monkeypatch.setattr(nights, "_duties", {})

    def add(name: str, run: Any = lambda night: None, **more: Any) -> None:
        nights.add_duty(name, run, title=f"Praca {name}", **more)

    return add


def warsaw(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=clock.WARSAW)

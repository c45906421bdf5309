"""The clock of these tests moves the cache's clock too."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.core.cache import cache


class Clock:
    """time-machine's clock. Redis keeps its own time, so a move ages what it holds by as much."""

    def __init__(self, machine: Any, *, with_redis: bool) -> None:
        self.machine = machine
        self.with_redis = with_redis

    def move_to(self, moment: str | dt.datetime, *, tick: bool = True) -> None:
        before = time.time()
        self.machine.move_to(moment, tick=tick)
        if self.with_redis:
            self._age(time.time() - before)

    def _age(self, seconds: float) -> None:
        redis = cache._cache.get_client()  # type: ignore[attr-defined]
        for key in redis.scan_iter():
            left = redis.pttl(key)
            if left > 0:
                redis.pexpire(key, round(left - 1000 * seconds))  # zero or less deletes it


@pytest.fixture
def time_machine(time_machine: Any, settings: Any) -> Clock:
    return Clock(time_machine, with_redis=bool(settings.REDIS_URL))

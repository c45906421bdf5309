"""Sums are kept while the cache is there, and made anew while it is not."""

from __future__ import annotations

import pytest
from django.test import override_settings

from eboks.caching import keep, kept
from invoicing.totals import WORTH_KEEPING, Kept

NOBODY = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/1",  # no server listens there
    }
}


def asked_twice():
    """How many times a sum that is asked for twice is made."""
    made = []

    def make():
        made.append(1)
        return 42

    for _time in range(2):
        assert Kept("person").value("sum", make, rows=lambda found: WORTH_KEEPING) == 42
    return len(made)


@pytest.mark.django_db
def test_sum_is_made_once():
    assert asked_twice() == 1


@override_settings(CACHES=NOBODY)
def test_sum_is_made_anew_while_the_cache_is_away():
    keep({"a": 1}, 60)

    assert kept(["a"]) == {}
    assert asked_twice() == 2

"""The cache as something that may be away: a table in the demo, Redis in production."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache import cache, caches


def cache_errors() -> tuple[type[Exception], ...]:
    """What the cache raises when its server is down; for `except cache_errors():`.

    Redis's client is loaded only where the cache is Redis: it takes half a second.
    """
    if "redis" not in type(caches["default"]).__module__:
        return ()
    from redis.exceptions import RedisError  # noqa: PLC0415 -- see above

    return (RedisError, OSError)


def kept(keys: Iterable[str]) -> dict[str, Any]:
    """What the cache knows of `keys`; nothing while its server is down: make it anew then."""
    try:
        return cache.get_many(keys)
    except cache_errors():
        return {}


def keep(values: Mapping[str, Any], seconds: int) -> None:
    """Keeps `values` for `seconds`, if the cache is there."""
    with contextlib.suppress(*cache_errors()):
        cache.set_many(dict(values), seconds)

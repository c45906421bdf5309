"""The cache as something that may be away: a table in the demo, Redis in production."""

from __future__ import annotations

from django.core.cache import caches


def cache_errors() -> tuple[type[Exception], ...]:
    """What the cache raises when its server is down; for `except cache_errors():`.

    Redis's client is loaded only where the cache is Redis: it takes half a second.
    """
    if "redis" not in type(caches["default"]).__module__:
        return ()
    from redis.exceptions import RedisError  # noqa: PLC0415 -- see above

    return (RedisError, OSError)

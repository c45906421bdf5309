"""One import at a time. The lock dies with its holder, so a crash leaves nothing to clean."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from eboks.feeds.dialect import is_postgresql

_KEY = 0x65424F4B_66656564  # "eBOKfeed": an advisory lock of the whole database


class AlreadyRunningError(Exception):
    """Another import holds the lock."""


@contextmanager
def only_import() -> Iterator[None]:
    """Hold the import lock: in PostgreSQL's session, or on a file beside the SQLite database.

    Raises AlreadyRunningError at once when somebody else holds it.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_KEY])
            if not cursor.fetchone()[0]:
                raise AlreadyRunningError
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_KEY])
        return
    path = Path(settings.DATA_DIR) / "import-feed.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError from None
        yield

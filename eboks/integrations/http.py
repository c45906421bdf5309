"""Calling other people's servers: TLS verified, no redirects, no proxy, short and bounded waits.

Only an address from the settings is called (SEC-92). http.client follows no redirect by itself: an
answer 3xx is an answer like any other, for the caller to refuse.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
_MOST_BYTES = 64 * 1024


class NotSentError(Exception):
    """The request never reached the server."""


class NoAnswerError(Exception):
    """The request left, the answer did not come whole: the server may have done what it asked."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
    """One POST. `url` is http(s); its certificate must be good. The body read is at most 64 kB.

    Raises `NotSentError` or `NoAnswerError`.
    """
    connection = _connection(url)
    try:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            raise NotSentError(_short(error)) from None
        try:
            return _exchange(connection, _path(url), body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(_short(error)) from None
    finally:
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            parts.netloc, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(parts.netloc, timeout=CONNECT_SECONDS)


def _exchange(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
) -> HttpAnswer:
    ends_at = time.monotonic() + READ_SECONDS  # however slowly the body drips
    socket = connection.sock
    socket.settimeout(READ_SECONDS)
    connection.request("POST", path, body=body, headers=dict(headers))
    answer = connection.getresponse()
    found = b""
    while len(found) <= _MOST_BYTES and not answer.isclosed():
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        socket.settimeout(left)
        part = answer.read1(_MOST_BYTES)
        if not part:
            break
        found += part
    return HttpAnswer(answer.status, found[:_MOST_BYTES])


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:150]

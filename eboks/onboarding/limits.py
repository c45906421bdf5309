"""How often a stranger may do something here (`ACCOUNT_RATE_LIMITS`)."""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse


def too_often(
    request: HttpRequest, action: str, *, key: str | None = None, reads: bool = False
) -> HttpResponse | None:
    """The page that says to come back later (429), or None. `key` counts apart from the address;
    with `reads` a GET counts too.
    """
    answer: HttpResponse | None = ratelimit.consume_or_429(
        request, action=action, key=key, limit_get=reads
    )
    return answer

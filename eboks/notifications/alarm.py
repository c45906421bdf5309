"""Failures of the SMS gateway in a row: an alarm, and a short rest for it (FI-10, SEC-92)."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.cache import cache

from eboks.events import security_event

log = structlog.get_logger("ebok.sms")

_FAILURES, _RESTING = "sms:failures", "sms:resting"
_REMEMBER_SECONDS = 3600


def note(*, worked: bool) -> None:
    """Counts one call of the gateway."""
    if worked:
        if cache.get(_FAILURES):
            cache.delete_many([_FAILURES, _RESTING])
            security_event("sms_gateway_up", result="ok")
        return
    cache.add(_FAILURES, 0, _REMEMBER_SECONDS)
    try:
        failures = cache.incr(_FAILURES)
    except ValueError:  # it ran out in between
        failures = 1
    if failures >= settings.SMS_FAILURES_FOR_ALARM:
        cache.set(_RESTING, 1, settings.SMS_REST_SECONDS)
    if failures == settings.SMS_FAILURES_FOR_ALARM:
        log.error("SMS gateway is down", failures=failures)
        security_event("sms_gateway_down", result="failed", failures=failures)


def is_resting() -> bool:
    """Whether the gateway is left alone for the moment."""
    return cache.get(_RESTING) is not None


def is_down() -> bool:
    """Whether codes by SMS are not going out now: pages offer another way (SEC-45)."""
    failures = cache.get(_FAILURES)
    return failures is not None and failures >= settings.SMS_FAILURES_FOR_ALARM

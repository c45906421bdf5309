"""Where log lines go and how they look: JSON in UTC on standard error, plain lines in the demo."""

from __future__ import annotations

import re
from typing import Any

import structlog

# The last part of a link from a mail (password reset, activation, …) or to a calendar is a key.
_LINK_KEY = re.compile(r"(/(?:konto|dostep)/[^\s?\"']*/|/kalendarz/)[^/\s?\"']{20,}")


def config(*, level: str, plain: bool = False) -> dict[str, Any]:
    """Django's LOGGING: every logger to standard error, with the traceback of an exception.

    Django's own default prints nothing about a failed request when DEBUG is off.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_keys,
    ]
    last = (
        # Plain: the default prints the values of local variables, clients' data among them.
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
        if plain
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    if not plain:
        render.insert(1, structlog.processors.format_exc_info)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": render,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django attaches its own handlers to these; ours is on the root.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # It warns of each HEAD request: Django leaves dropping the body to the server.
            "gunicorn.http.wsgi": {"level": "ERROR"},
        },
    }


def _without_keys(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    event["event"] = _LINK_KEY.sub(r"\1***", str(event.get("event", "")))
    return event

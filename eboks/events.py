"""Security events as structured log lines: who, what, how it ended. Never secrets.

The request id and address join from the context (`eboks.security`). The table of events is in
docs/security.md; `tests/security/test_docs.py` holds it to the code.
"""

from __future__ import annotations

from typing import Any, Literal

import structlog

Result = Literal["ok", "failed", "throttled", "refused", "started"]

log = structlog.get_logger("ebok.security")


def security_event(
    event: str, *, result: Result, actor_id: int | None = None, **facts: Any
) -> None:
    """Writes one line. `facts` are ids, counts and names of routes, never what a person typed."""
    write = log.info if result in {"ok", "started"} else log.warning
    write(event, result=result, actor_id=actor_id, **facts)

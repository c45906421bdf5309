from __future__ import annotations

import datetime as dt

import pytest

from eboks.audit.services import record

AT = dt.datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=dt.UTC)


@pytest.fixture
def write():
    """`write(n, company=…)` adds n entries, a minute apart, and gives them back."""

    def entries(n, **what):
        return [
            record(
                **{
                    "event": "invoice_downloaded",
                    "at": AT + dt.timedelta(minutes=minute),
                    "facts": {"number": f"FV/{minute}"},
                    **what,
                }
            )
            for minute in range(n)
        ]

    return entries

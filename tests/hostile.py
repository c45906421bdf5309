"""Guards that make every test run hostile to two faults that a friendly run hides.

An unknown variable in one of our templates raises instead of printing nothing. Rows asked for
without an order come in another order than they were written, and fetching a part of them raises.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.template.base import Node

_ROOT = Path(settings.BASE_DIR)
_TEMPLATES = str(_ROOT / "templates")
_OURS = {"eboks", "contracts", "invoicing", "insurance", "requests_app"}


class UnknownVariable(str):
    """Django prints this in place of a variable it cannot find, after `%` with the name.

    allauth's and Django's own templates lean on missing variables, so they go on as usual.
    """

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        return part == "%s"

    def __bool__(self) -> bool:
        return True

    def __mod__(self, variable: Any) -> str:
        template = _template_of(sys._getframe(1))
        if template.startswith(_TEMPLATES):
            raise LookupError(f"{template}: unknown variable {variable!s}")
        return ""


def _template_of(frame: FrameType | None) -> str:
    """File of the innermost node that is being rendered."""
    while frame is not None:
        node = frame.f_locals.get("self")
        origin = getattr(node, "origin", None) if isinstance(node, Node) else None
        if origin is not None:
            return str(origin.name)
        frame = frame.f_back
    return ""


def turn_unordered_rows(patch: Any) -> None:
    """Unordered rows arrive reversed; fetching a part of them is an error.

    A sliced subquery, a count and `get()` ask for no order and may go without one.
    """
    fetch = QuerySet._fetch_all

    def fetch_reversed(rows: Any) -> None:
        if rows._result_cache is not None or rows.ordered or not _is_ours(rows.model):
            fetch(rows)
            return
        if rows.query.is_sliced and not _within_get(sys._getframe(1)):
            raise LookupError(f"a part of {rows.model.__name__} rows is fetched without an order")
        fetch(rows)
        rows._result_cache.reverse()  # type: ignore[attr-defined] # fetched just above

    patch.setattr(QuerySet, "_fetch_all", fetch_reversed)


def _is_ours(model: Any) -> bool:
    return str(model.__module__).split(".")[0] in _OURS


def _within_get(frame: FrameType | None) -> bool:
    """Whether Django's `get()` fetches: it limits the rows to notice a second one."""
    while frame is not None and "/django/db/models/query.py" in frame.f_code.co_filename:
        if frame.f_code.co_name == "get":
            return True
        frame = frame.f_back
    return False

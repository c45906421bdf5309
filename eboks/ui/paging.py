"""One way to page a list: `?strona=` and `?rozmiar=`, the size remembered for the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE = "strona"
SIZE = "rozmiar"
SIZES = (25, 50, 100)
DEFAULT_SIZE = 25


def paginate(
    request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], *, total: int | None = None
) -> Page[Any]:
    """The page of `rows` that the address asks for; an odd page number shows the nearest page.

    Pass `total` when the count is known already (from the totals of the list), to save a query.
    Side effect: a size chosen with `?rozmiar=` is kept in the session.
    """
    paginator: Paginator[Any] = Paginator(rows, page_size(request))
    if total is not None:
        paginator.count = total  # a cached property: this fills it
    return paginator.get_page(request.GET.get(PAGE))


def page_size(request: HttpRequest) -> int:
    """Rows on a page: from the address, else as last chosen, else 25."""
    asked = request.GET.get(SIZE, "")
    for size in SIZES:
        if asked == str(size):  # not int(): anybody may send thousands of digits
            if request.session.get("page_size") != size:
                request.session["page_size"] = size
            return size
    kept = request.session.get("page_size")
    return kept if kept in SIZES else DEFAULT_SIZE

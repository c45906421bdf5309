"""One way to page a list: `?strona=` and `?rozmiar=`, the size remembered for the person."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE = "strona"
SIZE = "rozmiar"
SIZES = (25, 50, 100)
DEFAULT_SIZE = 25


def paginate(request: HttpRequest, rows: QuerySet[Any], *, total: int | None = None) -> Page[Any]:
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
    if asked.isascii() and asked.isdigit() and int(asked) in SIZES:
        if request.session.get("page_size") != int(asked):
            request.session["page_size"] = int(asked)
        return int(asked)
    kept = request.session.get("page_size")
    return kept if kept in SIZES else DEFAULT_SIZE

"""The ZIP of invoices: choosing on the list, page after page, and taking it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from eboks.exports.answers import answer, params_of
from eboks.http import PortalRequest
from eboks.tenancy.access import right_required
from eboks.tenancy.rights import Right
from invoicing import invoice_zip
from invoicing.list_exports import with_last_visit
from invoicing.models import Invoice
from invoicing.scope import scoped

_KEY = "invoice_pack"  # in the session: ids of the chosen invoices
_MOST_ON_PAGE = 200
_LONGEST_QUERY = 2_000


@require_POST
@right_required(Right.EXPORT_REPORTS)
def choose(request: PortalRequest) -> HttpResponse:
    """`/faktury/wybor/`: remembers what is ticked on the page of the list that was sent.

    Sent by htmx at each tick; without JavaScript by a button, which leads back to the list.
    """
    if request.POST.get("wyczysc"):
        request.session[_KEY] = []
    else:
        _remember(request)
    if request.htmx:
        pack = pack_context(picked_ids(request), _list_query(request))
        return render(request, "invoicing/list.html#pack", {"pack": pack})
    return redirect(_list_address(request))


@require_POST
@right_required(Right.EXPORT_REPORTS)
def take(request: PortalRequest) -> HttpResponseBase:
    """`/faktury/paczka/`: the chosen invoices, those of the list with its filters, or the new ones.

    At once, or in the background when there are many; see `eboks.exports.answers`.
    """
    scope = request.POST.get("zakres", "")
    params: dict[str, Any]
    if scope == "chosen":
        _remember(request)
        params = {"scope": scope, "ids": picked_ids(request)}
    elif scope == "new":
        params = {"scope": scope}
    else:
        listed = params_of(_list_query(request))
        listed.pop("scope", None)
        params = with_last_visit(listed, request.user)
    return answer(request, invoice_zip.KIND, params=params, back=_list_address(request))


def picked_ids(request: PortalRequest) -> list[int]:
    """Ids of the invoices that were ticked, on whatever page of the list."""
    return list(request.session.get(_KEY, []))


def pack_context(picked: list[int], query: QueryDict) -> dict[str, Any]:
    """What the bar over the list shows: how many are ticked, and of which list."""
    return {"count": len(picked), "query": query.urlencode()}


def _remember(request: PortalRequest) -> None:
    """What was on the page counts as it was sent; what was chosen elsewhere stays."""
    shown = _ids(request, request.POST.getlist("na_stronie"))
    ticked = _ids(request, request.POST.getlist("wybrane"))
    if not shown:
        return
    kept = [pk for pk in picked_ids(request) if pk not in shown]
    request.session[_KEY] = [*kept, *sorted(ticked & shown)][: invoice_zip.MOST]


def _ids(request: PortalRequest, public_ids: list[str]) -> set[int]:
    """Ids of those invoices that the person may take out; anything else is left out."""
    known = set()
    for text in public_ids[:_MOST_ON_PAGE]:
        try:
            known.add(uuid.UUID(text))
        except ValueError:
            continue
    rows = scoped(request, Invoice.objects.all(), right=Right.EXPORT_REPORTS)
    return set(rows.filter(public_id__in=known).values_list("pk", flat=True))


def _list_query(request: PortalRequest) -> QueryDict:
    """What the address of the list asked for when the form was shown."""
    return QueryDict(request.POST.get("lista", "")[:_LONGEST_QUERY])


def _list_address(request: PortalRequest) -> str:
    """Where the form was shown, made anew from its parts: nothing of it leads elsewhere."""
    query = _list_query(request).urlencode()
    return reverse("invoicing:invoice_list") + (f"?{query}" if query else "")

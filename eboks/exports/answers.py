"""An export as an answer: at once when it is small, else ordered and shown in *Moje pliki*."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record_export
from eboks.documents.names import clean_file_name, content_disposition
from eboks.documents.responses import file_response, unavailable
from eboks.documents.xlsx import TooManyRowsError, too_many_rows
from eboks.exports import limits, services
from eboks.exports.limits import LimitError
from eboks.exports.making import content_type_of
from eboks.exports.models import ExportUse
from eboks.exports.registry import Export, ExportError, Extent, Order, export
from eboks.http import PortalRequest
from eboks.listing import clean_text

_LONGEST_VALUE = 200
_MOST_PARAMS = 40
# Of a page, not of what it shows.
_PAGING = {"strona", "rozmiar", "csrfmiddlewaretoken"}


def answer(
    request: PortalRequest,
    kind: str,
    *,
    params: Mapping[str, Any] | None = None,
    back: str = "",
) -> HttpResponseBase:
    """The export `kind` with the parameters of the address; the view has checked the right.

    A small file is the answer itself, written into the trail of its companies. A big one is
    ordered, and the person is shown where it will wait. Too many exports: 429; more rows than a
    file may hold: a page that says so, or the page at `back` with these words on top.
    """
    at = timezone.now()
    definition = export(kind)
    chosen = params_of(request.GET) if params is None else params
    try:
        extent = extent_of(definition, order_of(request, definition, chosen, at))
        if extent is None or is_big(definition, extent):
            return in_background(request, definition, chosen, extent=extent, at=at)
        use = limits.begin(owner=acting(request), kind=kind, at=at)
        order = order_of(request, definition, chosen, at)
        order.total = extent.count
        return _at_once(definition, order, use)
    except (ExportError, TooManyRowsError) as error:
        if not back:
            return unavailable(request, str(error))
        messages.error(request, str(error))
        return redirect(back)
    except LimitError as error:
        return too_many(request, error)


def _at_once(definition: Export, order: Order, use: ExportUse) -> HttpResponseBase:
    """The answer, holding the place `use` until its bytes are ready: all, or the last of them."""
    try:
        if definition.stream is not None:
            return _streamed(definition, order, definition.stream(order), use)
        order.out = tempfile.TemporaryFile()  # noqa: SIM115 -- the answer streams and closes it
        try:
            definition.build(order)
            _note(order)
        except BaseException:
            order.out.close()
            raise
    except BaseException:
        limits.let_go(use)
        raise
    limits.let_go(use)
    order.out.seek(0)
    return file_response(order.out, file_name=order.file_name, content_type=_content_type(order))


def _streamed(
    definition: Export, order: Order, pieces: Iterator[bytes], use: ExportUse
) -> HttpResponseBase:
    first = next(pieces)  # here it refuses, if it does, and says what the file is called
    _note(order)
    language = translation.get_language()

    def rest() -> Iterator[bytes]:
        try:
            yield first
            while True:
                with translation.override(language):  # the view has long ended
                    piece = next(pieces, None)
                if piece is None:
                    break
                yield piece
        finally:
            limits.let_go(use)
        # Only now has the last piece been taken: whoever went away in the middle never comes here.
        services.tell(definition, user=order.user, notes=order.notes, at=timezone.now())

    return streamed(rest(), file_name=order.file_name, content_type=_content_type(order))


def streamed(
    pieces: Iterator[bytes], *, file_name: str, content_type: str, size: int | None = None
) -> StreamingHttpResponse:
    """An answer that is taken piece by piece, so that its maker knows whether all of it went."""
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response["Content-Disposition"] = content_disposition(file_name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Accel-Buffering"] = "no"  # the first byte goes on at once
    if size is not None:
        response["Content-Length"] = str(size)
    return response


def _note(order: Order) -> None:
    record_export(name=order.file_name, companies=order.companies, actor=order.user, at=order.at)


def _content_type(order: Order) -> str:
    return order.content_type or content_type_of(clean_file_name(order.file_name))


def in_background(
    request: PortalRequest,
    definition: Export,
    params: Mapping[str, Any],
    *,
    extent: Extent | None,
    at: dt.datetime,
) -> HttpResponseBase:
    """Orders the file and goes to *Moje pliki*. Raises LimitError."""
    if request.viewer is not None:
        text = _("Duży plik powstaje w tle, a zamówić go może tylko sam klient.")
        return unavailable(request, text)
    words = extent.words if extent else ""
    title = f"{definition.title}: {words}" if words else str(definition.title)
    try:
        services.order(
            user=request.user,
            company=request.company,
            kind=definition.name,
            params=params,
            title=title,
            at=at,
        )
    except services.ExportFileError as error:
        return unavailable(request, str(error))
    text = _("Przygotowujemy plik. Możesz zająć się czymś innym: damy znać, gdy będzie gotowy.")
    messages.success(request, text)
    return redirect("exports:list")


def order_of(
    request: PortalRequest, definition: Export, params: Mapping[str, Any], at: dt.datetime
) -> Order:
    companies = [
        membership.company
        for membership in request.memberships
        if definition.right in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]
    return Order(
        user=request.user, company=request.company, companies=companies, params=params, at=at
    )


def extent_of(definition: Export, order: Order) -> Extent | None:
    """How much is asked for; None when the kind does not say. Raises TooManyRowsError."""
    if definition.measure is None:
        return None
    extent = definition.measure(order)
    if extent.count > definition.most:
        raise TooManyRowsError(too_many_rows(definition.most))
    return extent


def is_big(definition: Export, extent: Extent) -> bool:
    too_much = extent.count > definition.at_once or extent.bytes > definition.at_once_bytes
    return too_much or extent.slow


def acting(request: PortalRequest) -> User:
    """Whose export it is: of the lessor's staff, while they look through a client's eyes."""
    return request.viewer or request.user


def params_of(query: QueryDict) -> dict[str, Any]:
    """What the address asks for, without the paging. Odd values are cleaned, never an error."""
    found: dict[str, Any] = {}
    for name, values in list(query.lists())[:_MOST_PARAMS]:
        cleaned = [clean_text(value, _LONGEST_VALUE) for value in values[:_MOST_PARAMS]]
        kept = [value for value in cleaned if value]
        if kept and name not in _PAGING and name == clean_text(name):
            found[name] = kept if len(kept) > 1 else kept[0]
    return found


def too_many(request: HttpRequest, error: LimitError) -> HttpResponse:
    """The page of SEC-57: 429, with the seconds to wait."""
    response = render(request, "exports/limit.html", {"message": str(error)}, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response

"""Answers that carry a file. The caller has already checked who may read it."""

from __future__ import annotations

from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from eboks.documents.models import Document
from eboks.documents.names import content_disposition
from eboks.documents.services import DocumentDamagedError, open_checked

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def document_response(
    request: HttpRequest, document: Document, *, inline: bool = False
) -> HttpResponseBase:
    """The stored file after its SHA-256 was checked; a page that says why (503) when it differs.

    `inline` shows it in the browser, and only a page of this portal may frame it.
    """
    try:
        file = open_checked(document)
    except DocumentDamagedError as error:
        return unavailable(request, str(error))
    response = file_response(
        file, file_name=document.file_name, content_type=document.content_type, inline=inline
    )
    response["Content-Length"] = str(document.size)
    if inline:
        response["X-Frame-Options"] = "SAMEORIGIN"
        # django-csp reads this: one directive differs, for this answer only.
        response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    return response


def file_response(
    file: BinaryIO, *, file_name: str, content_type: str, inline: bool = False
) -> FileResponse:
    """A file of this very moment (an export), never kept by a cache."""
    response = FileResponse(file, content_type=content_type)
    response["Content-Disposition"] = content_disposition(file_name, inline=inline)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def unavailable(request: HttpRequest, message: str) -> HttpResponse:
    """A page in the portal's look: what happened to the file and what to do next."""
    return render(request, "documents/unavailable.html", {"message": message}, status=503)

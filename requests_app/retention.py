"""How long papers and files of requests stay: claims, from the decision (domain 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from eboks import clock
from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.retention.registry import DocumentClass, Facts, add_class
from eboks.tenancy.rights import Right
from requests_app.enums import ENDED
from requests_app.models import RequestFile, RequestPaper

PREFIX = "request_"  # of papers and of files


def register() -> None:
    """Called once, when the app is ready."""
    add_class(
        DocumentClass(
            name="request",
            title=_("wnioski: wydane dokumenty i dołączone pliki"),
            prefix=PREFIX,
            facts=_facts,
            links=_links,
            release=_release,
            right=Right.FILE_REQUESTS,
        )
    )


def _rows(documents: Sequence[Document]) -> list[Any]:
    keys = [document.pk for document in documents]
    papers = RequestPaper.objects.filter(document__in=keys)
    files = RequestFile.objects.filter(document__in=keys)
    wanted = ("request__contract", "document")
    return [*papers.select_related(*wanted), *files.select_related(*wanted)]


def _facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    """From the day when the matter ended; an open one has no day yet, so its files stay."""
    found: dict[int, Facts] = {}
    for row in _rows(documents):
        request = row.request
        days = {Basis.DECIDED: clock.today(request.changed_at)} if request.status in ENDED else {}
        numbers = {request.contract.number} if request.contract else set()
        found[row.document_id] = Facts(days, contract_numbers=frozenset(numbers))
    return found


def _links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    return {
        row.document_id: (
            row.document.file_name,
            reverse("requests_app:detail", args=[row.request.public_id]),
        )
        for row in _rows(documents)
    }


def _release(document_ids: Sequence[int]) -> None:
    RequestPaper.objects.filter(document__in=document_ids).update(document=None)
    RequestFile.objects.filter(document__in=document_ids).update(document=None)

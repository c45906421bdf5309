"""How long photographs and papers of claims stay: from the day when the claim ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from eboks import clock
from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.retention.registry import DocumentClass, Facts, add_class
from eboks.tenancy.rights import Right
from insurance.claim_files import KEY
from insurance.enums import CLAIMS_ENDED
from insurance.models import ClaimFile


def register() -> None:
    """Called once, when the app is ready."""
    add_class(
        DocumentClass(
            name="claim_file",
            title=_("szkody: zdjęcia i dokumenty"),
            prefix=f"{KEY}:",
            facts=_facts,
            links=_links,
            release=_release,
            right=Right.VIEW_INSURANCE,
        )
    )


def _rows(documents: Sequence[Document]) -> list[ClaimFile]:
    keys = [document.pk for document in documents]
    rows = ClaimFile.objects.filter(document__in=keys).order_by("pk")
    return list(rows.select_related("claim__contract", "document"))


def _facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    """An open claim has no day yet, so its files stay."""
    found: dict[int, Facts] = {}
    for row in _rows(documents):
        claim = row.claim
        ended = claim.status in CLAIMS_ENDED
        days = {Basis.DECIDED: clock.today(claim.changed_at)} if ended else {}
        if row.document_id is not None:
            found[row.document_id] = Facts(
                days, contract_numbers=frozenset({claim.contract.number})
            )
    return found


def _links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    return {
        row.document_id: (
            row.document.file_name,
            reverse("insurance:claim", args=[row.claim.public_id]),
        )
        for row in _rows(documents)
        if row.document_id is not None and row.document is not None
    }


def _release(document_ids: Sequence[int]) -> None:
    ClaimFile.objects.filter(document__in=document_ids).update(document=None)

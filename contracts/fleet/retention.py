"""How long photos of odometers stay: claims, from the day of the reading (domain 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contracts.fleet.mileage_entry import KEY
from contracts.fleet.models import MileageReading
from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.retention.registry import DocumentClass, Facts, add_class
from eboks.tenancy.rights import Right


def register() -> None:
    """Called once, when the app is ready."""
    add_class(
        DocumentClass(
            name=KEY,
            title=_("zdjęcia liczników"),
            prefix=f"{KEY}:",
            facts=_facts,
            links=_links,
            release=_release,
            right=Right.VIEW_VEHICLES,
        )
    )


def _rows(documents: Sequence[Document]) -> QuerySet[Any]:
    found: QuerySet[Any] = MileageReading.objects.filter(
        photo__in=[document.pk for document in documents]
    )
    return found.select_related("asset__contract", "photo")


def _facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    return {
        row.photo_id: Facts(
            {Basis.CREATED: row.on}, contract_numbers=frozenset({row.asset.contract.number})
        )
        for row in _rows(documents)
    }


def _links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    return {
        row.photo_id: (
            row.photo.file_name,
            reverse("vehicles:detail", args=[row.asset.public_id]),
        )
        for row in _rows(documents)
    }


def _release(document_ids: Sequence[int]) -> None:
    MileageReading.objects.filter(photo__in=document_ids).update(photo=None)

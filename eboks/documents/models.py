"""Files that the portal made or keeps: stored once, never changed."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right


class DocumentQuerySet(CompanyScopedQuerySet["Document"]):
    contract_path = "invoice__contract"
    right = Right.VIEW_FINANCE


class Document(models.Model):
    """One stored file. `key` says what it is of (`invoice:<public_id>`), and exists once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="documents")
    key = models.CharField(_("czego dotyczy"), max_length=120, unique=True)
    storage_name = models.CharField(_("nazwa w magazynie"), max_length=120, unique=True)
    file_name = models.CharField(_("nazwa pliku dla klienta"), max_length=150)
    content_type = models.CharField(_("rodzaj"), max_length=80)
    size = models.PositiveBigIntegerField(_("rozmiar w bajtach"))
    sha256 = models.CharField(_("suma SHA-256"), max_length=64)
    renderer = models.CharField(_("program i wersja"), max_length=60)
    created_at = models.DateTimeField(_("utworzono"))
    # Kept by `eboks.retention`: the first day on which the document may go, and when its owner was
    # told. Empty until worked out, and while a period has not begun.
    purge_on = models.DateField(_("przechowywany do"), null=True, blank=True)
    purge_told_at = models.DateTimeField(_("uprzedzono klienta"), null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("dokument")
        verbose_name_plural = _("dokumenty")
        constraints = [
            models.CheckConstraint(name="document_not_empty", condition=Q(size__gt=0)),
        ]
        indexes = [
            models.Index(fields=["purge_on", "id"], name="document_purge"),
            models.Index(fields=["company", "purge_on"], name="document_company_purge"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which the file is certainly in the portal; None while that is open."""
        return self.purge_on - dt.timedelta(days=1) if self.purge_on else None

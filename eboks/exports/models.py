"""Files that a person ordered: made in the background, kept some days, theirs alone."""

from __future__ import annotations

import uuid
from typing import Self, TypeVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership
from eboks.tenancy.rights import Right

M = TypeVar("M", bound=models.Model)


class ExportState(models.TextChoices):
    QUEUED = "queued", _("czeka w kolejce")
    RUNNING = "running", _("powstaje")
    READY = "ready", _("gotowy")
    FAILED = "failed", _("nie udał się")
    EXPIRED = "expired", _("usunięty")


class Frequency(models.TextChoices):
    NONE = "none", _("bez wysyłki")
    WEEKLY = "weekly", _("co tydzień w poniedziałek")
    MONTHLY = "monthly", _("pierwszego dnia roboczego miesiąca")


class OwnedQuerySet(CompanyScopedQuerySet[M]):
    """Rows that belong to a person, not to the company: nobody else of the company sees them, and
    they only while they act for it."""

    right = Right.EXPORT_REPORTS

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        # A title has numbers of contracts: it goes out of sight with the company.
        mine = Membership.objects.active().filter(user=user.pk).values("company")
        return self.filter(Q(company=None) | Q(company__in=mine), owner=user.pk)

    def for_member(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.for_user(user)


class SavedReportQuerySet(OwnedQuerySet["SavedReport"]):
    pass


class SavedReport(models.Model):
    """A favourite report: a page's filters under a name, made by itself if wanted."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto zapisał"),
        on_delete=models.PROTECT,
        related_name="saved_reports",
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("klient"),
        on_delete=models.PROTECT,
        related_name="saved_reports",
        null=True,
        blank=True,
    )
    kind = models.CharField(_("raport"), max_length=40)
    params = models.JSONField(_("zakres"), default=dict)
    name = models.CharField(_("nazwa"), max_length=80)
    frequency = models.CharField(
        _("wysyłka"), max_length=8, choices=Frequency, default=Frequency.NONE
    )
    next_on = models.DateField(_("następna wysyłka"), null=True, blank=True)
    created_at = models.DateTimeField(_("zapisano"))

    objects = SavedReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("zapisany raport")
        verbose_name_plural = _("zapisane raporty")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="savedreport_name_once")
        ]
        indexes = [
            models.Index(
                fields=["next_on"],
                name="savedreport_to_send",
                condition=Q(next_on__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ExportFileQuerySet(OwnedQuerySet["ExportFile"]):
    pass


class ExportFile(models.Model):
    """One ordered file. Only who ordered it may fetch it, and only while the right lasts.

    `kind` names a builder in `eboks.exports.registry`, `params` what it takes. Without a company
    it is of all companies that the person acts for.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto zamówił"),
        on_delete=models.PROTECT,
        related_name="export_files",
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("klient"),
        on_delete=models.PROTECT,
        related_name="export_files",
        null=True,
        blank=True,
    )
    report = models.ForeignKey(
        SavedReport,
        verbose_name=_("zapisany raport"),
        on_delete=models.SET_NULL,
        related_name="files",
        null=True,
        blank=True,
    )
    kind = models.CharField(_("rodzaj"), max_length=40)
    params = models.JSONField(_("zakres"), default=dict)
    title = models.CharField(_("nazwa"), max_length=200)
    state = models.CharField(
        _("stan"), max_length=8, choices=ExportState, default=ExportState.QUEUED
    )
    token = models.PositiveIntegerField(_("numer wykonawcy"), default=0)
    # Of a file in the making: whose it is until then. Of one that waits: not before that moment.
    lease_until = models.DateTimeField(_("rezerwacja do"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("próby"), default=0)
    done = models.PositiveIntegerField(_("zrobiono"), default=0)
    total = models.PositiveIntegerField(_("z ilu"), default=0)
    storage_name = models.CharField(_("nazwa w magazynie"), max_length=120, blank=True)
    file_name = models.CharField(_("nazwa pliku"), max_length=150, blank=True)
    content_type = models.CharField(_("rodzaj pliku"), max_length=80, blank=True)
    size = models.PositiveBigIntegerField(_("rozmiar w bajtach"), default=0)
    sha256 = models.CharField(_("suma SHA-256"), max_length=64, blank=True)
    # What is inside: {id of a company: ids of contracts, where the person saw only some, or null}.
    reach = models.JSONField(_("czyje dane zawiera"), default=dict, blank=True)
    notes = models.JSONField(_("dane pobrania"), default=dict, blank=True)
    error = models.CharField(_("błąd"), max_length=250, blank=True)
    ordered_at = models.DateTimeField(_("zamówiono"))
    started_at = models.DateTimeField(_("początek pracy"), null=True, blank=True)
    finished_at = models.DateTimeField(_("zakończono"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("pobrano"), null=True, blank=True)
    expires_at = models.DateTimeField(_("dostępny do"))

    objects = ExportFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("zamówiony plik")
        verbose_name_plural = _("zamówione pliki")
        indexes = [
            models.Index(fields=["owner", "-ordered_at"], name="exportfile_of_owner"),
            models.Index(
                fields=["ordered_at"],
                name="exportfile_to_make",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ExportUse(models.Model):
    """An export that a person began: the two limits of SEC-57 are counted on these rows.

    `held_until` is set while a file is being answered at once; it lets a place go even when the
    process that held it died.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto"),
        on_delete=models.CASCADE,
        related_name="export_uses",
        db_index=False,
    )
    kind = models.CharField(_("rodzaj"), max_length=40)
    at = models.DateTimeField(_("kiedy"))
    held_until = models.DateTimeField(_("trwa najdłużej do"), null=True, blank=True)

    class Meta:
        verbose_name = _("użycie eksportu")
        verbose_name_plural = _("użycia eksportu")
        indexes = [models.Index(fields=["owner", "at"], name="exportuse_of_owner")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.kind}"


class DownloadMarkQuerySet(OwnedQuerySet["DownloadMark"]):
    right = Right.VIEW_FINANCE


class DownloadMark(models.Model):
    """Up to when a person has fetched a company's documents: what came later is new.

    Two imports may overlap, so the last hours before `up_to` are remembered one by one, and so are
    documents that could not be given then: they stay new. See `invoicing.new_invoices`.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto"),
        on_delete=models.CASCADE,
        related_name="download_marks",
        db_index=False,
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("klient"),
        on_delete=models.CASCADE,
        related_name="download_marks",
    )
    what = models.CharField(_("co"), max_length=20)
    up_to = models.DateTimeField(_("pobrano do"))
    recent = models.JSONField(_("ostatnio pobrane"), default=dict, blank=True)  # {id: moment}
    missed = models.JSONField(_("niewydane"), default=list, blank=True)  # ids

    objects = DownloadMarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("ostatnie pobranie")
        verbose_name_plural = _("ostatnie pobrania")
        constraints = [
            models.UniqueConstraint(fields=["owner", "company", "what"], name="downloadmark_once")
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.company_id} {self.what}"

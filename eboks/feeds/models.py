"""Runs of the portfolio feed and what was wrong with them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FeedStatus(models.TextChoices):
    RUNNING = "running", _("trwa")
    APPLIED = "applied", _("wczytany")
    UNCHANGED = "unchanged", _("bez zmian")
    REFUSED = "refused", _("odrzucony")
    WAITING = "waiting", _("czeka na brakujący numer")
    CHECKED = "checked", _("sprawdzony na próbę")


class FeedRun(models.Model):
    """One attempt to import a feed directory."""

    lessor_code = models.CharField(_("leasingodawca"), max_length=50)
    source_system = models.CharField(_("system źródłowy"), max_length=30)
    sequence = models.PositiveBigIntegerField(_("numer kolejny"), null=True, blank=True)
    business_date = models.DateField(_("dzień danych"), null=True, blank=True)
    manifest_sha256 = models.CharField(_("suma manifestu"), max_length=64, blank=True)
    status = models.CharField(_("wynik"), max_length=10, choices=FeedStatus)
    started_at = models.DateTimeField(_("początek"))
    finished_at = models.DateTimeField(_("koniec"), null=True, blank=True)
    counts = models.JSONField(_("wiersze"), default=dict, blank=True)
    message = models.TextField(_("wyjaśnienie"), blank=True)
    directory = models.CharField(_("katalog"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("wczytanie danych")
        verbose_name_plural = _("wczytania danych")
        constraints = [
            models.UniqueConstraint(
                fields=["lessor_code", "source_system", "sequence"],
                condition=Q(status="applied"),
                name="feedrun_sequence_applied_once",
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="feedrun_started")]

    def __str__(self) -> str:
        return f"{self.source_system} #{self.sequence} ({self.get_status_display()})"


class FeedError(models.Model):
    """A reason to refuse a feed: where it stands and what is wrong."""

    run = models.ForeignKey(FeedRun, on_delete=models.CASCADE, related_name="errors")
    file = models.CharField(_("plik"), max_length=100)
    line = models.PositiveIntegerField(_("wiersz"), null=True, blank=True)
    column = models.CharField(_("kolumna"), max_length=60, blank=True)
    value = models.CharField(_("wartość"), max_length=200, blank=True)
    reason = models.CharField(_("powód"), max_length=300)

    class Meta:
        verbose_name = _("błąd wczytania")
        verbose_name_plural = _("błędy wczytania")
        indexes = [models.Index(fields=["run", "file", "line"], name="feederror_place")]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"

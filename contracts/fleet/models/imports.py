"""How a supplier lays out its files, and each file that was read by such a template."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.fleet.enums import ImportState


class Target(models.TextChoices):
    """The neutral record that rows become (`fleet.targets` lists its columns)."""

    FUEL = "fuel", _("tankowania i ładowania")
    SERVICE = "service", _("wizyty w serwisie")
    MILEAGE = "mileage", _("odczyty licznika")
    TOLL = "toll", _("opłaty drogowe, parkingi, mandaty")


class FileFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"


class SupplierTemplate(models.Model):
    """`columns` maps a column of the record to {"column": header or letter} or {"fixed": text};
    `words` maps a column of the record to {word of the supplier: our value}."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("nazwa"), max_length=80, unique=True)
    supplier = models.SlugField(
        _("kod dostawcy"),
        max_length=28,
        help_text=_("Pod nim rozpoznajemy wiersze wczytane drugi raz."),
    )
    target = models.CharField(_("co wczytuje"), max_length=8, choices=Target)
    file_format = models.CharField(_("plik"), max_length=4, choices=FileFormat)
    sheet = models.CharField(
        _("arkusz"), max_length=60, blank=True, help_text=_("Puste: pierwszy.")
    )
    encoding = models.CharField(
        _("kodowanie"),
        max_length=12,
        default="utf-8-sig",
        choices=[
            ("utf-8-sig", "UTF-8"),
            ("cp1250", "Windows-1250"),
            ("iso8859-2", "ISO 8859-2"),
        ],
    )
    delimiter = models.CharField(
        _("rozdzielacz"),
        max_length=3,
        default=";",
        choices=[(";", ";"), (",", ","), ("tab", _("tabulator")), ("|", "|")],
    )
    skip_rows = models.PositiveSmallIntegerField(
        _("wiersze do pominięcia"),
        default=0,
        validators=[MaxValueValidator(200)],
        help_text=_("Ile wierszy stoi nad nagłówkiem."),
    )
    decimal_comma = models.BooleanField(_("przecinek dziesiętny"), default=True)
    date_format = models.CharField(
        _("zapis daty"), max_length=30, default="%d.%m.%Y", help_text=_("Na przykład %d.%m.%Y.")
    )
    time_format = models.CharField(
        _("zapis godziny"), max_length=30, blank=True, help_text=_("Na przykład %H:%M.")
    )
    columns = models.JSONField(_("kolumny"), default=dict)
    words = models.JSONField(_("słowa dostawcy"), default=dict, blank=True)
    is_active = models.BooleanField(_("w użyciu"), default=True)

    class Meta:
        verbose_name = _("szablon dostawcy")
        verbose_name_plural = _("szablony dostawców")

    def __str__(self) -> str:
        return self.name


class SupplierImport(models.Model):
    """A file of a supplier: read for a preview, then applied whole or not at all.

    `problems` lists {line, column, value, reason}; `counts` says how many rows were new, known.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    template = models.ForeignKey(
        SupplierTemplate,
        verbose_name=_("szablon"),
        on_delete=models.PROTECT,
        related_name="imports",
    )
    file_name = models.CharField(_("plik"), max_length=150)
    sha256 = models.CharField("SHA-256", max_length=64)
    storage_name = models.CharField(max_length=80, blank=True, editable=False)
    size = models.PositiveIntegerField(_("wielkość"), default=0)
    state = models.CharField(
        _("stan"), max_length=8, choices=ImportState, default=ImportState.PREVIEW
    )
    counts = models.JSONField(_("wiersze"), default=dict)
    problems = models.JSONField(_("błędy"), default=list)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(_("przesłano"))
    applied_at = models.DateTimeField(_("wczytano"), null=True, blank=True)

    class Meta:
        verbose_name = _("wczytany plik dostawcy")
        verbose_name_plural = _("wczytane pliki dostawców")
        constraints = [
            models.UniqueConstraint(
                fields=["template", "sha256"],
                condition=Q(state="applied"),
                name="supplierimport_applied_once",
            )
        ]
        indexes = [models.Index(fields=["-uploaded_at"], name="supplierimport_list")]

    def __str__(self) -> str:
        return self.file_name

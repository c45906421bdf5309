"""Facts about countries that a consent to travel abroad rests on (domain 4.2)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

PAPER_LANGUAGES = ("pl", "en", "de", "uk")


class CountryGroup(models.TextChoices):
    FREE = "A", _("A: zgoda od razu (UE, EFTA, Wielka Brytania)")
    GREEN_CARD = "B", _("B: inne kraje Zielonej Karty, sprawdzamy polisę")
    EXCLUDED = "C", _("C: wyłączone, rozpatruje człowiek albo odmowa")


def check_languages(value: Any) -> None:
    """A list of languages in which the paper can be made. Raises ValidationError."""
    if not isinstance(value, list) or not set(map(str, value)) <= set(PAPER_LANGUAGES):
        raise ValidationError(_("Podaj listę języków spośród: pl, en, de, uk."))


class CountryRule(models.Model):
    """What the lessor wants to know of a country, from a day on. `languages`: the paper must be in
    one of them; empty, any language will do. `note` is for the client, `basis` for the lessor."""

    iso2 = models.CharField(
        _("kraj (kod ISO)"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Dwie wielkie litery, na przykład DE."))],
    )
    group = models.CharField(_("grupa"), max_length=1, choices=CountryGroup)
    green_card = models.BooleanField(_("Zielona Karta"), default=False)
    notary = models.BooleanField(_("poświadczenie notariusza"), default=False)
    legalisation = models.BooleanField(_("legalizacja"), default=False)
    languages = models.JSONField(
        _("języki dokumentu"),
        default=list,
        blank=True,
        validators=[check_languages],
        help_text=_("Dokument musi być w jednym z nich. Bez wyboru: dowolny język."),
    )
    ac_extension = models.BooleanField(_("AC może nie obejmować"), default=False)
    note = models.CharField(_("uwaga dla klienta"), max_length=300, blank=True)
    basis = models.CharField(_("podstawa"), max_length=300)
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"), null=True, blank=True)

    class Meta:
        verbose_name = _("zasada wyjazdu do kraju")
        verbose_name_plural = _("zasady wyjazdu do krajów")
        constraints = [
            models.UniqueConstraint(fields=["iso2", "valid_from"], name="countryrule_once"),
            models.CheckConstraint(
                name="countryrule_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("Ostatni dzień nie może być przed pierwszym."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.iso2} {self.group} {self.valid_from}"

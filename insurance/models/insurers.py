"""Insurers, and whom to call after a damage: the lessor's own data, shown to everybody."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from insurance.enums import Risk

phone_number = RegexValidator(r"^\+?[0-9 ]{3,20}$", _("Podaj numer telefonu: cyfry i odstępy."))


class Insurer(models.Model):
    code = models.SlugField(_("kod w plikach wymiany"), max_length=30, unique=True)
    name = models.CharField(_("nazwa"), max_length=120)
    is_active = models.BooleanField(_("w użyciu"), default=True)

    class Meta:
        verbose_name = _("ubezpieczyciel")
        verbose_name_plural = _("ubezpieczyciele")

    def __str__(self) -> str:
        return self.name


class ClaimContact(models.Model):
    """How an insurer wants to hear of a damage. Without a risk: of any that has none of its own."""

    insurer = models.ForeignKey(
        Insurer,
        verbose_name=_("ubezpieczyciel"),
        on_delete=models.PROTECT,
        related_name="contacts",
    )
    risk = models.CharField(_("ryzyko"), max_length=12, choices=Risk, blank=True)
    phone = models.CharField(_("telefon"), max_length=20, blank=True, validators=[phone_number])
    phone_abroad = models.CharField(
        _("telefon z zagranicy"), max_length=20, blank=True, validators=[phone_number]
    )
    form_url = models.URLField(_("formularz szkody"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    hours = models.CharField(_("godziny"), max_length=80)
    have_ready = models.TextField(
        _("co przygotować"), blank=True, help_text=_("Każda rzecz w osobnym wierszu.")
    )
    valid_from = models.DateField(_("ważne od"))
    valid_to = models.DateField(_("ważne do"), null=True, blank=True)

    class Meta:
        verbose_name = _("kontakt w razie szkody")
        verbose_name_plural = _("kontakty w razie szkody")
        constraints = [
            models.CheckConstraint(
                name="claimcontact_dates_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("Koniec ważności nie może być przed początkiem."),
            ),
            models.CheckConstraint(
                name="claimcontact_reaches_somebody",
                condition=~Q(phone="") | ~Q(form_url="") | ~Q(email=""),
                violation_error_message=_("Podaj telefon, formularz albo e-mail."),
            ),
            models.UniqueConstraint(
                fields=["insurer", "risk", "valid_from"], name="claimcontact_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.insurer} {self.get_risk_display()}".strip()

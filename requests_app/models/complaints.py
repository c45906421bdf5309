"""By when a complaint must be answered: terms that the lessor enters, for the portal knows none."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company


class ClientKind(models.TextChoices):
    """Whose complaint a term is for; a term of the client's own kind goes before one for all."""

    CONSUMER = "consumer", _("konsument")
    FIRM = "firm", _("firma")
    ALL = "all", _("każdy klient")


class ComplaintTerm(models.Model):
    """Calendar days from the day when a complaint came in. Entered by the lessor: it is law."""

    client_kind = models.CharField(_("klient"), max_length=8, choices=ClientKind)
    calendar_days = models.PositiveSmallIntegerField(_("dni kalendarzowe na odpowiedź"))
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"), null=True, blank=True)
    basis = models.CharField(
        _("podstawa"),
        max_length=200,
        help_text=_("Przepis i jego artykuł. Potwierdza go prawnik leasingodawcy."),
    )
    unanswered_means = models.TextField(
        _("co oznacza brak odpowiedzi w terminie"),
        help_text=_("Widzą to osoby, które rozpatrują reklamację. Potwierdza prawnik."),
    )

    class Meta:
        verbose_name = _("termin odpowiedzi na reklamację")
        verbose_name_plural = _("terminy odpowiedzi na reklamacje")
        constraints = [
            models.UniqueConstraint(
                fields=["client_kind", "valid_from"], name="complaintterm_once"
            ),
            models.CheckConstraint(
                name="complaintterm_days_positive", condition=Q(calendar_days__gt=0)
            ),
            models.CheckConstraint(
                name="complaintterm_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_client_kind_display()}: {self.calendar_days}"


def term_of(company: Company, *, on: dt.date) -> ComplaintTerm | None:
    """The term of a complaint that `company` files on the day `on`; None where none is entered."""
    own = ClientKind.CONSUMER if company.is_consumer else ClientKind.FIRM
    rows = ComplaintTerm.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        client_kind__in=[own, ClientKind.ALL],
        valid_from__lte=on,
    )
    found = sorted(rows, key=lambda row: (row.client_kind == own, row.valid_from), reverse=True)
    return found[0] if found else None

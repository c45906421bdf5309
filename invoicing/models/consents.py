"""The consent to e-invoices: its words by version, and what companies decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet


class ConsentText(models.Model):
    """The words of the consent to e-invoices, by version: what a company agreed to stays known."""

    version = models.CharField(_("wersja"), max_length=20, unique=True)
    valid_from = models.DateField(_("obowiązuje od"))
    body = models.TextField(_("treść"))

    class Meta:
        verbose_name = _("treść zgody na e-faktury")
        verbose_name_plural = _("treści zgody na e-faktury")

    def __str__(self) -> str:
        return self.version


class EInvoiceConsent(models.Model):
    """A company's decision about e-invoices, signed by a code. Append-only: the last counts."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="e_invoice_consents"
    )
    is_given = models.BooleanField(_("zgoda"))
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("kiedy"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    reference = models.CharField(_("dyspozycja"), max_length=20, unique=True)

    objects = CompanyScopedQuerySet["EInvoiceConsent"].as_manager()

    class Meta:
        verbose_name = _("decyzja o e-fakturach")
        verbose_name_plural = _("decyzje o e-fakturach")

    def __str__(self) -> str:
        return f"{self.company} {self.decided_at:%Y-%m-%d}"

"""What issuing invoices needs: numbers without gaps, exchange rates of the NBP, and what an
invoice issued here tells beside its rows: the base of VAT paid at once, the cause of a correction.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import RateChange
from eboks.fields import MoneyField, RateField
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from invoicing.enums import InvoiceKind
from invoicing.models.ledger import Invoice


class NumberSeries(models.Model):
    """How documents of a kind are numbered: `pattern` with {year}, {month} and {n},
    e.g. `FV/L/{year}/{month:02}/{n:06}`; without {month} the count begins anew each year."""

    kind = models.CharField(_("rodzaj dokumentu"), max_length=14, choices=InvoiceKind)
    pattern = models.CharField(_("wzór numeru"), max_length=60, unique=True)
    valid_from = models.DateField(_("od"))

    class Meta:
        verbose_name = _("seria numerów")
        verbose_name_plural = _("serie numerów")
        constraints = [
            models.UniqueConstraint(fields=["kind", "valid_from"], name="numberseries_once")
        ]

    def __str__(self) -> str:
        return self.pattern


class SeriesCounter(models.Model):
    """The last number given out in a series and period; its row is the lock that leaves no gap."""

    series = models.ForeignKey(NumberSeries, on_delete=models.PROTECT, related_name="counters")
    year = models.PositiveSmallIntegerField(_("rok"))
    month = models.PositiveSmallIntegerField(_("miesiąc"), default=0)
    last = models.PositiveIntegerField(_("ostatni numer"), default=0)

    class Meta:
        verbose_name = _("licznik numerów")
        verbose_name_plural = _("liczniki numerów")
        constraints = [
            models.UniqueConstraint(fields=["series", "year", "month"], name="seriescounter_once")
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.year}/{self.month}: {self.last}"


class ExchangeRate(models.Model):
    """Average rate of the NBP's table A: PLN for one unit of the currency."""

    currency = models.CharField(_("waluta"), max_length=3)
    on = models.DateField(_("z dnia"))
    rate = RateField(_("kurs średni"))
    table = models.CharField(_("numer tabeli"), max_length=30)

    class Meta:
        verbose_name = _("kurs NBP")
        verbose_name_plural = _("kursy NBP")
        constraints = [
            models.UniqueConstraint(fields=["currency", "on"], name="exchangerate_once"),
            models.CheckConstraint(name="exchangerate_positive", condition=Q(rate__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.on}: {self.rate}"


class UpfrontVatQuerySet(CompanyScopedQuerySet["UpfrontVat"]):
    company_path = "invoice__company"
    contract_path = "invoice__contract"
    right = Right.VIEW_FINANCE


class UpfrontVat(models.Model):
    """What the VAT of a financial lease was computed on: everything the lessee will pay, once, at
    handover (art. 7 ust. 9 of the VAT act). On a correcting invoice: by how much that moved.

    The invoice itself asks for the initial fee and this VAT; the instalments follow without VAT.
    """

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="upfront_vat")
    base = MoneyField(_("podstawa VAT"))
    vat_pct = models.DecimalField(_("VAT, %"), max_digits=5, decimal_places=2)

    objects = UpfrontVatQuerySet.as_manager()

    class Meta:
        verbose_name = _("podstawa VAT leasingu finansowego")
        verbose_name_plural = _("podstawy VAT leasingu finansowego")

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.base}"


class CorrectionQuerySet(CompanyScopedQuerySet["Correction"]):
    company_path = "invoice__company"
    contract_path = "invoice__contract"
    right = Right.VIEW_FINANCE


class Correction(models.Model):
    """Why a correcting invoice was issued here, and by whom; once for each change of an index."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="correction")
    reason = models.CharField(_("przyczyna korekty"), max_length=250)
    rate_change = models.OneToOneField(
        RateChange,
        verbose_name=_("zmiana oprocentowania"),
        on_delete=models.PROTECT,
        related_name="correction",
        null=True,
        blank=True,
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto wystawił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("przyczyna korekty")
        verbose_name_plural = _("przyczyny korekt")

    def __str__(self) -> str:
        return self.reason

"""What the tax sheet needs: limits of the income-tax law, and how the client uses a car."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset
from eboks.fields import MoneyField
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from invoicing.enums import CarGroup, VatUse


class CarCostLimit(models.Model):
    """Value of a passenger car up to which lease costs are deductible, by group, from a day."""

    group = models.CharField(_("grupa"), max_length=8, choices=CarGroup)
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"), null=True, blank=True)
    amount = MoneyField(_("limit, PLN"))
    co2_below_g_km = models.PositiveSmallIntegerField(
        _("emisja poniżej, g/km"), null=True, blank=True
    )
    source = models.CharField(_("podstawa"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("limit kosztów samochodu")
        verbose_name_plural = _("limity kosztów samochodów")
        constraints = [
            models.UniqueConstraint(fields=["group", "valid_from"], name="carcostlimit_once"),
            models.CheckConstraint(name="carcostlimit_positive", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.get_group_display()}: {self.amount}"


class AssetTaxUseQuerySet(CompanyScopedQuerySet["AssetTaxUse"]):
    company_path = "asset__contract__company"
    contract_path = "asset__contract"
    right = Right.VIEW_FINANCE


class AssetTaxUse(models.Model):
    """How the client uses a car, from a day on: as said by the client, for the tax sheet alone."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="tax_uses")
    valid_from = models.DateField(_("od"))
    is_passenger_car = models.BooleanField(_("samochód osobowy"), default=True)
    vat_use = models.CharField(_("odliczenie VAT"), max_length=8, choices=VatUse)
    income_pct = models.PositiveSmallIntegerField(_("koszty eksploatacji, %"), default=75)
    set_at = models.DateTimeField(_("ustawiono"))
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )

    objects = AssetTaxUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("sposób używania pojazdu")
        verbose_name_plural = _("sposoby używania pojazdów")
        constraints = [
            models.UniqueConstraint(fields=["asset", "valid_from"], name="assettaxuse_once"),
            models.CheckConstraint(
                name="assettaxuse_percent", condition=Q(income_pct__in=[20, 75, 100])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.valid_from}"

"""Fuel and charging, as a card paid for it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.fleet.enums import Product, Unit
from contracts.fleet.models.base import VehicleRecord
from eboks.fields import MoneyField


class FuelTransaction(VehicleRecord):
    """One purchase. `card` has no more than its last four digits; `on` is the day of `at` in
    Warsaw. The same card, moment, product, quantity and gross amount is the same purchase
    (domain 6), whichever file brings it again. Corrections may be negative."""

    card = models.CharField(_("karta"), max_length=20)
    driver = models.CharField(_("kierowca"), max_length=120, blank=True)
    at = models.DateTimeField(_("kiedy"))
    station = models.CharField(_("stacja"), max_length=120, blank=True)
    country = models.CharField(_("kraj"), max_length=2, default="PL")
    product = models.CharField(_("produkt"), max_length=11, choices=Product)
    product_name = models.CharField(_("nazwa na fakturze"), max_length=80, blank=True)
    quantity = models.DecimalField(_("ilość"), max_digits=10, decimal_places=3)
    unit = models.CharField(_("jednostka"), max_length=3, choices=Unit)
    unit_price = models.DecimalField(
        _("cena jednostkowa netto"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    net = MoneyField(_("netto"))
    vat = MoneyField("VAT", default=0)
    gross = MoneyField(_("brutto"))
    odometer_km = models.PositiveIntegerField(_("przebieg, km"), null=True, blank=True)
    cost_centre = models.CharField(_("miejsce kosztów"), max_length=40, blank=True)
    invoice_number = models.CharField(_("numer faktury"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("tankowanie lub ładowanie")
        verbose_name_plural = _("tankowania i ładowania")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="fueltransaction_source_unique"
            ),
            models.UniqueConstraint(
                fields=["card", "at", "product", "quantity", "gross"],
                name="fueltransaction_once",
            ),
            models.CheckConstraint(
                name="fueltransaction_quantity_not_zero", condition=~Q(quantity=0)
            ),
        ]
        indexes = [
            models.Index(fields=["asset", "-at"], name="fueltransaction_of_asset"),
            models.Index(fields=["company", "-on"], name="fueltransaction_list"),
        ]

"""How the lessor settles contracts that end early, and the quotes that clients have accepted."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.enums import Product
from eboks.fields import MoneyField, RateField, adds_up
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right


class Discount(models.TextChoices):
    """By which rate instalments that are not due yet become cheaper (domain 4.3)."""

    NONE = "none", _("bez dyskonta")
    INDEX = "index", _("bieżąca stopa bazowa umowy")
    INDEX_LESS = "index_less", _("bieżąca stopa bazowa pomniejszona o x")
    CONTRACT = "contract", _("oprocentowanie umowy")


class PriceVat(models.TextChoices):
    CONTRACT_RATE = "contract_rate", _("od ceny, stawką z umowy (sprzedaż przedmiotu)")
    NONE = "none", _("bez VAT od kapitału; VAT tylko od opłaty")


class SettlementRuleQuerySet(models.QuerySet["SettlementRule"]):
    def in_force(self, *, product: str, on: dt.date) -> SettlementRule | None:
        """The rule for contracts of `product` on the day `on`; the latest one."""
        rows = self.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on), product=product, valid_from__lte=on
        )
        return rows.order_by("-valid_from", "-pk").first()


class SettlementRule(models.Model):
    """How contracts of a kind are settled when they end early, from a day on."""

    product = models.CharField(_("rodzaj umowy"), max_length=10, choices=Product)
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"), null=True, blank=True)
    discount = models.CharField(_("dyskonto rat"), max_length=12, choices=Discount)
    less_pp = RateField(
        _("x, p.p."), default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    valid_days = models.PositiveSmallIntegerField(
        _("wycena ważna, dni"), validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    expert_valuation_below_pct = models.DecimalField(
        _("wycena rzeczoznawcy przed upływem, % okresu umowy"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    price_vat = models.CharField(_("VAT"), max_length=14, choices=PriceVat)
    basis = models.CharField(_("podstawa"), max_length=250)

    objects = SettlementRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("zasada wcześniejszego rozliczenia")
        verbose_name_plural = _("zasady wcześniejszego rozliczenia")
        constraints = [
            models.UniqueConstraint(fields=["product", "valid_from"], name="settlementrule_once"),
            models.CheckConstraint(
                name="settlementrule_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="settlementrule_less_not_negative", condition=Q(less_pp__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_product_display()} {self.valid_from}"

    def clean(self) -> None:
        if self.less_pp and self.discount != Discount.INDEX_LESS:
            raise ValidationError({"less_pp": _("x podaje się tylko przy stopie pomniejszonej.")})


class SettlementQuoteQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "request__company"
    contract_path = "request__contract"
    right = Right.VIEW_FINANCE

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        from requests_app.models.requests import Request  # noqa: PLC0415 -- imports this module

        return self.filter(request__in=Request.objects.for_user(user))


class SettlementQuote(models.Model):
    """The price that a client accepted when filing. `net` is S(d) of domain 4.3: it holds overdue
    invoices as they are paid; `vat` is that of the price and of the fee. `rows` (label, value,
    is_sum) are in the language of the request."""

    request = models.OneToOneField(
        "requests_app.Request", on_delete=models.PROTECT, related_name="settlement_quote"
    )
    rule = models.ForeignKey(
        SettlementRule, verbose_name=_("zasada"), on_delete=models.PROTECT, related_name="quotes"
    )
    made_at = models.DateTimeField(_("policzono"))
    settle_on = models.DateField(_("dzień rozliczenia"))
    valid_until = models.DateField(_("ważna do"))
    discount_pct = RateField(_("dyskonto, %"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    rows = models.JSONField(_("rachunek"), default=list)
    net = MoneyField(_("netto"))
    vat = MoneyField("VAT")
    gross = MoneyField(_("brutto"))

    objects = SettlementQuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("wycena wcześniejszego zakończenia")
        verbose_name_plural = _("wyceny wcześniejszego zakończenia")
        constraints = [
            models.CheckConstraint(
                name="settlementquote_gross_adds_up", condition=adds_up("gross", "net", "vat")
            ),
            models.CheckConstraint(
                name="settlementquote_valid_in_time",
                condition=Q(valid_until__lte=F("settle_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.settle_on}"

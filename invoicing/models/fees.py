"""The fee schedule by version, and what clients are charged by it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from eboks.fields import MoneyField
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from invoicing.enums import CostKind, FeeBase, FeeChannel
from invoicing.models.ledger import InvoiceRow


class FeeTable(models.Model):
    """A version of the fee schedule (tabela opłat i prowizji). In force from a day, for contracts
    signed in a period; it never changes once it is in force: a change is a new version."""

    version = models.CharField(_("wersja"), max_length=20, unique=True)
    title = models.CharField(_("nazwa"), max_length=120)
    valid_from = models.DateField(_("obowiązuje od"))
    valid_to = models.DateField(_("obowiązuje do"), null=True, blank=True)
    signed_from = models.DateField(_("dla umów zawartych od"), null=True, blank=True)
    signed_to = models.DateField(_("dla umów zawartych do"), null=True, blank=True)
    note = models.TextField(_("uwagi"), blank=True)

    class Meta:
        verbose_name = _("tabela opłat")
        verbose_name_plural = _("tabele opłat")
        constraints = [
            models.CheckConstraint(
                name="feetable_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            )
        ]

    def __str__(self) -> str:
        return self.version


class FeeLine(models.Model):
    """One fee of a table, in one channel. Money in PLN net.

    `code` is what the program asks for (`early_termination`), the same in every version.
    `contracts_from`-`contracts_to` make tiers by the number of contracts (paper invoices). A table
    of yearly lump sums says of each thing that they cover that its base is LUMP_SUM.
    """

    table = models.ForeignKey(
        FeeTable, verbose_name=_("tabela"), on_delete=models.PROTECT, related_name="lines"
    )
    position = models.PositiveSmallIntegerField(_("lp."))
    code = models.CharField(_("kod"), max_length=40)
    title = models.CharField(_("czynność"), max_length=200)
    channel = models.CharField(_("sposób złożenia"), max_length=6, choices=FeeChannel)
    base = models.CharField(_("podstawa"), max_length=9, choices=FeeBase)
    net = MoneyField(_("netto"), null=True, blank=True)
    net_to = MoneyField(_("netto do"), null=True, blank=True)
    percent = models.DecimalField(
        _("procent"), max_digits=7, decimal_places=4, null=True, blank=True
    )
    percent_of = models.CharField(_("procent czego"), max_length=80, blank=True)
    minimum = MoneyField(_("najmniej"), null=True, blank=True)
    maximum = MoneyField(_("najwięcej"), null=True, blank=True)
    vat_code = models.CharField(_("stawka VAT"), max_length=8, default="23")
    unit = models.CharField(_("za co"), max_length=80, blank=True)
    note = models.CharField(_("uwaga"), max_length=250, blank=True)
    contracts_from = models.PositiveIntegerField(_("od ilu umów"), default=0)
    contracts_to = models.PositiveIntegerField(_("do ilu umów"), null=True, blank=True)

    class Meta:
        verbose_name = _("opłata")
        verbose_name_plural = _("opłaty")
        constraints = [
            models.UniqueConstraint(
                fields=["table", "code", "channel", "contracts_from"],
                name="feeline_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_channel_display()})"


class ChargeQuerySet(CompanyScopedQuerySet["Charge"]):
    contract_path = "contract"
    right = Right.VIEW_FINANCE


class Charge(models.Model):
    """Something to be put on an invoice: a fee, a recharged premium, a service.

    `key` names what it is for (`request:<uuid>`, `paper:<company>:2026-11`) and exists once.
    `fee_line` names the version of the table that a fee comes from. A premium and a service say
    for which days they are, both ends included, where there are such days.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(_("za co"), max_length=120, unique=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="charges")
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="charges", null=True, blank=True
    )
    cost_kind = models.CharField(_("rodzaj kosztu"), max_length=14, choices=CostKind)
    description = models.CharField(_("nazwa"), max_length=250)
    charged_on = models.DateField(_("naliczono"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    net = MoneyField(_("netto"))
    vat_code = models.CharField(_("stawka VAT"), max_length=8, default="23")
    fee_line = models.ForeignKey(
        FeeLine, on_delete=models.PROTECT, related_name="charges", null=True, blank=True
    )
    invoice_row = models.OneToOneField(
        InvoiceRow, on_delete=models.PROTECT, related_name="charge", null=True, blank=True
    )
    period_from = models.DateField(_("za okres od"), null=True, blank=True)
    period_to = models.DateField(_("za okres do"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("anulowano"), null=True, blank=True)
    cancel_reason = models.CharField(_("powód anulowania"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("utworzono"))

    objects = ChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("naliczona opłata")
        verbose_name_plural = _("naliczone opłaty")
        constraints = [
            models.CheckConstraint(
                name="charge_not_negative",
                condition=Q(net__gte=0),
                violation_error_message=_("Opłata nie może być ujemna."),
            ),
            models.CheckConstraint(
                name="charge_fee_names_its_line",
                condition=~Q(cost_kind=CostKind.FEE) | Q(fee_line__isnull=False),
                violation_error_message=_("Opłata musi wskazywać pozycję tabeli opłat."),
            ),
            models.CheckConstraint(
                name="charge_period_in_order",
                condition=Q(period_from__isnull=True, period_to__isnull=True)
                | Q(period_from__isnull=False, period_to__gte=F("period_from")),
                violation_error_message=_("Okres ma początek i koniec, w tej kolejności."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "charged_on"],
                name="charge_to_invoice",
                condition=Q(invoice_row__isnull=True, cancelled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.description

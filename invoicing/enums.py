"""Choices of invoices and settlements."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("faktura")
    CORRECTION = "correction", _("faktura korygująca")
    INTEREST_NOTE = "interest_note", _("nota odsetkowa")


class CostKind(models.TextChoices):
    INITIAL_FEE = "initial_fee", _("opłata wstępna")
    INSTALMENT = "instalment", _("rata leasingowa")
    BUYOUT = "buyout", _("wykup")
    INSURANCE = "insurance", _("ubezpieczenie")
    SERVICE = "service", _("usługi serwisowe")
    FEE = "fee", _("opłata z tabeli")
    INTEREST_NOTE = "interest_note", _("odsetki za opóźnienie")
    DEPOSIT = "deposit", _("kaucja")
    OTHER = "other", _("inne")


class ItemKind(models.TextChoices):
    INVOICE = "invoice", _("faktura")
    INTEREST_NOTE = "interest_note", _("nota odsetkowa")
    OPENING_BALANCE = "opening_balance", _("saldo otwarcia")


class PaymentKind(models.TextChoices):
    TRANSFER = "transfer", _("przelew")
    OPENING_BALANCE = "opening_balance", _("saldo otwarcia")
    REFUND = "refund", _("zwrot")


class AllocationRule(models.TextChoices):
    INDICATED = "indicated", _("wskazana w przelewie")
    OLDEST = "oldest", _("najstarszy termin")

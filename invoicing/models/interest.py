"""Late interest and compensation: rates by date, and how the amount of a note came about."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from eboks.fields import MoneyField, RateField
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from invoicing.enums import DebtorKind
from invoicing.models.ledger import Invoice, ReceivableItem


class LateInterestRate(models.Model):
    """Interest for late payment in commercial transactions, percent per year, of a period."""

    debtor = models.CharField(
        _("dłużnik"), max_length=14, choices=DebtorKind, default=DebtorKind.GENERAL
    )
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"), null=True, blank=True)
    rate_pct = RateField(_("stopa, %"))
    source = models.CharField(_("źródło"), max_length=150, blank=True)
    is_provisional = models.BooleanField(_("niepotwierdzona"), default=False)

    class Meta:
        verbose_name = _("stopa odsetek za opóźnienie")
        verbose_name_plural = _("stopy odsetek za opóźnienie")
        constraints = [
            models.UniqueConstraint(fields=["debtor", "valid_from"], name="lateinterestrate_once"),
            models.CheckConstraint(
                name="lateinterestrate_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.rate_pct}"


class CompensationRate(models.Model):
    """Compensation for recovery costs (art. 10 of the act of 8 March 2013), EUR by the debt."""

    valid_from = models.DateField(_("od"))
    amount_from = MoneyField(_("należność od"))
    from_is_included = models.BooleanField(_("wraz z tą kwotą"), default=True)
    eur = MoneyField(_("rekompensata, EUR"))

    class Meta:
        verbose_name = _("stawka rekompensaty")
        verbose_name_plural = _("stawki rekompensaty")
        constraints = [
            models.UniqueConstraint(
                fields=["valid_from", "amount_from"], name="compensationrate_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_from}: {self.eur} EUR"


class InterestNoteLineQuerySet(CompanyScopedQuerySet["InterestNoteLine"]):
    company_path = "note__company"
    contract_path = "note__contract"
    right = Right.VIEW_FINANCE


class InterestNoteLine(models.Model):
    """One stretch of an interest note: this amount of that item, these days, at this rate."""

    note = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="interest_lines", db_index=False
    )
    item = models.ForeignKey(
        ReceivableItem, on_delete=models.PROTECT, related_name="interest_lines"
    )
    position = models.PositiveSmallIntegerField(_("lp."))
    amount = MoneyField(_("kwota zaległa"))
    since = models.DateField(_("od"))
    until = models.DateField(_("do"))
    days = models.PositiveSmallIntegerField(_("dni"))
    rate_pct = RateField(_("stopa, %"))
    interest = models.DecimalField(
        _("odsetki przed zaokrągleniem"), max_digits=18, decimal_places=6
    )

    objects = InterestNoteLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("pozycja noty odsetkowej")
        verbose_name_plural = _("pozycje not odsetkowych")
        constraints = [
            models.UniqueConstraint(fields=["note", "position"], name="interestnoteline_place")
        ]

    def __str__(self) -> str:
        return f"{self.note_id} / {self.position}"

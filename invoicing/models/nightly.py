"""What the core system says that contracts stand at, and where it disagrees with us."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from eboks.fields import MoneyField
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from invoicing.enums import DifferenceState


class _OfContractQuerySet(CompanyScopedQuerySet[models.Model]):
    company_path = "contract__company"
    contract_path = "contract"
    right = Right.VIEW_FINANCE


class CoreBalance(models.Model):
    """The balance of a contract in the core system on a day: to be compared, never shown."""

    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="core_balances", db_index=False
    )
    as_of = models.DateField(_("stan na dzień"))
    currency = models.CharField(_("waluta"), max_length=3)
    open_amount = MoneyField(_("do zapłaty"))
    overpaid_amount = MoneyField(_("nadpłata"))

    objects = _OfContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("saldo z systemu centralnego")
        verbose_name_plural = _("salda z systemu centralnego")
        constraints = [
            models.UniqueConstraint(
                fields=["as_of", "contract", "currency"], name="corebalance_day_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.as_of}"


class BalanceDifference(models.Model):
    """A balance that differs from the core system's, for the back office to explain.

    One row from the night that finds it to the night that no longer does: `as_of` and the figures
    follow the core system's newest ones.
    """

    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="balance_differences"
    )
    currency = models.CharField(_("waluta"), max_length=3)
    first_on = models.DateField(_("od dnia"))
    as_of = models.DateField(_("stan na dzień"))
    our_open = MoneyField(_("u nas do zapłaty"))
    core_open = MoneyField(_("w systemie centralnym do zapłaty"))
    our_overpaid = MoneyField(_("u nas nadpłata"))
    core_overpaid = MoneyField(_("w systemie centralnym nadpłata"))
    state = models.CharField(
        _("stan"), max_length=10, choices=DifferenceState, default=DifferenceState.OPEN
    )
    note = models.CharField(_("wyjaśnienie"), max_length=250, blank=True)
    found_at = models.DateTimeField(_("znaleziono"))
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto wyjaśnił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    handled_at = models.DateTimeField(_("wyjaśniono"), null=True, blank=True)
    gone_on = models.DateField(_("zgadza się od dnia"), null=True, blank=True)

    objects = _OfContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("różnica sald")
        verbose_name_plural = _("różnice sald")
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "currency"],
                condition=~Q(state=DifferenceState.GONE),
                name="balancedifference_once",
            )
        ]
        indexes = [models.Index(fields=["state", "-as_of"], name="balancedifference_queue")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.as_of}"

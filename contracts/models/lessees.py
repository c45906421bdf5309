"""Who leased a contract when: a contract knows only its present lessee."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contract import Contract
from eboks.tenancy.models import Company, CompanyScopedQuerySet


class LesseePeriodQuerySet(CompanyScopedQuerySet["LesseePeriod"]):
    contract_path = "contract"


class LesseePeriod(models.Model):
    """From `from_on` to the day before `to_on`, or until now, the contract was `company`'s.

    Kept by feeds (`contracts.lessees`) since the first change of lessee that they bring; a contract
    without rows has had one lessee ever since it was signed. Each company reads its own periods.
    """

    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="lessee_periods"
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("korzystający"),
        on_delete=models.PROTECT,
        related_name="lessee_periods",
    )
    from_on = models.DateField(_("od dnia"))
    to_on = models.DateField(_("do dnia (już bez niego)"), null=True, blank=True)
    as_of = models.DateField(_("wiadome z danych na dzień"))

    objects = LesseePeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("okres korzystającego")
        verbose_name_plural = _("okresy korzystających")
        constraints = [
            models.UniqueConstraint(
                fields=["contract"],
                condition=Q(to_on__isnull=True),
                name="lesseeperiod_one_open",
            ),
            models.CheckConstraint(
                name="lesseeperiod_days_in_order",
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            ),
        ]
        indexes = [models.Index(fields=["contract", "from_on"], name="lesseeperiod_at")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.from_on:%Y-%m-%d}"

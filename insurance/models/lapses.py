"""A required risk that nobody covers any more: what the lessor did about it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from insurance.enums import LapseState, Risk
from insurance.models.policies import Policy


class LapseQuerySet(CompanyScopedQuerySet["Lapse"]):
    contract_path = "contract"
    right = Right.VIEW_INSURANCE


class Lapse(models.Model):
    """From `uncovered_from` on the risk has no verified policy: waits for a decision of staff."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="lapses"
    )
    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="lapses"
    )
    asset = models.ForeignKey(
        Asset, verbose_name=_("przedmiot"), on_delete=models.PROTECT, related_name="lapses"
    )
    risk = models.CharField(_("ryzyko"), max_length=12, choices=Risk)
    policy = models.ForeignKey(
        Policy,
        verbose_name=_("polisa, która się skończyła"),
        on_delete=models.PROTECT,
        related_name="lapses",
        null=True,
        blank=True,
    )
    uncovered_from = models.DateField(_("bez ochrony od"))
    state = models.CharField(
        _("stan"), max_length=8, choices=LapseState, default=LapseState.OPEN, editable=False
    )
    wait_until = models.DateField(_("czas do"), null=True, blank=True)
    found_at = models.DateTimeField(_("zauważono"), editable=False)
    settled_at = models.DateTimeField(_("załatwiono"), null=True, blank=True, editable=False)
    replacement = models.ForeignKey(
        Policy,
        verbose_name=_("polisa, która chroni"),
        on_delete=models.PROTECT,
        related_name="ended_lapses",
        null=True,
        blank=True,
    )

    objects = LapseQuerySet.as_manager()

    class Meta:
        verbose_name = _("przerwa w ochronie")
        verbose_name_plural = _("przerwy w ochronie")
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "company", "risk", "uncovered_from"], name="lapse_once"
            )
        ]
        indexes = [
            models.Index(fields=["company", "state"], name="lapse_company"),
            models.Index(
                fields=["uncovered_from"],
                name="lapse_queue",
                condition=Q(state__in=["open", "waiting"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.get_risk_display()}"


class LapsePartQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "lapse__company"
    contract_path = "lapse__contract"
    right = Right.VIEW_INSURANCE


class LapseStep(models.Model):
    """What was decided about a lapse, by whom; never changed. Without an actor: the portal."""

    lapse = models.ForeignKey(Lapse, on_delete=models.PROTECT, related_name="steps")
    after = models.CharField(_("na"), max_length=8, choices=LapseState)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("osoba"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    at = models.DateTimeField(_("kiedy"))
    note = models.CharField(_("dopisek"), max_length=250, blank=True)

    objects = LapsePartQuerySet.as_manager()

    class Meta:
        verbose_name = _("krok przerwy w ochronie")
        verbose_name_plural = _("kroki przerw w ochronie")
        indexes = [models.Index(fields=["lapse", "at"], name="lapsestep_timeline")]

    def __str__(self) -> str:
        return f"{self.lapse_id} {self.after}"

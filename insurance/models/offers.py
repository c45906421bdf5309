"""What the lessor offers when a policy ends: one click and one code instead of a broker."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from eboks.authorisation.models import Instruction
from eboks.fields import MoneyField
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from insurance.enums import OfferState, Territory
from insurance.models.insurers import Insurer
from insurance.models.policies import Policy


class RenewalOfferQuerySet(CompanyScopedQuerySet["RenewalOffer"]):
    contract_path = "contract"
    right = Right.VIEW_INSURANCE


class RenewalOffer(models.Model):
    """A policy that the lessor would conclude. `covers` are JSON objects {risk, sum_insured,
    vat_basis, deductible}, amounts as texts in `currency`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="renewal_offers"
    )
    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="renewal_offers"
    )
    asset = models.ForeignKey(
        Asset, verbose_name=_("przedmiot"), on_delete=models.PROTECT, related_name="renewal_offers"
    )
    policy = models.ForeignKey(
        Policy,
        verbose_name=_("polisa, która się kończy"),
        on_delete=models.PROTECT,
        related_name="renewal_offers",
        null=True,
        blank=True,
    )
    insurer = models.ForeignKey(
        Insurer, verbose_name=_("ubezpieczyciel"), on_delete=models.PROTECT, related_name="offers"
    )
    valid_from = models.DateField(_("ochrona od"))
    valid_to = models.DateField(_("ochrona do"))
    premium = MoneyField(_("składka"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    instalment_count = models.PositiveSmallIntegerField(_("liczba rat składki"), default=1)
    territory = models.CharField(
        _("zakres terytorialny"), max_length=12, choices=Territory, default=Territory.PL
    )
    covers = models.JSONField(_("ryzyka"), default=list)
    note = models.TextField(_("co warto wiedzieć"), blank=True)
    answer_by = models.DateField(_("decyzja do"))
    state = models.CharField(
        _("stan"), max_length=9, choices=OfferState, default=OfferState.OPEN, editable=False
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("przygotował(a)"),
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    made_at = models.DateTimeField(_("przygotowano"), editable=False)
    answered_at = models.DateTimeField(_("odpowiedź"), null=True, blank=True, editable=False)
    instruction = models.ForeignKey(
        Instruction,
        verbose_name=_("podpis"),
        on_delete=models.PROTECT,
        related_name="renewal_offers",
        null=True,
        blank=True,
        editable=False,
    )
    issued_policy = models.ForeignKey(
        Policy,
        verbose_name=_("wystawiona polisa"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    objects = RenewalOfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("oferta odnowienia")
        verbose_name_plural = _("oferty odnowienia")
        constraints = [
            models.CheckConstraint(
                name="renewaloffer_days_in_order", condition=Q(valid_to__gte=F("valid_from"))
            ),
            models.CheckConstraint(
                name="renewaloffer_premium_positive", condition=Q(premium__gt=0)
            ),
            models.CheckConstraint(
                name="renewaloffer_has_instalments",
                condition=Q(instalment_count__gte=1, instalment_count__lte=12),
            ),
            models.UniqueConstraint(
                fields=["asset", "valid_from"],
                condition=Q(state__in=["open", "accepted", "issued"]),
                name="renewaloffer_one_going",
            ),
        ]
        indexes = [models.Index(fields=["company", "state"], name="renewaloffer_company")]

    def __str__(self) -> str:
        return f"{self.asset} {self.valid_from}"

"""Reference rates: what an index is, its published values, and what they did to a contract."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.enums import (
    IndexMethod,
    RateChangeKind,
    RateChangeOutcome,
    RateProposalKind,
    RateProposalState,
    ReferenceKind,
)
from contracts.models.contract import Contract, ScheduleVersion
from eboks.fields import MoneyField, RateField
from eboks.tenancy.models import CompanyScopedQuerySet


class ReferenceRate(models.Model):
    """An index that contracts name by `code` (`Contract.index`), with its days of life.

    After `valid_to` contracts go over to `replaced_by` plus `spread_pp`, unless they name a
    `fallback_index` of their own. A compound rate of `tenor_months` is worked out from `overnight`
    on days for which nobody published it.
    """

    code = models.CharField(_("kod"), max_length=20, unique=True)
    title = models.CharField(_("nazwa"), max_length=80)
    kind = models.CharField(_("rodzaj"), max_length=10, choices=ReferenceKind)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    tenor_months = models.PositiveSmallIntegerField(_("okres, miesiące"), default=0)
    overnight = models.ForeignKey(
        "self",
        verbose_name=_("jednodniowa, z której jest składana"),
        on_delete=models.PROTECT,
        related_name="compounds",
        null=True,
        blank=True,
    )
    administrator = models.CharField(_("administrator"), max_length=80, blank=True)
    source_url = models.URLField(_("gdzie jest publikowana"), blank=True)
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self",
        verbose_name=_("następca"),
        on_delete=models.PROTECT,
        related_name="replaces",
        null=True,
        blank=True,
    )
    spread_pp = RateField(_("korekta przy przejściu na następcę, p.p."), default=0)

    class Meta:
        verbose_name = _("stopa referencyjna")
        verbose_name_plural = _("stopy referencyjne")
        constraints = [
            models.CheckConstraint(
                name="referencerate_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class IndexFixing(models.Model):
    """The value of an index published on a day, percent per year, as it counts now. What stood
    here before a correction stays in its FixingCorrection.

    For a compound index `compound_index` may carry the published index level (8 places).
    """

    rate = models.ForeignKey(
        ReferenceRate, verbose_name=_("stopa"), on_delete=models.PROTECT, related_name="fixings"
    )
    on = models.DateField(_("dzień"))
    value = RateField(_("wartość, %"))
    compound_index = models.DecimalField(
        _("indeks składany"), max_digits=16, decimal_places=8, null=True, blank=True
    )
    source = models.CharField(_("źródło"), max_length=120)
    entered_at = models.DateTimeField(_("wpisano"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("wpisał"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zatwierdził"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    class Meta:
        verbose_name = _("notowanie stopy")
        verbose_name_plural = _("notowania stóp")
        constraints = [
            models.UniqueConstraint(fields=["rate", "on"], name="indexfixing_day_unique"),
            models.CheckConstraint(
                name="indexfixing_two_people",
                condition=Q(accepted_by__isnull=True) | ~Q(accepted_by=F("entered_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate_id} {self.on}: {self.value}"


class FixingCorrection(models.Model):
    """A wrong value of an index and what replaced it: who, when and why. Append-only."""

    fixing = models.ForeignKey(
        IndexFixing,
        verbose_name=_("notowanie"),
        on_delete=models.PROTECT,
        related_name="corrections",
    )
    old_value = RateField(_("wartość przed, %"))
    new_value = RateField(_("wartość po, %"))
    old_compound_index = models.DecimalField(
        _("indeks składany przed"), max_digits=16, decimal_places=8, null=True, blank=True
    )
    new_compound_index = models.DecimalField(
        _("indeks składany po"), max_digits=16, decimal_places=8, null=True, blank=True
    )
    old_source = models.CharField(_("źródło przed"), max_length=120)
    new_source = models.CharField(_("źródło po"), max_length=120)
    reason = models.CharField(_("powód korekty"), max_length=200)
    corrected_at = models.DateTimeField(_("poprawiono"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zgłosił"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zatwierdził"),
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("korekta notowania")
        verbose_name_plural = _("korekty notowań")
        constraints = [
            models.CheckConstraint(
                name="fixingcorrection_two_people",
                condition=~Q(accepted_by=F("entered_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fixing_id}: {self.old_value} → {self.new_value}"


class RateProposal(models.Model):
    """What one member of the staff wants written about an index; another one decides.

    A fixing: `on` is its day, `value` its value. A replacement: `on` is the last day of the index,
    `replaced_by` what follows, `value` the correction in percentage points. A correction of a
    fixing: `old_value` is the wrong value of the day, `reason` says what was wrong.
    """

    kind = models.CharField(_("rodzaj"), max_length=12, choices=RateProposalKind)
    rate = models.ForeignKey(
        ReferenceRate, verbose_name=_("stopa"), on_delete=models.PROTECT, related_name="proposals"
    )
    on = models.DateField(_("dzień"))
    value = RateField(_("wartość, % (przy zastąpieniu: korekta, p.p.)"))
    compound_index = models.DecimalField(
        _("indeks składany"), max_digits=16, decimal_places=8, null=True, blank=True
    )
    replaced_by = models.ForeignKey(
        ReferenceRate,
        verbose_name=_("następca"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    old_value = RateField(_("wartość poprawiana, %"), null=True, blank=True)
    source = models.CharField(_("źródło"), max_length=120)
    reason = models.CharField(_("powód korekty"), max_length=200, blank=True)
    state = models.CharField(
        _("stan"), max_length=8, choices=RateProposalState, default=RateProposalState.OPEN
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zgłosił"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    proposed_at = models.DateTimeField(_("zgłoszono"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("rozstrzygnął"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    decided_at = models.DateTimeField(_("rozstrzygnięto"), null=True, blank=True)

    class Meta:
        verbose_name = _("zgłoszenie stopy")
        verbose_name_plural = _("zgłoszenia stóp")
        constraints = [
            models.UniqueConstraint(
                fields=["rate", "kind", "on"],
                condition=Q(state=RateProposalState.OPEN),
                name="rateproposal_one_open",
            ),
            models.CheckConstraint(
                name="rateproposal_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="rateproposal_replacement_names_the_next",
                condition=Q(replaced_by__isnull=False) ^ ~Q(kind=RateProposalKind.REPLACEMENT),
            ),
            models.CheckConstraint(
                name="rateproposal_correction_says_of_what_and_why",
                condition=Q(old_value__isnull=True) ^ Q(kind=RateProposalKind.CORRECTION),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} {self.on}: {self.value.normalize():f}"


class RateChangeQuerySet(CompanyScopedQuerySet["RateChange"]):
    company_path = "contract__company"
    contract_path = "contract"


class RateChange(models.Model):
    """What a new value of the index did to one contract, and why. Append-only.

    Rows up to `frozen_through` (instalment number) were invoiced and stayed as they were. Without
    a `new_version` the schedule did not change; `outcome` says why. Rates in percent per year,
    instalments net in the contract's currency.

    `reset_on` is the day of the reset by the contract's rule and names it; `effective_on` is the
    first day whose interest counts by the new rate: earlier, when the whole period of the next
    instalment does, or later, when that one was invoiced.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="rate_changes"
    )
    kind = models.CharField(_("rodzaj"), max_length=10, choices=RateChangeKind)
    reset_on = models.DateField(_("dzień zmiany stopy"))
    effective_on = models.DateField(_("działa od"))
    old_index = models.CharField(_("stopa przed"), max_length=20)
    new_index = models.CharField(_("stopa po"), max_length=20)
    old_value = RateField(_("wartość przed, %"), null=True, blank=True)
    new_value = RateField(_("wartość po, %"))
    old_fixed_on = models.DateField(_("notowanie przed"), null=True, blank=True)
    new_fixed_on = models.DateField(_("notowanie po"))
    source = models.CharField(_("źródło"), max_length=120, blank=True)
    margin_pp = RateField(_("marża, p.p."))
    spread_pp = RateField(_("korekta, p.p."), default=0)
    old_rate_pct = RateField(_("oprocentowanie przed, %"))
    new_rate_pct = RateField(_("oprocentowanie po, %"))
    method = models.CharField(_("sposób przeliczenia"), max_length=16, choices=IndexMethod)
    outcome = models.CharField(_("skutek"), max_length=12, choices=RateChangeOutcome)
    old_version = models.ForeignKey(
        ScheduleVersion, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    new_version = models.OneToOneField(
        ScheduleVersion,
        on_delete=models.PROTECT,
        related_name="rate_change",
        null=True,
        blank=True,
    )
    frozen_through = models.PositiveSmallIntegerField(_("bez zmian do raty"), default=0)
    old_instalment = MoneyField(_("pierwsza zmieniona rata przed"), null=True, blank=True)
    new_instalment = MoneyField(_("pierwsza zmieniona rata po"), null=True, blank=True)
    total_difference = MoneyField(_("różnica do końca umowy"), null=True, blank=True)
    created_at = models.DateTimeField(_("utworzono"))
    notified_at = models.DateTimeField(_("powiadomiono"), null=True, blank=True)

    objects = RateChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("zmiana oprocentowania")
        verbose_name_plural = _("zmiany oprocentowania")
        constraints = [
            models.UniqueConstraint(fields=["contract", "reset_on"], name="ratechange_once"),
            models.CheckConstraint(
                name="ratechange_version_when_changed",
                condition=Q(new_version__isnull=False) ^ ~Q(outcome=RateChangeOutcome.CHANGED),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="ratechange_to_notify", condition=Q(notified_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract} {self.effective_on}"

"""Policies: one paper of an insurer, the risks it covers, its instalments, checks and files."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.fields import MoneyField
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership, SourcedModel
from eboks.tenancy.rights import Right, Role
from insurance.enums import CheckItem, GapKind, Placement, Risk, Territory, VatBasis, Verification
from insurance.models.insurers import Insurer


class PolicyQuerySet(CompanyScopedQuerySet["Policy"]):
    contract_path = "contract"
    right = Right.VIEW_INSURANCE

    def with_last_day(self) -> Self:
        """With `last_on`: the last day of cover (a termination shortens it)."""
        return self.annotate(
            last_on=Least("valid_to", Coalesce("terminated_on", "valid_to")),
        )

    def on_day(self, day: dt.date) -> Self:
        """Checked policies that cover `day`."""
        rows = self.with_last_day().filter(verification=Verification.VERIFIED)
        return rows.filter(valid_from__lte=day, last_on__gte=day)


class VehiclePolicyQuerySet(PolicyQuerySet):
    """Policies as the page of a vehicle shows them: without premiums, and to its drivers too."""

    right = Right.VIEW_VEHICLES

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        given = mine.filter(role=Role.DRIVER, assigned_assets__asset=OuterRef("asset_id"))
        return [*super()._limited_ways(mine), given]


class Policy(SourcedModel):
    """A policy for one asset, from `valid_from` to `valid_to`, both days covered.

    What the client sent in stands with `source_system` „portal” and counts once it is verified.
    `terminated_on` is the last day of cover of one that was ended early.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The lessee whom it concerns. An own policy stays with whoever concluded it when the lease
    # goes to another lessee; one of the lessor follows the contract (`insurance.feeds`).
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="policies"
    )
    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="policies"
    )
    asset = models.ForeignKey(
        Asset, verbose_name=_("przedmiot"), on_delete=models.PROTECT, related_name="policies"
    )
    insurer = models.ForeignKey(
        Insurer,
        verbose_name=_("ubezpieczyciel"),
        on_delete=models.PROTECT,
        related_name="policies",
    )
    number = models.CharField(_("numer polisy"), max_length=40)
    placement = models.CharField(_("kto ubezpiecza"), max_length=6, choices=Placement)
    policyholder = models.CharField(_("ubezpieczający"), max_length=200)
    insured = models.CharField(_("ubezpieczony"), max_length=200)
    valid_from = models.DateField(_("od"))
    valid_to = models.DateField(_("do"))
    terminated_on = models.DateField(_("rozwiązana z dniem"), null=True, blank=True)
    premium = MoneyField(_("składka"), null=True, blank=True)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    territory = models.CharField(
        _("zakres terytorialny"), max_length=12, choices=Territory, default=Territory.PL
    )
    has_assignment = models.BooleanField(_("cesja na leasingodawcę"), default=False)
    verification = models.CharField(
        _("kontrola"), max_length=10, choices=Verification, default=Verification.TO_VERIFY
    )
    replaced_by = models.ForeignKey(
        "self",
        verbose_name=_("zastąpiona polisą leasingodawcy"),
        on_delete=models.PROTECT,
        related_name="replaces",
        null=True,
        blank=True,
    )
    # Of those that clients send in.
    form_key = models.UUIDField(null=True, blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("przesłał(a)"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    sent_at = models.DateTimeField(_("przesłano"), null=True, blank=True, editable=False)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sprawdził(a)"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    checked_at = models.DateTimeField(_("sprawdzono"), null=True, blank=True, editable=False)
    remarks = models.TextField(_("uwagi dla klienta"), blank=True)
    # Grows with each change made in the portal, its risks included: `standing` is kept by the sum.
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = PolicyQuerySet.as_manager()
    of_vehicles = VehiclePolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("polisa")
        verbose_name_plural = _("polisy")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="policy_source_unique"
            ),
            models.UniqueConstraint(
                fields=["author", "form_key"],
                condition=Q(form_key__isnull=False),
                name="policy_form_once",
            ),
            models.CheckConstraint(
                name="policy_days_in_order",
                condition=Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("Koniec polisy nie może być przed początkiem."),
            ),
            models.CheckConstraint(
                name="policy_premium_not_negative",
                condition=Q(premium__isnull=True) | Q(premium__gte=0),
                violation_error_message=_("Składka nie może być ujemna."),
            ),
        ]
        indexes = [
            models.Index(fields=["asset", "valid_from"], name="policy_of_asset"),
            models.Index(fields=["company", "valid_to"], name="policy_company_list"),
            models.Index(fields=["valid_to"], name="policy_end"),
            models.Index(fields=["contract"], name="policy_contract"),
            models.Index(
                fields=["company", "revision"],
                name="policy_changed_here",
                condition=Q(revision__gt=0),
            ),
            models.Index(
                fields=["sent_at"],
                name="policy_to_verify",
                condition=Q(verification=Verification.TO_VERIFY),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def last_day(self) -> dt.date:
        """The last day of cover."""
        if self.terminated_on is None:
            return self.valid_to
        return min(self.terminated_on, self.valid_to)

    @property
    def has_own_contract(self) -> bool:
        """False once the contract has gone to another lessee."""
        return self.contract.company_id == self.company_id


class PolicyPartQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "policy__company"
    contract_path = "policy__contract"
    right = Right.VIEW_INSURANCE


class PolicyCover(models.Model):
    """A risk that a policy covers, with its sum (in the policy's currency) and deductible."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="covers")
    risk = models.CharField(_("ryzyko"), max_length=12, choices=Risk)
    gap_kind = models.CharField(_("rodzaj GAP"), max_length=10, choices=GapKind, blank=True)
    sum_insured = MoneyField(_("suma ubezpieczenia"), null=True, blank=True)
    vat_basis = models.CharField(_("podstawa VAT"), max_length=8, choices=VatBasis, blank=True)
    deductible = MoneyField(_("udział własny"), default=0)

    objects = PolicyPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("ryzyko polisy")
        verbose_name_plural = _("ryzyka polisy")
        constraints = [
            models.UniqueConstraint(fields=["policy", "risk"], name="policycover_once"),
            models.CheckConstraint(
                name="policycover_amounts_not_negative",
                condition=(Q(sum_insured__isnull=True) | Q(sum_insured__gte=0))
                & Q(deductible__gte=0),
                violation_error_message=_("Kwoty nie mogą być ujemne."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_risk_display())


class PolicyInstalment(models.Model):
    """A part of the premium, in the policy's currency."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="instalments")
    n = models.PositiveSmallIntegerField(_("nr"))
    due_on = models.DateField(_("termin"))
    amount = MoneyField(_("kwota"))
    paid_on = models.DateField(_("zapłacono"), null=True, blank=True)

    objects = PolicyPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("rata składki")
        verbose_name_plural = _("raty składki")
        constraints = [
            models.UniqueConstraint(fields=["policy", "n"], name="policyinstalment_once"),
            models.CheckConstraint(
                name="policyinstalment_amount_positive", condition=Q(amount__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.n}"


class PolicyCheck(models.Model):
    """One line of the checklist as the back office ticked it; `note` is the defect in words."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="checks")
    item = models.CharField(_("co sprawdzono"), max_length=16, choices=CheckItem)
    is_met = models.BooleanField(_("spełnione"))
    note = models.CharField(_("czego brakuje"), max_length=250, blank=True)

    objects = PolicyPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("punkt kontroli polisy")
        verbose_name_plural = _("punkty kontroli polisy")
        constraints = [models.UniqueConstraint(fields=["policy", "item"], name="policycheck_once")]

    def __str__(self) -> str:
        return str(self.get_item_display())


class PolicyFile(models.Model):
    """A PDF or photo of a policy. Not to be read before it has been scanned (SEC-86)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="files")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("nazwa pliku"), max_length=150)
    document = models.ForeignKey(
        Document,
        verbose_name=_("plik"),
        on_delete=models.PROTECT,
        related_name="policy_files",
        null=True,
        blank=True,
    )
    scan = models.CharField(_("kontrola"), max_length=8, choices=Scan, default=Scan.WAITING)
    at = models.DateTimeField(_("kiedy"))

    objects = PolicyPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("plik polisy")
        verbose_name_plural = _("pliki polis")
        indexes = [
            models.Index(fields=["policy", "at"], name="policyfile_list"),
            models.Index(fields=["id"], name="policyfile_to_scan", condition=Q(scan=Scan.WAITING)),
        ]

    def __str__(self) -> str:
        return self.name

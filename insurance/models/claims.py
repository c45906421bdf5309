"""Claims: what happened, what came of it, each step, the photographs."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.fields import MoneyField
from eboks.tenancy.models import Company, CompanyScopedQuerySet, SourcedModel
from eboks.tenancy.rights import Right
from insurance.enums import ClaimKind, ClaimStatus, Fault, Risk
from insurance.models.insurers import Insurer
from insurance.models.policies import Policy


class ClaimQuerySet(CompanyScopedQuerySet["Claim"]):
    contract_path = "contract"
    right = Right.VIEW_INSURANCE


class Claim(SourcedModel):
    """A damage. Amounts are in `currency`; `status` changes only in `insurance.claims`.

    Reported here (`source_system` „portal”), or brought by a feed.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("numer zgłoszenia"), max_length=20, unique=True, editable=False)
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="claims"
    )
    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="claims"
    )
    asset = models.ForeignKey(
        Asset, verbose_name=_("przedmiot"), on_delete=models.PROTECT, related_name="claims"
    )
    policy = models.ForeignKey(
        Policy,
        verbose_name=_("polisa"),
        on_delete=models.PROTECT,
        related_name="claims",
        null=True,
        blank=True,
    )
    insurer = models.ForeignKey(
        Insurer,
        verbose_name=_("ubezpieczyciel"),
        on_delete=models.PROTECT,
        related_name="claims",
        null=True,
        blank=True,
    )
    insurer_number = models.CharField(
        _("numer szkody u ubezpieczyciela"), max_length=60, blank=True
    )
    risk = models.CharField(_("z jakiego ryzyka"), max_length=12, choices=Risk, blank=True)
    kind = models.CharField(_("co się stało"), max_length=12, choices=ClaimKind)
    happened_at = models.DateTimeField(_("kiedy"))
    place = models.CharField(_("gdzie"), max_length=200)
    country = models.CharField(_("kraj"), max_length=2, default="PL")
    description = models.TextField(_("opis"))
    driver = models.CharField(_("kto prowadził lub obsługiwał"), max_length=120, blank=True)
    other_party = models.CharField(_("inni uczestnicy"), max_length=250, blank=True)
    fault = models.CharField(_("wina"), max_length=8, choices=Fault, default=Fault.UNKNOWN)
    police_called = models.BooleanField(_("była policja"), default=False)
    injured = models.BooleanField(_("są ranni"), default=False)
    is_drivable = models.BooleanField(_("może jechać lub pracować dalej"), default=True)
    contact_name = models.CharField(_("kto udzieli informacji"), max_length=120)
    contact_phone = models.CharField(_("telefon"), max_length=20)
    status = models.CharField(
        _("stan"),
        max_length=10,
        choices=ClaimStatus,
        default=ClaimStatus.REPORTED,
        editable=False,
    )
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    repair_cost = MoneyField(_("koszt naprawy netto"), null=True, blank=True)
    payout = MoneyField(_("odszkodowanie"), null=True, blank=True)
    deductible = MoneyField(_("udział własny"), null=True, blank=True)
    downtime_days = models.PositiveSmallIntegerField(_("dni postoju"), null=True, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zgłosił(a)"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    form_key = models.UUIDField(null=True, blank=True, editable=False)
    reported_at = models.DateTimeField(_("zgłoszono"))
    changed_at = models.DateTimeField(_("zmieniono"))

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("szkoda")
        verbose_name_plural = _("szkody")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="claim_source_unique"
            ),
            models.UniqueConstraint(
                fields=["author", "form_key"],
                condition=Q(form_key__isnull=False),
                name="claim_form_once",
            ),
            models.CheckConstraint(
                name="claim_amounts_not_negative",
                condition=(Q(repair_cost__isnull=True) | Q(repair_cost__gte=0))
                & (Q(payout__isnull=True) | Q(payout__gte=0))
                & (Q(deductible__isnull=True) | Q(deductible__gte=0)),
                violation_error_message=_("Kwoty nie mogą być ujemne."),
            ),
            models.CheckConstraint(
                name="claim_reported_after_event", condition=Q(reported_at__gte=F("happened_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-happened_at"], name="claim_company_list"),
            models.Index(fields=["asset", "-happened_at"], name="claim_of_asset"),
            models.Index(fields=["status", "changed_at"], name="claim_queue"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def has_own_contract(self) -> bool:
        """False once the contract has gone to another lessee."""
        return self.contract.company_id == self.company_id


class ClaimPartQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "claim__company"
    contract_path = "claim__contract"
    right = Right.VIEW_INSURANCE


class ClaimStep(models.Model):
    """A change of status, written in its transaction and never changed.

    Clients read `note`; `actor` is somebody of staff unless `by_client`, and stays unnamed.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="steps")
    before = models.CharField(_("z"), max_length=10, choices=ClaimStatus, blank=True)
    after = models.CharField(_("na"), max_length=10, choices=ClaimStatus)
    by_client = models.BooleanField(_("klient"), default=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("osoba"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    at = models.DateTimeField(_("kiedy"))
    note = models.TextField(_("dopisek dla klienta"), blank=True)

    objects = ClaimPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("krok szkody")
        verbose_name_plural = _("kroki szkód")
        indexes = [models.Index(fields=["claim", "at"], name="claimstep_timeline")]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.after}"


class ClaimFile(models.Model):
    """A photograph or paper of a claim. Not to be read before it has been scanned (SEC-86)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="files")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    from_staff = models.BooleanField(_("od obsługi"), default=False)
    name = models.CharField(_("nazwa pliku"), max_length=150)
    document = models.ForeignKey(
        Document,
        verbose_name=_("plik"),
        on_delete=models.PROTECT,
        related_name="claim_files",
        null=True,
        blank=True,
    )
    scan = models.CharField(_("kontrola"), max_length=8, choices=Scan, default=Scan.WAITING)
    at = models.DateTimeField(_("kiedy"))

    objects = ClaimPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("plik szkody")
        verbose_name_plural = _("pliki szkód")
        indexes = [
            models.Index(fields=["claim", "at"], name="claimfile_list"),
            models.Index(fields=["id"], name="claimfile_to_scan", condition=Q(scan=Scan.WAITING)),
        ]

    def __str__(self) -> str:
        return self.name

"""How long documents stay, what stops their removal, and what is left of those that went."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right


class Formula(models.TextChoices):
    ACCOUNTING = "accounting", _("rachunkowość: lata od początku roku po roku obrotowym")
    VAT = "vat", _("VAT: lata od końca roku płatności podatku")
    INCOME_TAX = "income_tax", _("podatek dochodowy: lata od końca roku płatności podatku")
    CIVIL = "civil", _("przedawnienie roszczeń: lata, do końca roku")
    ANNIVERSARY = "anniversary", _("lata co do dnia")


class Basis(models.TextChoices):
    """The day that a period runs from; a kind of document knows some of them."""

    ISSUED = "issued", _("dzień wystawienia")
    DUE = "due", _("termin płatności")
    SETTLED = "settled", _("dzień rozliczenia umowy")
    DECIDED = "decided", _("dzień decyzji")
    ENDED = "ended", _("koniec relacji z klientem")
    CREATED = "created", _("dzień utworzenia pliku")


class RetentionRule(models.Model):
    """A period of a law or of the lessor, for one class of documents; the longest one counts."""

    document_class = models.CharField(_("rodzaj dokumentu"), max_length=30)
    title = models.CharField(_("nazwa"), max_length=120)
    formula = models.CharField(_("jak liczyć"), max_length=12, choices=Formula)
    years = models.PositiveSmallIntegerField(_("lata"))
    basis = models.CharField(_("od czego"), max_length=8, choices=Basis)
    legal_basis = models.CharField(_("podstawa"), max_length=150, blank=True)
    valid_from = models.DateField(_("obowiązuje od"))
    valid_to = models.DateField(_("obowiązuje do"), null=True, blank=True)

    class Meta:
        verbose_name = _("okres przechowywania")
        verbose_name_plural = _("okresy przechowywania")
        constraints = [
            models.UniqueConstraint(
                fields=["document_class", "formula", "basis", "valid_from"],
                name="retentionrule_once",
            ),
            models.CheckConstraint(
                name="retentionrule_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_class}: {self.title}"


class LegalHoldQuerySet(CompanyScopedQuerySet["LegalHold"]):
    """For the back office alone: a client is not told of a hold."""

    right = Right.MANAGE_PEOPLE


class LegalHold(models.Model):
    """Stops the removal of a company's, a contract's, a person's documents, or of one document.

    It protects from the moment when one member of the staff places it; two confirm that it stays,
    and two lift it (REL-21).
    """

    company = models.ForeignKey(
        Company,
        verbose_name=_("klient"),
        on_delete=models.PROTECT,
        related_name="legal_holds",
        null=True,
        blank=True,
    )
    contract_number = models.CharField(_("umowa"), max_length=40, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("osoba"),
        on_delete=models.PROTECT,
        related_name="legal_holds",
        null=True,
        blank=True,
    )
    document_key = models.CharField(
        _("dokument"),
        max_length=120,
        blank=True,
        help_text=_("jak na liście dokumentów, np. invoice:7f30…"),
    )
    reason = models.TextField(_("powód"))
    placed_at = models.DateTimeField(_("wstrzymano"))
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("potwierdził"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    lift_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto prosi o zwolnienie"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zwolnił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    lifted_at = models.DateTimeField(_("zwolniono"), null=True, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("wstrzymanie usuwania")
        verbose_name_plural = _("wstrzymania usuwania")
        constraints = [
            models.CheckConstraint(
                name="legalhold_has_an_object",
                condition=Q(company__isnull=False)
                | ~Q(contract_number="")
                | Q(person__isnull=False)
                | ~Q(document_key=""),
                violation_error_message=_("Wskaż klienta, umowę, osobę albo dokument."),
            ),
            models.CheckConstraint(
                name="legalhold_two_people_place",
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("placed_by")),
            ),
            models.CheckConstraint(
                name="legalhold_two_people_lift",
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("lift_asked_by")),
            ),
        ]

    def __str__(self) -> str:
        parts = (self.company, self.contract_number, self.person, self.document_key)
        return ", ".join(str(part) for part in parts if part)


class PurgeState(models.TextChoices):
    PLANNED = "planned", _("zaplanowane, do przejrzenia")
    APPROVED = "approved", _("zatwierdzone")
    DONE = "done", _("wykonane")
    CANCELLED = "cancelled", _("odwołane")


class PurgeRun(models.Model):
    """One removal: planned, looked through, approved, done in batches (REL-23)."""

    through = models.DateField(_("okres minął do"))
    state = models.CharField(
        _("stan"), max_length=10, choices=PurgeState, default=PurgeState.PLANNED
    )
    planned_at = models.DateTimeField(_("zaplanowano"))
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zaplanował"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zatwierdził"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    approved_at = models.DateTimeField(_("zatwierdzono"), null=True, blank=True)
    finished_at = models.DateTimeField(_("wykonano"), null=True, blank=True)

    class Meta:
        verbose_name = _("usuwanie dokumentów")
        verbose_name_plural = _("usuwania dokumentów")
        constraints = [
            models.CheckConstraint(
                name="purgerun_two_people",
                condition=Q(approved_by__isnull=True)
                | Q(planned_by__isnull=True)
                | ~Q(approved_by=F("planned_by")),
            ),
            models.UniqueConstraint(
                fields=["state"],
                name="purgerun_one_planned",
                condition=Q(state="planned"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.through}"


class ItemState(models.TextChoices):
    PENDING = "pending", _("do usunięcia")
    PURGED = "purged", _("usunięty")
    HELD = "held", _("wstrzymany")
    FAILED = "failed", _("nie udało się")


class PurgeItemQuerySet(CompanyScopedQuerySet["PurgeItem"]):
    """For the back office alone; clients see the documents themselves until they go."""

    right = Right.MANAGE_PEOPLE


class PurgeItem(models.Model):
    """A document on the list of a run. It outlives the document, so it keeps what tells of it."""

    run = models.ForeignKey(
        PurgeRun, on_delete=models.PROTECT, related_name="items", db_index=False
    )
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document_id = models.PositiveBigIntegerField(_("dokument"))
    document_class = models.CharField(_("rodzaj"), max_length=30)
    key = models.CharField(_("czego dotyczy"), max_length=120)
    file_name = models.CharField(_("nazwa pliku"), max_length=150)
    storage_name = models.CharField(_("nazwa w magazynie"), max_length=120)
    sha256 = models.CharField(_("suma SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("rozmiar w bajtach"))
    purge_on = models.DateField(_("okres minął"))
    state = models.CharField(_("stan"), max_length=8, choices=ItemState, default=ItemState.PENDING)
    file_is_gone = models.BooleanField(_("plik usunięty"), default=False)
    reason = models.CharField(_("powód"), max_length=250, blank=True)

    objects = PurgeItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("dokument do usunięcia")
        verbose_name_plural = _("dokumenty do usunięcia")
        constraints = [
            models.UniqueConstraint(fields=["run", "document_id"], name="purgeitem_once")
        ]
        indexes = [
            models.Index(fields=["run", "state", "id"], name="purgeitem_next"),
        ]

    def __str__(self) -> str:
        return self.file_name


class TombstoneQuerySet(CompanyScopedQuerySet["Tombstone"]):
    right = Right.VIEW_FINANCE


class Tombstone(models.Model):
    """What is left of a removed document: that it existed, its hash, why and when it went."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(_("czego dotyczył"), max_length=120, unique=True)
    document_class = models.CharField(_("rodzaj"), max_length=30)
    sha256 = models.CharField(_("suma SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("rozmiar w bajtach"))
    purge_on = models.DateField(_("okres minął"))
    purged_at = models.DateTimeField(_("usunięto"))
    run = models.ForeignKey(PurgeRun, on_delete=models.PROTECT, related_name="tombstones")

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("ślad po dokumencie")
        verbose_name_plural = _("ślady po dokumentach")

    def __str__(self) -> str:
        return self.key

"""What the lessor requires to be insured: by kind of asset, or for one contract."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.enums import AssetCategory
from contracts.models import Contract
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from insurance.enums import Risk, Territory, VatBasis


class RequirementQuerySet(CompanyScopedQuerySet["Requirement"]):
    """Rows of single contracts belong to their lessee; general ones are everybody's, and are read
    by `insurance.requirements`, never through a person."""

    company_path = "contract__company"
    contract_path = "contract"
    right = Right.VIEW_INSURANCE


class Requirement(models.Model):
    """A risk that must be covered from `valid_from` on. One of a contract replaces the general one
    of the same risk; `is_waived` on a contract lifts it."""

    category = models.CharField(_("rodzaj przedmiotu"), max_length=8, choices=AssetCategory)
    contract = models.ForeignKey(
        Contract,
        verbose_name=_("tylko umowa"),
        on_delete=models.PROTECT,
        related_name="insurance_requirements",
        null=True,
        blank=True,
    )
    risk = models.CharField(_("ryzyko"), max_length=12, choices=Risk)
    is_waived = models.BooleanField(_("zwolnienie z wymogu"), default=False)
    sum_pct = models.DecimalField(
        _("suma, % ceny przedmiotu"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(100),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(200))],
        help_text=_("0: bez wymaganej sumy, na przykład OC."),
    )
    vat_basis = models.CharField(
        _("podstawa VAT"), max_length=8, choices=VatBasis, blank=True, default=""
    )
    territory = models.CharField(
        _("zakres terytorialny"), max_length=12, choices=Territory, default=Territory.PL
    )
    needs_assignment = models.BooleanField(_("z cesją na leasingodawcę"), default=False)
    valid_from = models.DateField(_("obowiązuje od"))
    valid_to = models.DateField(_("obowiązuje do"), null=True, blank=True)

    objects = RequirementQuerySet.as_manager()

    class Meta:
        verbose_name = _("wymóg ubezpieczenia")
        verbose_name_plural = _("wymogi ubezpieczenia")
        constraints = [
            models.CheckConstraint(
                name="requirement_dates_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("Koniec ważności nie może być przed początkiem."),
            ),
            models.CheckConstraint(
                name="requirement_waived_for_a_contract",
                condition=Q(is_waived=False) | Q(contract__isnull=False),
                violation_error_message=_("Zwolnić z wymogu można jedną umowę."),
            ),
            models.UniqueConstraint(
                fields=["category", "risk", "valid_from"],
                condition=Q(contract__isnull=True),
                name="requirement_general_once",
            ),
            models.UniqueConstraint(
                fields=["contract", "category", "risk", "valid_from"],
                condition=Q(contract__isnull=False),
                name="requirement_of_contract_once",
            ),
        ]
        indexes = [models.Index(fields=["contract"], name="requirement_contract")]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.get_risk_display()}"

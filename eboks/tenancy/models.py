"""The lessor, its client companies, and who may act for them."""

from __future__ import annotations

import datetime as dt
import functools
import operator
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from eboks.fields import MoneyField
from eboks.money import ZERO
from eboks.tenancy.identifiers import validate_krs, validate_nip, validate_nrb, validate_regon
from eboks.tenancy.rights import RIGHTS, Right, Role, roles_with

M = TypeVar("M", bound=models.Model)

hex_colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Podaj kolor jako #rrggbb."))


class LessorProfile(models.Model):
    """The lessor that runs this portal: one row. Brand, contacts and documents come from here."""

    code = models.SlugField(_("kod w plikach wymiany"), unique=True)
    name = models.CharField(_("pełna nazwa"), max_length=200)
    short_name = models.CharField(_("nazwa krótka"), max_length=60)
    nip = models.CharField("NIP", max_length=10, validators=[validate_nip])
    regon = models.CharField("REGON", max_length=14, blank=True, validators=[validate_regon])
    krs = models.CharField("KRS", max_length=10, blank=True, validators=[validate_krs])
    street = models.CharField(_("ulica i numer"), max_length=120)
    postcode = models.CharField(_("kod pocztowy"), max_length=6)
    city = models.CharField(_("miejscowość"), max_length=80)
    register_note = models.CharField(_("sąd rejestrowy i kapitał"), max_length=250, blank=True)
    logo_svg = models.TextField(_("logo (SVG)"), blank=True)
    brand_colour = models.CharField(
        _("kolor marki"), max_length=7, default="#0d5c63", validators=[hex_colour]
    )
    phone = models.CharField(_("telefon"), max_length=20)
    email = models.EmailField(_("e-mail"))
    hours = models.CharField(_("godziny pracy"), max_length=80)
    write_off_limit = MoneyField(
        _("największa umarzana reszta"),
        default=ZERO,
        validators=[MinValueValidator(ZERO)],
        help_text=_("W walucie należności; 0: niczego się nie umarza."),
    )
    waives_fine_fee_in_time = models.BooleanField(
        _("bez opłaty za pismo organu, gdy klient odpowie w terminie"), default=False
    )
    is_demo = models.BooleanField(_("leasingodawca pokazowy, zmyślony"), default=False)

    class Meta:
        verbose_name = _("leasingodawca")
        verbose_name_plural = _("leasingodawca")

    def __str__(self) -> str:
        return self.short_name


class LessorAccount(models.Model):
    """A bank account of the lessor."""

    lessor = models.ForeignKey(LessorProfile, on_delete=models.PROTECT, related_name="accounts")
    number = models.CharField(_("rachunek (NRB)"), max_length=26, validators=[validate_nrb])
    bank_name = models.CharField(_("bank"), max_length=80)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")

    class Meta:
        verbose_name = _("rachunek leasingodawcy")
        verbose_name_plural = _("rachunki leasingodawcy")
        constraints = [
            models.UniqueConstraint(fields=["number"], name="lessoraccount_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.currency})"


class SourcedModel(models.Model):
    """A row that comes from the core system: which one, its key there, and as of which day."""

    source_system = models.CharField(_("system źródłowy"), max_length=30, editable=False)
    source_id = models.CharField(_("klucz w systemie źródłowym"), max_length=64, editable=False)
    as_of = models.DateField(_("stan na dzień"), editable=False)

    class Meta:
        abstract = True


class CompanyScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a company. `company_path` leads to it, `right` is needed to read.

    `contract_path` leads to the contract that a row hangs on ("pk" on contracts themselves). A
    membership that is limited to some contracts reaches only rows of these; rows of no contract
    (an empty path, or no contract in the row) it does not reach.
    """

    company_path: ClassVar[str] = "company"
    contract_path: ClassVar[str] = ""
    right: ClassVar[Right] = Right.VIEW_CONTRACTS

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of companies where `user` is an active member with the right to read them.

        Within the limits of each membership. Staff get no exception: they work in the admin.
        """
        carrying = Membership.objects.active().filter(role__in=roles_with(self.right))
        return self._of_memberships(carrying.filter(user=user.pk), user)

    def for_member(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of companies where `user` is an active member, whatever the role.

        Only to tell 403 (a member without the right) from 404 (a stranger, or a row beyond the
        limits of the membership: it does not exist for them).
        """
        return self._of_memberships(Membership.objects.active().filter(user=user.pk), user)

    def for_company(self, company: Company | None) -> Self:
        """Narrows to the company chosen in the header; None means all of the user's companies."""
        return self if company is None else self.filter(**{self.company_path: company})

    def _of_memberships(
        self, memberships: models.QuerySet[Membership], user: AbstractBaseUser | AnonymousUser
    ) -> Self:
        # Staff who look through this person's eyes look at one company (`audit.viewing`).
        if (seen := getattr(user, "seen_company_id", None)) is not None:
            memberships = memberships.filter(company=seen)
        mine = memberships.filter(company=OuterRef(self._company_column()))
        if not has_limits(user):
            return self.filter(Exists(mine))
        ways = [Exists(way) for way in (mine.filter(UNLIMITED), *self._limited_ways(mine))]
        return self.filter(functools.reduce(operator.or_, map(Q, ways)))

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        """Memberships that reach a row although they are limited."""
        contracts = self._contracts()
        if not contracts:
            return []
        for contract in contracts:
            mine = mine.filter(allowed_contracts__contract=contract)
        return [mine.filter(is_limited=True).exclude(role=Role.DRIVER)]

    def _contracts(self) -> Sequence[Any]:
        """The contracts of a row, as seen from inside a subquery; all must be allowed."""
        path = self.contract_path
        return [OuterRef(path if path == "pk" else f"{path}_id")] if path else []

    def _company_column(self) -> str:
        return f"{self.company_path}_id" if self.company_path else "pk"


# Memberships that reach everything of their company that the role may see.
UNLIMITED = Q(is_limited=False) & ~Q(role=Role.DRIVER)


def has_limits(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether any membership in force of `user` is limited: asked once for each user object.

    Whoever has none is asked no more of any row than the company. `CompanyMiddleware` fills the
    answer from the memberships that it has read.
    """
    known: bool | None = getattr(user, "has_limited_memberships", None)
    if known is None:
        known = (
            user.pk is not None
            and Membership.objects.active().filter(user=user.pk).exclude(UNLIMITED).exists()
        )
        user.has_limited_memberships = known  # type: ignore[union-attr]
    return known


class CompanyQuerySet(CompanyScopedQuerySet["Company"]):
    company_path = ""

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        """The company itself is known to each of its members."""
        return [mine]

    def for_company(self, company: Company | None) -> Self:
        return self if company is None else self.filter(pk=company.pk)


class Company(SourcedModel):
    """A client of the lessor (the lessee): a firm or a sole trader."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_id = models.CharField(_("identyfikator klienta"), max_length=20, unique=True)
    name = models.CharField(_("nazwa"), max_length=200)
    legal_form = models.CharField(_("forma prawna"), max_length=60, blank=True)
    nip = models.CharField("NIP", max_length=10, blank=True, validators=[validate_nip])
    regon = models.CharField("REGON", max_length=14, blank=True, validators=[validate_regon])
    krs = models.CharField("KRS", max_length=10, blank=True, validators=[validate_krs])
    street = models.CharField(_("ulica i numer"), max_length=120)
    postcode = models.CharField(_("kod pocztowy"), max_length=10)
    city = models.CharField(_("miejscowość"), max_length=80)
    country = models.CharField(_("kraj"), max_length=2, default="PL")
    mail_street = models.CharField(_("adres do korespondencji"), max_length=120, blank=True)
    mail_postcode = models.CharField(_("kod pocztowy"), max_length=10, blank=True)
    mail_city = models.CharField(_("miejscowość"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telefon"), max_length=20, blank=True)
    contact_name = models.CharField(_("osoba do kontaktu"), max_length=120, blank=True)
    two_people_sign = models.BooleanField(
        _("kosztowne dyspozycje podpisują dwie osoby"), default=False
    )
    e_invoice_since = models.DateField(_("e-faktura od"), null=True, blank=True)
    is_consumer = models.BooleanField(_("konsument"), default=False)
    is_public_medical = models.BooleanField(_("publiczny podmiot leczniczy"), default=False)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("klient")
        verbose_name_plural = _("klienci")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="company_source_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["nip"], name="company_nip"),
            models.Index(fields=["name"], name="company_name"),
        ]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(CompanyScopedQuerySet["Membership"]):
    right = Right.MANAGE_PEOPLE

    def active(self, on: dt.date | None = None) -> Self:
        """Memberships in force on `on` (today's business date by default)."""
        from eboks import clock  # noqa: PLC0415 -- the clock is read here and nowhere below

        day = on or clock.today()
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gte=day),
            is_active=True,
            user__is_active=True,
        )


class Membership(models.Model):
    """A person's mandate to act for a company, in one role. Read again on every request."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("rola"), max_length=20, choices=Role)
    is_active = models.BooleanField(_("aktywne"), default=True)
    valid_from = models.DateField(_("ważne od"), null=True, blank=True)
    valid_to = models.DateField(_("ważne do"), null=True, blank=True)
    # Only contracts (and vehicles) that are named; drivers are always limited.
    is_limited = models.BooleanField(_("tylko wybrane umowy"), default=False)
    # Changed in the portal: a feed may end it, but not widen or restore it.
    is_kept_here = models.BooleanField(_("prowadzone w portalu"), default=False, editable=False)
    removed_at = models.DateTimeField(_("usunięte"), null=True, blank=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zaprosił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    # Until the person comes in for the first time, the inviter sees only what they typed: not
    # whether the address had an account already, nor whose.
    invited_at = models.DateTimeField(_("zaproszono"), null=True, blank=True, editable=False)
    invited_as = models.CharField(_("zaproszono jako"), max_length=301, blank=True, editable=False)
    source_system = models.CharField(max_length=30, blank=True, editable=False)
    source_id = models.CharField(max_length=64, blank=True, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("pełnomocnictwo")
        verbose_name_plural = _("pełnomocnictwa")
        constraints = [
            models.UniqueConstraint(fields=["user", "company"], name="membership_once"),
            models.CheckConstraint(
                name="membership_dates_in_order",
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("Koniec ważności nie może być przed początkiem."),
            ),
            models.CheckConstraint(
                name="membership_administrator_sees_all",
                condition=~Q(role=Role.OWNER) | Q(is_limited=False),
                violation_error_message=_("Administrator widzi wszystkie umowy firmy."),
            ),
        ]
        indexes = [models.Index(fields=["company", "user"], name="membership_company_user")]

    def __str__(self) -> str:
        return f"{self.user} – {self.company} ({self.get_role_display()})"

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[Role(self.role)]

    @property
    def has_limits(self) -> bool:
        """Whether only named contracts or vehicles are reached (`UNLIMITED` says it in SQL)."""
        return self.is_limited or self.role == Role.DRIVER


class CompanyChange(models.Model):
    """Company data changed in the portal and not yet in the core system: laid over each feed.

    Ends when a feed brings the same values, or when staff say that the core has decided.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="changes")
    values = models.JSONField(_("nowe dane"))  # {column of Company: value}
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("kiedy"))
    reference = models.CharField(_("dyspozycja"), max_length=20)
    settled_at = models.DateTimeField(_("przyjęte w systemie"), null=True, blank=True)

    objects = CompanyScopedQuerySet["CompanyChange"].as_manager()

    class Meta:
        verbose_name = _("zmiana danych klienta")
        verbose_name_plural = _("zmiany danych klientów")
        indexes = [
            models.Index(
                fields=["company"],
                name="companychange_open",
                condition=Q(settled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.made_at:%Y-%m-%d}"

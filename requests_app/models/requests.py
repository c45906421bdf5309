"""A client's matter: what was asked, what it costs, each step, what was said, what came of it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from eboks.authorisation.models import Instruction
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.fields import MoneyField
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership
from eboks.tenancy.rights import Right, roles_with
from invoicing.models import Charge, FeeLine
from requests_app.enums import OPEN, By, FeeState, Status
from requests_app.vehicle_papers import VehiclePaperQuerySet

_UNFILED = Q(submitted_at__isnull=True, status__in=[Status.DRAFT, Status.WITHDRAWN, Status.EXPIRED])


class RequestQuerySet(CompanyScopedQuerySet["Request"]):
    contract_path = "contract"
    right = Right.FILE_REQUESTS

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Those that speak of money need the right to see money, too (a fleet manager lacks it)."""
        rows = super().for_user(user)
        paying = Membership.objects.active().filter(
            user=user.pk, role__in=roles_with(Right.VIEW_FINANCE)
        )
        return rows.filter(Q(is_financial=False) | Q(company__in=paying.values("company")))

    def left_author(self) -> Self:
        """Without drafts, and without those that were given up or expired as drafts."""
        return self.exclude(_UNFILED)

    def _of_memberships(
        self, memberships: models.QuerySet[Membership], user: AbstractBaseUser | AnonymousUser
    ) -> Self:
        """A draft is its author's alone, also when it has ended."""
        return super()._of_memberships(memberships, user).filter(~_UNFILED | Q(author=user.pk))


class Request(models.Model):
    """One matter. `typed` is the form as it was filled in; `facts` (JSON values) and `lines` (what
    was shown and signed) are taken from it when it is submitted. Status changes in `workflow`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("numer"), max_length=20, unique=True, editable=False)
    kind = models.CharField(_("rodzaj"), max_length=40)
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="requests"
    )
    contract = models.ForeignKey(
        Contract,
        verbose_name=_("umowa"),
        on_delete=models.PROTECT,
        related_name="requests",
        null=True,
        blank=True,
    )
    asset = models.ForeignKey(
        Asset,
        verbose_name=_("przedmiot"),
        on_delete=models.PROTECT,
        related_name="requests",
        null=True,
        blank=True,
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("składa"),
        on_delete=models.PROTECT,
        related_name="requests",
    )
    form_key = models.UUIDField(editable=False)
    status = models.CharField(
        _("stan"), max_length=14, choices=Status, default=Status.DRAFT, editable=False
    )
    is_exclusive = models.BooleanField(_("jeden naraz"), default=False, editable=False)
    is_financial = models.BooleanField(_("pokazuje kwoty"), default=False, editable=False)
    language = models.CharField(_("język"), max_length=5, default="pl")
    typed = models.JSONField(_("wpisane"), default=dict, editable=False)
    facts = models.JSONField(_("dane"), default=dict, editable=False)
    lines = models.JSONField(_("podsumowanie"), default=list, editable=False)
    amount = MoneyField(_("kwota, o którą chodzi"), null=True, blank=True, editable=False)

    fee_line = models.ForeignKey(
        FeeLine,
        verbose_name=_("pozycja tabeli opłat"),
        on_delete=models.PROTECT,
        related_name="requests",
        null=True,
        blank=True,
        editable=False,
    )
    fee_net = MoneyField(_("opłata netto"), default=0, editable=False)
    fee_gross = MoneyField(_("opłata brutto"), default=0, editable=False)
    fee_state = models.CharField(
        _("opłata"), max_length=10, choices=FeeState, default=FeeState.FREE, editable=False
    )
    charge = models.OneToOneField(
        Charge,
        verbose_name=_("naliczona opłata"),
        on_delete=models.PROTECT,
        related_name="request",
        null=True,
        blank=True,
        editable=False,
    )
    instruction = models.ForeignKey(
        Instruction,
        verbose_name=_("podpis"),
        on_delete=models.PROTECT,
        related_name="requests",
        null=True,
        blank=True,
        editable=False,
    )
    created_at = models.DateTimeField(_("zaczęto"))
    changed_at = models.DateTimeField(_("zmieniono"))
    submitted_at = models.DateTimeField(_("złożono"), null=True, blank=True)
    answer_by = models.DateField(_("odpowiedź do"), null=True, blank=True)
    # For which stage of its term staff have been reminded (`sweeping`).
    reminded = models.CharField(_("przypomniano"), max_length=5, blank=True, editable=False)
    expires_at = models.DateTimeField(_("wygasa"), null=True, blank=True)
    why_review = models.CharField(_("dlaczego do rozpatrzenia"), max_length=250, blank=True)

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("prowadzi"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zgodę proponuje"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("rozstrzygnął(ęła)"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    decided_at = models.DateTimeField(_("rozstrzygnięto"), null=True, blank=True)
    answer = models.TextField(_("odpowiedź dla klienta"), blank=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("wniosek")
        verbose_name_plural = _("wnioski")
        constraints = [
            models.UniqueConstraint(fields=["author", "form_key"], name="request_form_once"),
            models.UniqueConstraint(
                fields=["contract", "kind"],
                condition=Q(is_exclusive=True, status__in=OPEN, contract__isnull=False),
                name="request_one_open_of_contract",
            ),
            models.UniqueConstraint(
                fields=["company", "kind"],
                condition=Q(is_exclusive=True, status__in=OPEN, contract__isnull=True),
                name="request_one_open_of_company",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-changed_at"], name="request_company_list"),
            models.Index(fields=["status", "answer_by"], name="request_queue"),
            models.Index(fields=["contract"], name="request_contract"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def has_own_contract(self) -> bool:
        """False once the contract has gone to another lessee."""
        return self.contract is None or self.contract.company_id == self.company_id

    @property
    def fee_vat(self) -> Decimal:
        return Decimal(self.fee_gross - self.fee_net)


class RequestPartQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "request__company"
    contract_path = "request__contract"
    right = Right.FILE_REQUESTS

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(request__in=Request.objects.for_user(user))

    def for_member(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(request__in=Request.objects.for_member(user))


class RequestStep(models.Model):
    """A change of status, written in its transaction and never changed."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="steps")
    before = models.CharField(_("z"), max_length=14, choices=Status, blank=True)
    after = models.CharField(_("na"), max_length=14, choices=Status)
    by = models.CharField(_("kto"), max_length=6, choices=By)
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

    objects = RequestPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("krok wniosku")
        verbose_name_plural = _("kroki wniosków")
        indexes = [models.Index(fields=["request", "at"], name="requeststep_timeline")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.after}"


class RequestMessage(models.Model):
    """Something that the client or the lessor wrote about the request."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    form_key = models.UUIDField(editable=False)
    from_staff = models.BooleanField(_("od obsługi"))
    text = models.TextField(_("treść"))
    at = models.DateTimeField(_("kiedy"))

    objects = RequestPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("wiadomość do wniosku")
        verbose_name_plural = _("wiadomości do wniosków")
        constraints = [
            models.UniqueConstraint(fields=["author", "form_key"], name="requestmessage_once")
        ]
        indexes = [models.Index(fields=["request", "at"], name="requestmessage_list")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.at:%Y-%m-%d}"


class RequestFile(models.Model):
    """A file that somebody sent with a request. Not to be read before it has been scanned."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="files")
    message = models.ForeignKey(
        RequestMessage, on_delete=models.PROTECT, related_name="files", null=True, blank=True
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    from_staff = models.BooleanField(_("od obsługi"))
    name = models.CharField(_("nazwa pliku"), max_length=150)
    document = models.ForeignKey(
        Document,
        verbose_name=_("plik"),
        on_delete=models.PROTECT,
        related_name="request_files",
        null=True,
        blank=True,
    )
    scan = models.CharField(_("kontrola"), max_length=8, choices=Scan, default=Scan.WAITING)
    at = models.DateTimeField(_("kiedy"))

    objects = RequestPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("plik do wniosku")
        verbose_name_plural = _("pliki do wniosków")
        indexes = [
            models.Index(fields=["request", "at"], name="requestfile_list"),
            models.Index(fields=["id"], name="requestfile_to_scan", condition=Q(scan=Scan.WAITING)),
        ]

    def __str__(self) -> str:
        return self.name


class RequestPaper(models.Model):
    """A document that the lessor issues on a request; `check_code` proves it on a public page,
    which shows `about` (label, value), the number and the days, and nothing more."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="papers")
    number = models.CharField(_("numer"), max_length=30, unique=True)
    title = models.CharField(_("nazwa"), max_length=120)
    language = models.CharField(_("język"), max_length=5)
    text_version = models.CharField(_("wersja treści"), max_length=20)
    document = models.ForeignKey(
        Document,
        verbose_name=_("plik"),
        on_delete=models.PROTECT,
        related_name="request_papers",
        null=True,
        blank=True,
    )
    check_code = models.CharField(_("kod sprawdzenia"), max_length=40, unique=True)
    about = models.JSONField(_("co widać po sprawdzeniu"), default=list)
    valid_from = models.DateField(_("ważny od"))
    valid_to = models.DateField(_("ważny do"), null=True, blank=True)
    made_at = models.DateTimeField(_("wydano"))
    revoked_at = models.DateTimeField(_("cofnięto"), null=True, blank=True)
    revoke_reason = models.CharField(_("powód cofnięcia"), max_length=200, blank=True)

    objects = RequestPartQuerySet.as_manager()
    of_vehicles = VehiclePaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("wydany dokument")
        verbose_name_plural = _("wydane dokumenty")
        constraints = [
            models.UniqueConstraint(
                fields=["request", "language"], name="requestpaper_once_a_language"
            ),
            models.CheckConstraint(
                name="requestpaper_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def is_valid(self, on: dt.date) -> bool:
        in_time = self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        return in_time and self.revoked_at is None

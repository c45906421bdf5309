"""What a client says about paying: baskets, reported transfers, promises, answers to balances."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import ClassVar, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import AllowedContract
from eboks.documents.models import Document
from eboks.fields import MoneyField
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership
from eboks.tenancy.rights import Right, Role
from invoicing.enums import ConfirmationAnswer, PromiseState, ReportState
from invoicing.models.ledger import Payment, ReceivableItem

M = TypeVar("M", bound=models.Model)


class OfItemsQuerySet(CompanyScopedQuerySet[M]):
    """Rows about some items: a limited member reaches those about their own contracts alone."""

    right = Right.VIEW_FINANCE
    of_item: ClassVar[str]  # how an item leads to such rows

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        allowed = AllowedContract.objects.filter(membership=OuterRef(OuterRef("pk")))
        about = ReceivableItem.objects.filter(**{self.of_item: OuterRef(OuterRef("pk"))})
        beyond = about.exclude(contract__in=allowed.values("contract"))
        return [
            mine.filter(Exists(about), ~Exists(beyond), is_limited=True).exclude(role=Role.DRIVER)
        ]


class PaymentBasketQuerySet(OfItemsQuerySet["PaymentBasket"]):
    of_item = "baskets"


class PaymentReportQuerySet(OfItemsQuerySet["PaymentReport"]):
    of_item = "payment_reports"


class PaymentPromiseQuerySet(OfItemsQuerySet["PaymentPromise"]):
    of_item = "promises"


class PaymentBasket(models.Model):
    """Items picked to be paid by one transfer: one amount, one account, one title with `code`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="baskets")
    code = models.CharField(_("kod w tytule przelewu"), max_length=16, unique=True)
    currency = models.CharField(_("waluta"), max_length=3)
    total = MoneyField(_("kwota"))
    account = models.CharField(_("rachunek do zapłaty"), max_length=26)
    title = models.CharField(_("tytuł przelewu"), max_length=140)
    items = models.ManyToManyField(
        ReceivableItem, verbose_name=_("należności"), related_name="baskets"
    )
    created_at = models.DateTimeField(_("utworzono"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="baskets", null=True, blank=True
    )

    objects = PaymentBasketQuerySet.as_manager()

    class Meta:
        verbose_name = _("koszyk płatności")
        verbose_name_plural = _("koszyki płatności")
        constraints = [
            models.CheckConstraint(name="paymentbasket_positive", condition=Q(total__gt=0)),
        ]

    def __str__(self) -> str:
        return self.code


class PaymentReport(models.Model):
    """„Zapłaciłem”: a transfer that the client says was sent. Reminders wait for it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The form that was sent: the same form sent twice is one row.
    form_key = models.UUIDField(unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="payment_reports")
    items = models.ManyToManyField(
        ReceivableItem, verbose_name=_("należności"), related_name="payment_reports", blank=True
    )
    paid_on = models.DateField(_("data przelewu"))
    amount = MoneyField(_("kwota"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    proof = models.ForeignKey(
        Document,
        verbose_name=_("potwierdzenie"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    state = models.CharField(
        _("stan"), max_length=10, choices=ReportState, default=ReportState.OPEN
    )
    waits_until = models.DateField(_("wstrzymuje przypomnienia do"))
    reported_at = models.DateTimeField(_("zgłoszono"))
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="reports", null=True, blank=True
    )

    objects = PaymentReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("zgłoszony przelew")
        verbose_name_plural = _("zgłoszone przelewy")
        constraints = [
            models.CheckConstraint(name="paymentreport_positive", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.paid_on} {self.amount} {self.currency}"


class PaymentPromise(models.Model):
    """„Zapłacę do…”: a day by which the client promises to pay, within the lessor's rules."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The form that was sent: the same form sent twice is one row.
    form_key = models.UUIDField(unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="promises")
    items = models.ManyToManyField(
        ReceivableItem, verbose_name=_("należności"), related_name="promises"
    )
    pay_by = models.DateField(_("zapłacę do"))
    amount = MoneyField(_("kwota"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    state = models.CharField(
        _("stan"), max_length=10, choices=PromiseState, default=PromiseState.OPEN
    )
    promised_at = models.DateTimeField(_("złożono"))
    promised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("rozstrzygnięto"), null=True, blank=True)

    objects = PaymentPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("obietnica zapłaty")
        verbose_name_plural = _("obietnice zapłaty")
        constraints = [
            models.CheckConstraint(name="paymentpromise_positive", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.pay_by} {self.amount} {self.currency}"


class BalanceConfirmationQuerySet(CompanyScopedQuerySet["BalanceConfirmation"]):
    right = Right.VIEW_FINANCE


class BalanceConfirmation(models.Model):
    """Potwierdzenie salda (art. 26 ust. 1 pkt 2 UoR): what was owed on a day, and the answer.

    `rows` is a snapshot: a list of {label, contract, issued_on, due_on, amount, currency}; `totals`
    a mapping of currency to sum. Amounts are text with two places, days are ISO. Made, answered
    (once) and handled only by `balance_confirmations`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="balance_confirmations"
    )
    as_of = models.DateField(_("stan na dzień"))
    rows = models.JSONField(_("pozycje"))
    totals = models.JSONField(_("sumy"))
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    answer = models.CharField(
        _("odpowiedź"),
        max_length=10,
        choices=ConfirmationAnswer,
        default=ConfirmationAnswer.WAITING,
    )
    explanation = models.TextField(_("wyjaśnienie klienta"), blank=True)
    created_at = models.DateTimeField(_("utworzono"))
    answer_by = models.DateField(_("odpowiedź do"))
    answered_at = models.DateTimeField(_("odpowiedziano"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    handled_at = models.DateTimeField(_("wyjaśniono"), null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto wyjaśnił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    handling = models.TextField(_("jak wyjaśniono"), blank=True)

    objects = BalanceConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = _("potwierdzenie salda")
        verbose_name_plural = _("potwierdzenia sald")
        constraints = [
            models.UniqueConstraint(fields=["company", "as_of"], name="balanceconfirmation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.as_of}"

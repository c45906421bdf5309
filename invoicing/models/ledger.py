"""Invoices and the ledger: what is owed, what was paid, and what paid what (domain 3.1).

Payments and allocations are append-only; a mistake is reversed. `open_amount` and
`unallocated_amount` are kept beside them by the service that writes allocations, so that a list
of 100 000 items needs no sum; they always equal the sums (tests hold them to it).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from eboks.documents.models import Document
from eboks.fields import MoneyField, RateField, adds_up
from eboks.jobs.models import BALANCES_JOB, JobRun, JobState
from eboks.tenancy.models import Company, CompanyScopedQuerySet, SourcedModel
from eboks.tenancy.rights import Right
from invoicing.enums import AllocationRule, CostKind, InvoiceKind, ItemKind, PaymentKind


class InvoiceQuerySet(CompanyScopedQuerySet["Invoice"]):
    contract_path = "contract"
    right = Right.VIEW_FINANCE


class Invoice(SourcedModel):
    """An issued document: a snapshot of parties and rows that never changes."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="invoices",
        db_index=False,  # both composite indexes begin with it
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="invoices", null=True, blank=True
    )
    kind = models.CharField(_("rodzaj"), max_length=14, choices=InvoiceKind)
    number = models.CharField(_("numer"), max_length=60, unique=True)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="corrections", null=True, blank=True
    )
    issued_on = models.DateField(_("data wystawienia"))
    sold_on = models.DateField(_("data sprzedaży"))
    due_on = models.DateField(_("termin płatności"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    net = MoneyField(_("netto"))
    vat = MoneyField("VAT")
    gross = MoneyField(_("brutto"))
    vat_pln = MoneyField(_("VAT w PLN"))
    fx_rate = RateField(_("kurs"), null=True, blank=True)
    fx_table = models.CharField(_("tabela NBP"), max_length=30, blank=True)
    fx_on = models.DateField(_("kurs z dnia"), null=True, blank=True)
    instalment_n = models.PositiveSmallIntegerField(_("numer raty"), null=True, blank=True)

    seller_name = models.CharField(_("sprzedawca"), max_length=200)
    seller_nip = models.CharField(_("NIP sprzedawcy"), max_length=10)
    seller_address = models.CharField(_("adres sprzedawcy"), max_length=250)
    buyer_name = models.CharField(_("nabywca"), max_length=200)
    buyer_nip = models.CharField(_("NIP nabywcy"), max_length=10, blank=True)
    buyer_address = models.CharField(_("adres nabywcy"), max_length=250)
    account = models.CharField(_("rachunek do zapłaty"), max_length=26, blank=True)
    ksef_number = models.CharField(_("numer KSeF"), max_length=40, blank=True)
    received_at = models.DateTimeField(_("w portalu od"))
    pdf = models.OneToOneField(
        Document, on_delete=models.PROTECT, related_name="invoice", null=True, blank=True
    )

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("faktura")
        verbose_name_plural = _("faktury")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="invoice_source_unique"
            ),
            models.CheckConstraint(
                name="invoice_gross_adds_up", condition=adds_up("gross", "net", "vat")
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-issued_on", "-id"], name="invoice_company_list"),
            models.Index(fields=["contract", "-issued_on"], name="invoice_contract_list"),
            models.Index(fields=["company", "received_at"], name="invoice_company_new"),
            # Issued here and not printed yet (`invoicing.pdf_batches`).
            models.Index(
                fields=["id"],
                name="invoice_to_print",
                condition=Q(pdf__isnull=True, source_system="portal"),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceRowQuerySet(CompanyScopedQuerySet["InvoiceRow"]):
    company_path = "invoice__company"
    contract_path = "invoice__contract"
    right = Right.VIEW_FINANCE


class InvoiceRow(models.Model):
    """One line of an invoice. For an instalment, how much of `net` is principal and interest."""

    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        related_name="rows",
        db_index=False,  # the unique constraint begins with it
    )
    position = models.PositiveSmallIntegerField(_("lp."))
    cost_kind = models.CharField(_("rodzaj kosztu"), max_length=14, choices=CostKind)
    description = models.CharField(_("nazwa"), max_length=250)
    net = MoneyField(_("netto"))
    vat_code = models.CharField(_("stawka VAT"), max_length=8)
    vat = MoneyField("VAT")
    gross = MoneyField(_("brutto"))
    principal = MoneyField(_("część kapitałowa"), default=0)
    interest = MoneyField(_("część odsetkowa"), default=0)

    objects = InvoiceRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("pozycja faktury")
        verbose_name_plural = _("pozycje faktury")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="invoicerow_position_unique"
            ),
            models.CheckConstraint(
                name="invoicerow_gross_adds_up", condition=adds_up("gross", "net", "vat")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} / {self.position}"


class ReceivableItemQuerySet(CompanyScopedQuerySet["ReceivableItem"]):
    contract_path = "contract"
    right = Right.VIEW_FINANCE


class ReceivableItem(SourcedModel):
    """One payable amount with its own due date. A correction in minus has a negative amount."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="items")
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="items", null=True, blank=True
    )
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, related_name="item", null=True, blank=True
    )
    kind = models.CharField(_("rodzaj"), max_length=16, choices=ItemKind)
    label = models.CharField(_("numer dokumentu"), max_length=60)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    gross = MoneyField(_("kwota"))
    open_amount = MoneyField(_("pozostało"))
    issued_on = models.DateField(_("wystawiono"))
    nominal_due_on = models.DateField(_("termin umowny"))
    effective_due_on = models.DateField(_("termin płatności"))
    account = models.CharField(_("rachunek do zapłaty"), max_length=26, blank=True)
    # Interest or compensation for being late with that item: paid before it (art. 451 § 1 KC).
    # Of a write-off: the item that it closes.
    side_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="sides", null=True, blank=True
    )
    is_disputed = models.BooleanField(_("sporna"), default=False)
    dunning_level = models.PositiveSmallIntegerField(_("poziom monitu"), default=0)
    collection_since = models.DateField(_("w windykacji od"), null=True, blank=True)
    # Kept beside the entries of `invoicing.write_offs`: the day of the last one that stands.
    written_off_on = models.DateField(_("umorzono resztę"), null=True, blank=True)

    objects = ReceivableItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("należność")
        verbose_name_plural = _("należności")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="receivableitem_source_unique"
            ),
            models.CheckConstraint(
                name="receivableitem_open_within_gross",
                condition=Q(gross__gte=0, open_amount__gte=0, open_amount__lte=F("gross"))
                | Q(gross__lt=0, open_amount__lte=0, open_amount__gte=F("gross")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "effective_due_on"],
                name="receivableitem_open",
                condition=~Q(open_amount=0),
            ),
            models.Index(fields=["contract", "effective_due_on"], name="receivableitem_contract"),
            models.Index(
                fields=["contract"],
                name="receivableitem_open_contract",
                condition=~Q(open_amount=0),
            ),
            # Whose money it is that comes to this account.
            models.Index(
                fields=["account"], name="receivableitem_account", condition=~Q(account="")
            ),
        ]

    def __str__(self) -> str:
        return self.label


class PaymentQuerySet(CompanyScopedQuerySet["Payment"]):
    contract_path = "contract"
    right = Right.VIEW_FINANCE


class Payment(SourcedModel):
    """Money received (positive) or given back (negative). Append-only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="payments",
        db_index=False,  # the list's index begins with it
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="payments", null=True, blank=True
    )
    indicated_item = models.ForeignKey(
        ReceivableItem,
        on_delete=models.PROTECT,
        related_name="indicating_payments",
        null=True,
        blank=True,
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True
    )
    kind = models.CharField(_("rodzaj"), max_length=16, choices=PaymentKind)
    booked_on = models.DateField(_("zaksięgowano"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    amount = MoneyField(_("kwota"))
    unallocated_amount = MoneyField(_("nierozliczone"))
    payer_name = models.CharField(_("wpłacający"), max_length=150, blank=True)
    payer_account = models.CharField(_("rachunek wpłacającego"), max_length=34, blank=True)
    account = models.CharField(_("wpłata na rachunek"), max_length=26, blank=True)
    title = models.CharField(_("tytuł"), max_length=200, blank=True)
    bank_reference = models.CharField(_("numer operacji w banku"), max_length=60, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("wpłata")
        verbose_name_plural = _("wpłaty")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="payment_source_unique"
            ),
            models.CheckConstraint(name="payment_amount_not_zero", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="payment_unallocated_within_amount",
                condition=Q(
                    amount__gt=0, unallocated_amount__gte=0, unallocated_amount__lte=F("amount")
                )
                | Q(amount__lt=0, unallocated_amount__lte=0, unallocated_amount__gte=F("amount")),
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-booked_on", "-id"], name="payment_company_list"),
            models.Index(
                fields=["booked_on"], name="payment_last_transfer", condition=Q(kind="transfer")
            ),
            models.Index(
                fields=["company"], name="payment_overpaid", condition=~Q(unallocated_amount=0)
            ),
            models.Index(
                fields=["contract"],
                name="payment_overpaid_contract",
                condition=~Q(unallocated_amount=0),
            ),
            # Who has paid from this account before.
            models.Index(
                fields=["payer_account"], name="payment_payer", condition=~Q(payer_account="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency}"


class PaymentIndicationQuerySet(CompanyScopedQuerySet["PaymentIndication"]):
    company_path = "payment__company"
    contract_path = "item__contract"
    right = Right.VIEW_FINANCE


class PaymentIndication(models.Model):
    """An item that a payment is meant for, beside `Payment.indicated_item`: a basket names many."""

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="indications", db_index=False
    )
    item = models.ForeignKey(ReceivableItem, on_delete=models.PROTECT, related_name="indications")
    position = models.PositiveSmallIntegerField(_("kolejność"))

    objects = PaymentIndicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("wskazana należność")
        verbose_name_plural = _("wskazane należności")
        constraints = [
            models.UniqueConstraint(fields=["payment", "item"], name="paymentindication_once"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} → {self.item_id}"


class AllocationQuerySet(CompanyScopedQuerySet["Allocation"]):
    company_path = "payment__company"
    contract_path = "item__contract"
    right = Right.VIEW_FINANCE


class Allocation(models.Model):
    """Which payment paid which item, how much and by what rule. Append-only."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    item = models.ForeignKey(ReceivableItem, on_delete=models.PROTECT, related_name="allocations")
    amount = MoneyField(_("kwota"))
    allocated_on = models.DateField(_("rozliczono"))
    rule = models.CharField(_("reguła"), max_length=10, choices=AllocationRule)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True
    )

    objects = AllocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("rozliczenie")
        verbose_name_plural = _("rozliczenia")
        constraints = [
            models.CheckConstraint(name="allocation_amount_not_zero", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} → {self.item_id}: {self.amount}"


class SetOffQuerySet(CompanyScopedQuerySet["SetOff"]):
    contract_path = "credit_item__contract"
    right = Right.VIEW_FINANCE

    def _contracts(self) -> Sequence[Any]:
        """Both sides tell of a contract."""
        return [
            Coalesce(
                OuterRef(f"{side}_item__contract_id"), OuterRef(f"{side}_payment__contract_id")
            )
            for side in ("credit", "debit")
        ]


class SetOff(models.Model):
    """Two entries that close each other without a payment to an item. Append-only.

    A correction in minus against an item (or against a refund), a refund or a reversal against
    the payment whose money it takes away. Exactly one credit and one debit side is set.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="set_offs")
    credit_item = models.ForeignKey(
        ReceivableItem,
        on_delete=models.PROTECT,
        related_name="set_offs_given",
        null=True,
        blank=True,
    )
    credit_payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="set_offs_given", null=True, blank=True
    )
    debit_item = models.ForeignKey(
        ReceivableItem, on_delete=models.PROTECT, related_name="set_offs", null=True, blank=True
    )
    debit_payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="set_offs", null=True, blank=True
    )
    amount = MoneyField(_("kwota"))
    set_off_on = models.DateField(_("skompensowano"))
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True
    )

    objects = SetOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("kompensata")
        verbose_name_plural = _("kompensaty")
        constraints = [
            models.CheckConstraint(name="setoff_amount_not_zero", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="setoff_one_credit",
                condition=Q(credit_item__isnull=True) ^ Q(credit_payment__isnull=True),
            ),
            models.CheckConstraint(
                name="setoff_one_debit",
                condition=Q(debit_item__isnull=True) ^ Q(debit_payment__isnull=True),
            ),
            models.CheckConstraint(
                name="setoff_is_no_allocation",
                condition=Q(credit_payment__isnull=True) | Q(debit_item__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        credit = self.credit_item_id or self.credit_payment_id
        return f"{credit} ↔ {self.debit_item_id or self.debit_payment_id}: {self.amount}"


class BalanceQuerySet(CompanyScopedQuerySet["Balance"]):
    company_path = "contract__company"
    contract_path = "contract"
    right = Right.VIEW_FINANCE

    def published(self) -> Self:
        """Of the newest day whose night is finished: all of its rows, and none of another day."""
        nights = JobRun.objects.filter(job=BALANCES_JOB, state=JobState.DONE)
        newest = nights.order_by("-business_on").values("business_on")[:1]
        return self.filter(as_of=Subquery(newest))


class Balance(models.Model):
    """What a contract stood at on a day, derived from items, payments and allocations.

    Read `Balance.objects.published()`: the day whose night is finished, whole.
    """

    contract = models.ForeignKey(
        Contract,
        on_delete=models.PROTECT,
        related_name="balances",
        db_index=False,  # `balance_latest` begins with it
    )
    as_of = models.DateField(_("stan na dzień"))
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    open_amount = MoneyField(_("do zapłaty"))
    overdue_amount = MoneyField(_("po terminie"))
    overpaid_amount = MoneyField(_("nadpłata"))
    refreshed_at = models.DateTimeField(_("policzono"))

    objects = BalanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("saldo")
        verbose_name_plural = _("salda")
        constraints = [
            models.UniqueConstraint(
                # The day first: a night's rows are appended, and read and removed together.
                fields=["as_of", "contract", "currency"],
                name="balance_day_unique",
            ),
        ]
        indexes = [models.Index(fields=["contract", "-as_of"], name="balance_latest")]

    def __str__(self) -> str:
        return f"{self.contract} {self.as_of}: {self.open_amount} {self.currency}"

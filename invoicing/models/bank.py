"""The lessor's bank: accounts, individual account numbers, statements and their entries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from eboks.fields import MoneyField
from eboks.tenancy.identifiers import validate_nrb
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from invoicing.enums import (
    AccountScope,
    BankFileState,
    BankFormat,
    EntryState,
    MatchRule,
    StatementState,
    WaitReason,
)
from invoicing.models.ledger import Invoice, Payment


class BankDialect(models.Model):
    """How a bank writes its MT940 files (domain 3.8)."""

    code = models.CharField(_("kod"), max_length=20, unique=True)
    title = models.CharField(_("nazwa"), max_length=80)
    encoding = models.CharField(
        _("kodowanie"), max_length=20, default="cp1250", help_text="cp1250, cp852, iso8859-2, utf-8"
    )
    separator = models.CharField(_("znak podpola"), max_length=1, default="~")
    title_subfields = models.CharField(
        _("podpola tytułu"), max_length=60, default="20,21,22,23,24,25,26"
    )
    # Where the credited individual account stands, if anywhere: each bank has its own place.
    account_subfield = models.CharField(
        _("podpole rachunku indywidualnego"),
        max_length=10,
        default="29",
        blank=True,
        help_text=_("Numer podpola albo słowo: title (w tytule), reference (w :61:)."),
    )
    name_subfields = models.CharField(_("podpola nazwy"), max_length=20, default="32,33")
    counterparty_subfield = models.CharField(
        _("podpole rachunku kontrahenta"), max_length=10, default="38"
    )

    class Meta:
        verbose_name = _("dialekt MT940 banku")
        verbose_name_plural = _("dialekty MT940 banków")

    def __str__(self) -> str:
        return self.title


class LessorAccount(models.Model):
    """A bank account of the lessor whose statements the portal books."""

    number = models.CharField(_("numer NRB"), max_length=26, unique=True, validators=[validate_nrb])
    title = models.CharField(_("nazwa"), max_length=80)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    dialect = models.ForeignKey(
        BankDialect,
        verbose_name=_("dialekt MT940"),
        on_delete=models.PROTECT,
        related_name="accounts",
        null=True,
        blank=True,
    )
    is_active = models.BooleanField(_("używany"), default=True)
    # Without them the first statement that comes is the first one booked.
    first_year = models.PositiveSmallIntegerField(
        _("księguj od wyciągu: rok"), null=True, blank=True
    )
    first_number = models.PositiveIntegerField(
        _("księguj od wyciągu: numer"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("rachunek z wyciągami")
        verbose_name_plural = _("rachunki z wyciągami")

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class AccountMask(models.Model):
    """How individual account numbers are made (domain 3.2): 16 characters after the sort code.

    `layout` is written with letters: digits stand for themselves, C the client's number, U the
    contract's, N a running number; e.g. `7777CCCCCCCCNNNN`.
    """

    sort_code = models.CharField(_("numer rozliczeniowy"), max_length=8)
    layout = models.CharField(_("układ 16 znaków"), max_length=16)
    scope = models.CharField(_("dla kogo"), max_length=8, choices=AccountScope)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    valid_from = models.DateField(_("od"))

    class Meta:
        verbose_name = _("maska rachunków indywidualnych")
        verbose_name_plural = _("maski rachunków indywidualnych")
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "currency", "valid_from"], name="accountmask_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sort_code} {self.layout}"


class VirtualAccountQuerySet(CompanyScopedQuerySet["VirtualAccount"]):
    contract_path = "contract"
    right = Right.VIEW_FINANCE


class VirtualAccount(models.Model):
    """An individual account number: whoever pays to it names its owner, and what it is for."""

    number = models.CharField(_("numer NRB"), max_length=26, unique=True, validators=[validate_nrb])
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="virtual_accounts")
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="virtual_accounts", null=True, blank=True
    )
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, related_name="virtual_account", null=True, blank=True
    )
    mask = models.ForeignKey(
        AccountMask, on_delete=models.PROTECT, related_name="accounts", null=True, blank=True
    )
    created_at = models.DateTimeField(_("utworzono"))

    objects = VirtualAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("rachunek indywidualny")
        verbose_name_plural = _("rachunki indywidualne")
        constraints = [
            models.UniqueConstraint(
                fields=["mask", "company"],
                name="virtualaccount_of_company",
                condition=Q(contract__isnull=True, invoice__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["mask", "contract"],
                name="virtualaccount_of_contract",
                condition=Q(contract__isnull=False, invoice__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class BankFile(models.Model):
    """A bank's file that was read: one row for one content, whatever its name and however often."""

    name = models.CharField(_("plik"), max_length=150)
    sha256 = models.CharField(_("suma SHA-256"), max_length=64, unique=True)
    size = models.PositiveBigIntegerField(_("bajtów"))
    format = models.CharField(_("format"), max_length=8, choices=BankFormat, blank=True)
    state = models.CharField(_("stan"), max_length=8, choices=BankFileState)
    problems = models.TextField(_("co jest nie tak"), blank=True)
    read_at = models.DateTimeField(_("wczytano"))
    tries = models.PositiveIntegerField(_("prób"), default=1)
    # Its name in the watched folder's `refused/`, from where it can be tried again.
    kept_as = models.CharField(_("odłożony jako"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("plik z banku")
        verbose_name_plural = _("pliki z banku")
        indexes = [models.Index(fields=["-read_at"], name="bankfile_read")]

    def __str__(self) -> str:
        return self.name


class BankStatement(models.Model):
    """One statement of one account, as the bank sent it. Booked whole, once."""

    account = models.ForeignKey(
        LessorAccount, on_delete=models.PROTECT, related_name="statements", db_index=False
    )
    file = models.ForeignKey(
        BankFile,
        verbose_name=_("plik"),
        on_delete=models.PROTECT,
        related_name="statements",
    )
    number = models.PositiveIntegerField(_("numer"))
    part = models.PositiveIntegerField(_("część"), default=1)
    year = models.PositiveSmallIntegerField(_("rok"))
    closed_on = models.DateField(_("z dnia"))
    currency = models.CharField(_("waluta"), max_length=3)
    opening = MoneyField(_("saldo początkowe"))
    closing = MoneyField(_("saldo końcowe"))
    entry_count = models.PositiveIntegerField(_("liczba operacji"))
    state = models.CharField(_("stan"), max_length=8, choices=StatementState)
    wait_reason = models.CharField(_("na co czeka"), max_length=8, choices=WaitReason, blank=True)
    imported_at = models.DateTimeField(_("wczytano"))
    booked_at = models.DateTimeField(_("zaksięgowano"), null=True, blank=True)

    class Meta:
        verbose_name = _("wyciąg bankowy")
        verbose_name_plural = _("wyciągi bankowe")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "year", "number", "part"], name="bankstatement_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["closed_on"],
                name="bankstatement_booked",
                condition=Q(state=StatementState.BOOKED),
            )
        ]

    def __str__(self) -> str:
        part = f"/{self.part}" if self.part > 1 else ""
        return f"{self.number}{part}/{self.year}"


class BankEntryQuerySet(CompanyScopedQuerySet["BankEntry"]):
    """For the back office alone: clients see the payment that an entry became."""

    company_path = "payment__company"
    contract_path = "payment__contract"
    right = Right.VIEW_FINANCE


class BankEntry(models.Model):
    """One entry of a statement: the bank's words, and what became of it. Amount is signed."""

    statement = models.ForeignKey(
        BankStatement, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    position = models.PositiveIntegerField(_("lp."))
    # Account and year in front: banks repeat references from year to year.
    reference_key = models.CharField(_("klucz operacji"), max_length=120, unique=True)
    bank_reference = models.CharField(_("numer operacji"), max_length=60)
    booked_on = models.DateField(_("zaksięgowano"))
    value_on = models.DateField(_("data waluty"))
    amount = MoneyField(_("kwota"))
    currency = models.CharField(_("waluta"), max_length=3)
    is_reversal = models.BooleanField(_("storno"), default=False)
    operation = models.CharField(_("rodzaj operacji"), max_length=60, blank=True)
    counterparty_name = models.CharField(_("kontrahent"), max_length=150, blank=True)
    counterparty_account = models.CharField(_("rachunek kontrahenta"), max_length=34, blank=True)
    virtual_account = models.CharField(_("rachunek uznania"), max_length=26, blank=True)
    title = models.CharField(_("tytuł"), max_length=500, blank=True)
    state = models.CharField(_("stan"), max_length=8, choices=EntryState)
    rule = models.CharField(_("jak rozpoznano"), max_length=8, choices=MatchRule, blank=True)
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, related_name="bank_entry", null=True, blank=True
    )
    # Under which key the core system's feed tells of the same payment (`bank.feed_links`).
    core_system = models.CharField(_("system źródłowy"), max_length=30, blank=True)
    core_id = models.CharField(_("klucz w systemie źródłowym"), max_length=64, blank=True)
    note = models.CharField(_("notatka"), max_length=250, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto wyjaśnił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    handled_at = models.DateTimeField(_("wyjaśniono"), null=True, blank=True)

    objects = BankEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("operacja bankowa")
        verbose_name_plural = _("operacje bankowe")
        constraints = [
            models.UniqueConstraint(fields=["statement", "position"], name="bankentry_place"),
            models.CheckConstraint(name="bankentry_amount_not_zero", condition=~Q(amount=0)),
            models.UniqueConstraint(
                fields=["core_system", "core_id"],
                name="bankentry_core_once",
                condition=~Q(core_id=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["booked_on", "id"],
                name="bankentry_queue",
                condition=Q(state=EntryState.QUEUED),
            ),
            models.Index(fields=["bank_reference"], name="bankentry_reference"),
            models.Index(fields=["counterparty_account"], name="bankentry_payer"),
        ]

    def __str__(self) -> str:
        return self.bank_reference

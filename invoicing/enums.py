"""Choices of invoices and settlements."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("faktura")
    CORRECTION = "correction", _("faktura korygująca")
    INTEREST_NOTE = "interest_note", _("nota odsetkowa")
    COMPENSATION = "compensation", _("nota o rekompensatę")


class CostKind(models.TextChoices):
    INITIAL_FEE = "initial_fee", _("opłata wstępna")
    INSTALMENT = "instalment", _("rata leasingowa")
    BUYOUT = "buyout", _("wykup")
    INSURANCE = "insurance", _("ubezpieczenie")
    SERVICE = "service", _("usługi serwisowe")
    FEE = "fee", _("opłata z tabeli")
    INTEREST_NOTE = "interest_note", _("odsetki za opóźnienie")
    COMPENSATION = "compensation", _("rekompensata za koszty odzyskiwania")
    DEPOSIT = "deposit", _("kaucja")
    OTHER = "other", _("inne")


class ItemKind(models.TextChoices):
    INVOICE = "invoice", _("faktura")
    INTEREST_NOTE = "interest_note", _("nota odsetkowa")
    COMPENSATION = "compensation", _("rekompensata")
    OPENING_BALANCE = "opening_balance", _("saldo otwarcia")
    WRITE_OFF = "write_off", _("umorzenie")


class PaymentKind(models.TextChoices):
    TRANSFER = "transfer", _("przelew")
    OPENING_BALANCE = "opening_balance", _("saldo otwarcia")
    REFUND = "refund", _("zwrot")


class AllocationRule(models.TextChoices):
    INDICATED = "indicated", _("wskazana w przelewie")
    OLDEST = "oldest", _("najstarszy termin")


class BankFileState(models.TextChoices):
    LOADED = "loaded", _("wczytany")
    REFUSED = "refused", _("odrzucony")


class BankFormat(models.TextChoices):
    MT940 = "mt940", "MT940"
    CAMT_02 = "camt02", "camt.053.001.02"
    CAMT_08 = "camt08", "camt.053.001.08"


class AllocationPolicy(models.TextChoices):
    INDICATED = "indicated_then_oldest", _("wskazana, potem najstarszy termin")
    ALL_ARREARS = "all_arrears_oldest_first", _("wszystkie zaległości od najstarszej")


class StatementState(models.TextChoices):
    BOOKED = "booked", _("zaksięgowany")
    WAITING = "waiting", _("czeka na poprzedni wyciąg")


class WaitReason(models.TextChoices):
    GAP = "gap", _("brakuje wcześniejszego wyciągu")
    OPENING = "opening", _("saldo początkowe różni się od końcowego poprzedniego wyciągu")
    REVERSALS = "reverse", _("niezwykle dużo zwrotów: sprawdź i potwierdź")


class EntryState(models.TextChoices):
    WAITING = "waiting", _("czeka na zaksięgowanie wyciągu")
    MATCHED = "matched", _("rozpoznana")
    QUEUED = "queued", _("do wyjaśnienia")
    BOOKED_BY_HAND = "by_hand", _("zaksięgowana ręcznie")
    IGNORED = "ignored", _("nie dotyczy klientów")


class MatchRule(models.TextChoices):
    VIRTUAL_ACCOUNT = "account", _("rachunek indywidualny")
    BASKET = "basket", _("kod koszyka w tytule")
    INVOICE_NUMBER = "invoice", _("numer faktury w tytule")
    CONTRACT_NUMBER = "contract", _("numer umowy w tytule")
    PAYER_AND_AMOUNT = "payer", _("znany rachunek i dokładna kwota")
    REVERSAL = "reversal", _("zwrot wcześniejszej wpłaty")
    FEED = "feed", _("wpłata z systemu centralnego")
    BANK_FEE = "fee", _("opłata lub odsetki banku")
    OWN_TRANSFER = "own", _("przelew między rachunkami leasingodawcy")
    BY_HAND = "by_hand", _("ręcznie")


class AccountScope(models.TextChoices):
    COMPANY = "company", _("jeden dla klienta")
    CONTRACT = "contract", _("jeden dla umowy")
    INVOICE = "invoice", _("jeden dla faktury")


class PromiseState(models.TextChoices):
    OPEN = "open", _("czeka na wpłatę")
    KEPT = "kept", _("dotrzymana")
    BROKEN = "broken", _("niedotrzymana")
    WITHDRAWN = "withdrawn", _("wycofana")


class ReportState(models.TextChoices):
    OPEN = "open", _("czekamy na przelew")
    MATCHED = "matched", _("przelew dotarł")
    EXPIRED = "expired", _("przelew nie dotarł")
    WITHDRAWN = "withdrawn", _("wycofane")


class ConfirmationAnswer(models.TextChoices):
    WAITING = "waiting", _("czeka na odpowiedź")
    AGREED = "agreed", _("saldo zgodne")
    DISAGREED = "disagreed", _("saldo niezgodne")


class DifferenceState(models.TextChoices):
    OPEN = "open", _("do wyjaśnienia")
    EXPLAINED = "explained", _("wyjaśniona")
    GONE = "gone", _("zniknęła następnej nocy")


class FeeChannel(models.TextChoices):
    ONLINE = "online", _("przez portal")
    PAPER = "paper", _("papierowo, mailem lub telefonicznie")


class FeeBase(models.TextChoices):
    FIXED = "fixed", _("kwota")
    RANGE = "range", _("kwota od–do, ustalana indywidualnie")
    PERCENT = "percent", _("procent")
    PER_MONTH = "per_month", _("kwota za miesiąc")
    PER_YEAR = "per_year", _("kwota za rok")
    LUMP_SUM = "lump_sum", _("w opłacie ryczałtowej")


class DebtorKind(models.TextChoices):
    GENERAL = "general", _("transakcje handlowe")
    PUBLIC_MEDICAL = "public_medical", _("publiczny podmiot leczniczy")
    CONSUMER = "consumer", _("konsument")


class VatUse(models.TextChoices):
    FULL = "full", _("100 % – wyłącznie do działalności")
    MIXED = "mixed", _("50 % – użytek mieszany")


class CarGroup(models.TextChoices):
    ZERO = "zero", _("elektryczny lub wodorowy")
    LOW_CO2 = "low_co2", _("emisja poniżej progu CO₂")
    OTHER = "other", _("pozostałe")

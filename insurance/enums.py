"""Words of insurance (domain 5): risks, who insured, what was found, where a claim stands."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Risk(models.TextChoices):
    OC = "oc", _("OC")
    AC = "ac", _("AC")
    NNW = "nnw", _("NNW")
    ASS = "ass", _("assistance")
    GAP = "gap", _("GAP")
    ALL_RISKS = "all_risks", _("mienie od wszystkich ryzyk")
    MACHINERY = "machinery", _("awarie maszyn")
    ELECTRONICS = "electronics", _("sprzęt elektroniczny")
    CARGO = "cargo", _("ładunek (cargo)")
    LIABILITY = "liability", _("odpowiedzialność cywilna")


MOTOR = (Risk.OC, Risk.AC, Risk.NNW, Risk.ASS, Risk.GAP)
# Renews by itself unless it is terminated a day before its end (art. 28 of the act of 22 May 2003
# on compulsory insurance); AC and the rest do not.
RENEWS_ITSELF = (Risk.OC,)


class Placement(models.TextChoices):
    LESSOR = "lessor", _("polisa leasingodawcy")
    OWN = "own", _("polisa własna")


class VatBasis(models.TextChoices):
    NET = "net", _("netto")
    NET_HALF = "net_half", _("netto + 50% VAT")
    GROSS = "gross", _("brutto")


class Territory(models.TextChoices):
    PL = "pl", _("Polska")
    EUROPE = "europe", _("Europa")
    EUROPE_EAST = "europe_east", _("Europa z Białorusią, Rosją i Ukrainą")
    WORLD = "world", _("cały świat")


# Each covers those before it.
TERRITORIES = tuple(Territory)


class GapKind(models.TextChoices):
    INVOICE = "invoice", _("fakturowy")
    FINANCIAL = "financial", _("finansowy")
    INDEX = "index", _("indeksowy")


class Verification(models.TextChoices):
    """What the back office said of a policy. One that the lessor concluded needs no check."""

    TO_VERIFY = "to_verify", _("do sprawdzenia")
    RETURNED = "returned", _("zwrócona do poprawy")
    VERIFIED = "verified", _("sprawdzona")
    WITHDRAWN = "withdrawn", _("wycofana")


class PolicyStatus(models.TextChoices):
    """Worked out from dates on the day of asking (`insurance.statuses`), never stored."""

    MISSING = "missing", _("brak polisy")
    AWAITING_DOCUMENT = "awaiting_document", _("czekamy na nową polisę")
    TO_VERIFY = "to_verify", _("sprawdzamy")
    RETURNED = "returned", _("do poprawy")
    UPCOMING = "upcoming", _("zacznie się")
    ACTIVE = "active", _("ważna")
    EXPIRING = "expiring", _("kończy się")
    EXPIRED = "expired", _("wygasła")
    TERMINATED = "terminated", _("rozwiązana")
    REPLACED_BY_LESSOR = "replaced_by_lessor", _("ubezpieczył leasingodawca")
    WITHDRAWN = "withdrawn", _("wycofana")


class CheckItem(models.TextChoices):
    """The checklist of an own policy (domain 5)."""

    INSURED = "insured", _("ubezpieczonym jest leasingodawca")
    FULL_SCOPE = "full_scope", _("AC w pełnym zakresie, z kradzieżą")
    NO_DEDUCTIBLE = "no_deductible", _("bez udziału własnego i limitów")
    NO_DEPRECIATION = "no_depreciation", _("bez amortyzacji części")
    CONSTANT_SUM = "constant_sum", _("stała suma ubezpieczenia")
    SUM_AND_VAT = "sum_and_vat", _("suma i podstawa VAT jak w wymaganiach")
    ASSIGNMENT = "assignment", _("cesja praw na leasingodawcę")
    PREMIUM_PAID = "premium_paid", _("składka opłacona albo rozłożona na raty")
    TERRITORY = "territory", _("zakres terytorialny jak w wymaganiach")
    NO_GAP = "no_gap", _("bez przerwy po poprzedniej polisie")


class LapseState(models.TextChoices):
    """What the lessor does about a required risk that nobody covers."""

    OPEN = "open", _("do decyzji")
    WAITING = "waiting", _("dano klientowi czas")
    INSURED = "insured", _("ubezpieczono na koszt klienta")
    COVERED = "covered", _("klient dostarczył polisę")
    CLOSED = "closed", _("zamknięte")


class ClaimKind(models.TextChoices):
    COLLISION = "collision", _("kolizja lub wypadek")
    PARKING = "parking", _("szkoda na parkingu")
    GLASS = "glass", _("szyba")
    WEATHER = "weather", _("grad, wichura, powódź")
    ANIMAL = "animal", _("zwierzę na drodze")
    VANDALISM = "vandalism", _("wandalizm")
    FIRE = "fire", _("pożar")
    THEFT = "theft", _("kradzież")
    BREAKDOWN = "breakdown", _("awaria maszyny lub urządzenia")
    OTHER = "other", _("inne zdarzenie")


class Fault(models.TextChoices):
    OWN = "own", _("nasza")
    OTHER = "other", _("innej osoby")
    UNKNOWN = "unknown", _("jeszcze nie wiadomo")


class ClaimStatus(models.TextChoices):
    REPORTED = "reported", _("zgłoszona")
    REGISTERED = "registered", _("zarejestrowana u ubezpieczyciela")
    INSPECTION = "inspection", _("oględziny")
    PARTIAL = "partial", _("szkoda częściowa")
    TOTAL = "total", _("szkoda całkowita")
    THEFT = "theft", _("kradzież")
    AUTHORISED = "authorised", _("upoważnienie wydane")
    WITHHELD = "withheld", _("upoważnienie wstrzymane: zaległości")
    PAID = "paid", _("odszkodowanie wypłacone")
    CLOSED = "closed", _("zamknięta")
    WITHDRAWN = "withdrawn", _("wycofana")


# Target: from where (domain 5). Only `insurance.claims` moves a claim.
CLAIM_STEPS: dict[ClaimStatus, frozenset[ClaimStatus]] = {
    ClaimStatus.REGISTERED: frozenset({ClaimStatus.REPORTED}),
    ClaimStatus.INSPECTION: frozenset({ClaimStatus.REGISTERED}),
    ClaimStatus.PARTIAL: frozenset({ClaimStatus.REGISTERED, ClaimStatus.INSPECTION}),
    ClaimStatus.TOTAL: frozenset(
        {ClaimStatus.REGISTERED, ClaimStatus.INSPECTION, ClaimStatus.PARTIAL}
    ),
    ClaimStatus.THEFT: frozenset({ClaimStatus.REGISTERED, ClaimStatus.INSPECTION}),
    ClaimStatus.AUTHORISED: frozenset({ClaimStatus.PARTIAL, ClaimStatus.WITHHELD}),
    ClaimStatus.WITHHELD: frozenset({ClaimStatus.PARTIAL}),
    ClaimStatus.PAID: frozenset(
        {ClaimStatus.PARTIAL, ClaimStatus.TOTAL, ClaimStatus.THEFT, ClaimStatus.AUTHORISED}
    ),
    ClaimStatus.CLOSED: frozenset(
        {
            *(ClaimStatus.REGISTERED, ClaimStatus.INSPECTION, ClaimStatus.PARTIAL),
            *(ClaimStatus.TOTAL, ClaimStatus.THEFT, ClaimStatus.AUTHORISED),
            *(ClaimStatus.WITHHELD, ClaimStatus.PAID),
        }
    ),
    ClaimStatus.WITHDRAWN: frozenset({ClaimStatus.REPORTED}),
}
CLAIMS_ENDED = (ClaimStatus.CLOSED, ClaimStatus.WITHDRAWN)
# The lease of the object expires (art. 709⁵ KC).
CONTRACT_ENDS = (ClaimStatus.TOTAL, ClaimStatus.THEFT)


class OfferState(models.TextChoices):
    OPEN = "open", _("czeka na decyzję")
    ACCEPTED = "accepted", _("przyjęta")
    DECLINED = "declined", _("odrzucona")
    ISSUED = "issued", _("polisa wystawiona")
    WITHDRAWN = "withdrawn", _("wycofana przez leasingodawcę")

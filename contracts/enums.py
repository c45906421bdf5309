"""Choices of contracts, assets and schedules. Values are those of the feed and of the engine."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Product(models.TextChoices):
    OPERATING = "operating", _("leasing operacyjny")
    FINANCIAL = "financial", _("leasing finansowy")
    LOAN = "loan", _("pożyczka leasingowa")


class ContractStatus(models.TextChoices):
    DRAFT = "draft", _("w przygotowaniu")
    SIGNED = "signed", _("podpisana")
    AWAITING_HANDOVER = "awaiting_handover", _("czeka na odbiór")
    ACTIVE = "active", _("aktywna")
    TERMINATED = "terminated_for_cause", _("wypowiedziana")
    EARLY_ENDED = "early_ended", _("zakończona przed terminem")
    ENDED_BUYOUT_PENDING = "ended_buyout_pending", _("czeka na wykup")
    CLOSED = "closed", _("zakończona")
    CEDED = "ceded", _("przeniesiona (cesja)")


LIVE_STATUSES = (
    ContractStatus.SIGNED,
    ContractStatus.AWAITING_HANDOVER,
    ContractStatus.ACTIVE,
    ContractStatus.ENDED_BUYOUT_PENDING,
)


BEFORE_HANDOVER_STATUSES = (ContractStatus.SIGNED, ContractStatus.AWAITING_HANDOVER)
OVER_STATUSES = (ContractStatus.TERMINATED, ContractStatus.EARLY_ENDED, ContractStatus.CLOSED)


class DayCount(models.TextChoices):
    THIRTY_360 = "30/360", "30/360"
    ACT_365F = "ACT/365F", "ACT/365F"
    ACT_ACT = "ACT/ACT", "ACT/ACT"
    ACT_360 = "ACT/360", "ACT/360"


class PaymentPattern(models.TextChoices):
    ANNUITY = "annuity", _("równe raty")
    EQUAL_PRINCIPAL = "equal_principal", _("równa część kapitałowa")
    CUSTOM = "custom", _("raty ustalone indywidualnie")


class BuyoutTiming(models.TextChoices):
    WITH_LAST = "with_last", _("razem z ostatnią ratą")
    AFTER_LAST = "after_last", _("okres po ostatniej racie")


class RateType(models.TextChoices):
    FIXED = "fixed", _("stała")
    FLOATING = "floating", _("zmienna")


class IndexMethod(models.TextChoices):
    REANNUITISE = "reannuitise", _("nowa równa rata")
    KEEP_PRINCIPAL = "keep_principal", _("kapitał bez zmian, zmienia się odsetkowa część raty")
    KEEP_PAYMENT = "keep_payment", _("rata bez zmian, zmienia się liczba rat")


class PaymentRounding(models.TextChoices):
    GROSZ = "grosz", _("do grosza")
    UNIT_UP = "unit_up", _("w górę do pełnej jednostki")


class AssetCategory(models.TextChoices):
    VEHICLE = "vehicle", _("pojazd")
    MACHINE = "machine", _("maszyna lub urządzenie")
    OTHER = "other", _("inny przedmiot")


class Propulsion(models.TextChoices):
    PETROL = "petrol", _("benzyna")
    DIESEL = "diesel", _("olej napędowy")
    HYBRID = "hybrid", _("hybryda")
    PLUGIN_HYBRID = "plugin_hybrid", _("hybryda plug-in")
    ELECTRIC = "electric", _("elektryczny")
    HYDROGEN = "hydrogen", _("wodór")
    LPG = "lpg", _("LPG")
    CNG = "cng", _("CNG")


class RowKind(models.TextChoices):
    INITIAL_FEE = "initial_fee", _("opłata wstępna")
    INSTALMENT = "instalment", _("rata")
    BUYOUT = "buyout", _("wykup")


class ReferenceKind(models.TextChoices):
    TERM = "term", _("terminowa (WIBOR, EURIBOR)")
    OVERNIGHT = "overnight", _("jednodniowa (POLSTR)")
    COMPOUND = "compound", _("składana z jednodniowej")
    FIXED = "fixed", _("stała")


class RateChangeKind(models.TextChoices):
    RESET = "reset", _("nowa wartość stopy bazowej")
    CONVERSION = "conversion", _("zastąpienie stopy bazowej inną")


class RateChangeOutcome(models.TextChoices):
    CHANGED = "changed", _("nowy harmonogram")
    SAME_VALUE = "same_value", _("stopa bez zmian")
    THRESHOLD = "threshold", _("zmiana mniejsza niż próg z umowy")
    FLOOR = "floor", _("stopa poniżej najniższej z umowy")
    ALL_INVOICED = "all_invoiced", _("wszystkie raty są już zafakturowane")
    SAME_ROWS = "same_rows", _("kwoty rat wyszły te same")


class EffectiveRule(models.TextChoices):
    """From when a new rate counts (`Contract.effective_rule`); empty means the first."""

    NEXT_DUE = "next_due", _("od najbliższej raty, za cały jej okres")
    NEXT_PERIOD = "next_period", _("od najbliższego nowego okresu odsetkowego")
    RESET_DAY = "reset_day", _("od dnia zmiany stopy, także w środku okresu")


class RateProposalKind(models.TextChoices):
    FIXING = "fixing", _("notowanie")
    REPLACEMENT = "replacement", _("zastąpienie stopy inną")
    CORRECTION = "correction", _("korekta notowania")


class RateProposalState(models.TextChoices):
    OPEN = "open", _("czeka na drugą osobę")
    ACCEPTED = "accepted", _("zatwierdzone")
    REFUSED = "refused", _("odrzucone")

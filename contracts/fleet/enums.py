"""Words of car fleet management (domain 6)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from contracts.enums import Propulsion


class ServiceKind(models.TextChoices):
    INSPECTION = "inspection", _("przegląd okresowy")
    TECHNICAL = "technical", _("badanie techniczne")
    REPAIR = "repair", _("naprawa")
    RECALL = "recall", _("akcja serwisowa producenta")
    TYRES = "tyres", _("wymiana opon")


class CoveredBy(models.TextChoices):
    CFM = "cfm", _("obsługa floty, w racie")
    WARRANTY = "warranty", _("gwarancja")
    CLIENT = "client", _("klient")


class Fault(models.TextChoices):
    OWN = "own", _("własna")
    OTHER = "other", _("innej osoby")
    UNKNOWN = "unknown", _("nieustalona")


class Product(models.TextChoices):
    """What a fuel card paid for."""

    DIESEL = "diesel", _("olej napędowy")
    PETROL = "petrol", _("benzyna")
    LPG = "lpg", _("LPG")
    CNG = "cng", _("CNG")
    HYDROGEN = "hydrogen", _("wodór")
    ELECTRICITY = "electricity", _("prąd")
    ADBLUE = "adblue", _("AdBlue")
    WASH = "wash", _("myjnia")
    OTHER = "other", _("inne")


class Unit(models.TextChoices):
    LITRE = "l", _("l")
    KWH = "kwh", _("kWh")
    KILOGRAM = "kg", _("kg")
    PIECE = "pc", _("szt.")


UNITS = {
    Product.DIESEL: Unit.LITRE,
    Product.PETROL: Unit.LITRE,
    Product.LPG: Unit.LITRE,
    Product.CNG: Unit.KILOGRAM,
    Product.HYDROGEN: Unit.KILOGRAM,
    Product.ELECTRICITY: Unit.KWH,
    Product.ADBLUE: Unit.LITRE,
    Product.WASH: Unit.PIECE,
    Product.OTHER: Unit.PIECE,
}
# What drives a vehicle, by its propulsion; anything else that drives is the wrong product.
DRIVING = frozenset(
    {
        *(Product.DIESEL, Product.PETROL, Product.LPG, Product.CNG),
        *(Product.HYDROGEN, Product.ELECTRICITY),
    }
)
RIGHT_PRODUCTS: dict[Propulsion, frozenset[Product]] = {
    Propulsion.PETROL: frozenset({Product.PETROL}),
    Propulsion.DIESEL: frozenset({Product.DIESEL}),
    Propulsion.HYBRID: frozenset({Product.PETROL, Product.DIESEL}),
    Propulsion.PLUGIN_HYBRID: frozenset({Product.PETROL, Product.DIESEL, Product.ELECTRICITY}),
    Propulsion.ELECTRIC: frozenset({Product.ELECTRICITY}),
    Propulsion.HYDROGEN: frozenset({Product.HYDROGEN}),
    Propulsion.LPG: frozenset({Product.LPG, Product.PETROL}),
    Propulsion.CNG: frozenset({Product.CNG, Product.PETROL}),
}


class Season(models.TextChoices):
    SUMMER = "summer", _("letnie")
    WINTER = "winter", _("zimowe")
    ALL_YEAR = "all_year", _("całoroczne")


class ReadingSource(models.TextChoices):
    DRIVER = "driver", _("kierowca")
    SERVICE = "service", _("warsztat")
    FUEL = "fuel", _("karta paliwowa")
    TELEMATICS = "telematics", _("telematyka")
    CORE = "core", _("system leasingodawcy")


class TollKind(models.TextChoices):
    TOLL = "toll", _("przejazd płatną drogą")
    PARKING = "parking", _("parking")
    FINE = "fine", _("mandat lub opłata dodatkowa")


class ImportState(models.TextChoices):
    PREVIEW = "preview", _("podgląd")
    APPLIED = "applied", _("wczytano")
    REFUSED = "refused", _("odrzucono: są błędy")
    DROPPED = "dropped", _("porzucono")

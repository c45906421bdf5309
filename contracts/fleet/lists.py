"""The lists of what happens to vehicles: one definition each, for the page and its file alike."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contracts.fleet.enums import Fault, Product, ReadingSource, Season, ServiceKind, TollKind
from contracts.fleet.listing import Choice, Col, RecordList, of_field
from contracts.fleet.models import (
    Damage,
    FuelTransaction,
    MileageReading,
    ReplacementCar,
    ServiceVisit,
    Toll,
    TyreSet,
)
from eboks.clock import WARSAW
from eboks.documents.antivirus import Scan
from eboks.documents.xlsx import Kind
from eboks.ui.words import number


def _name(row: Any) -> str:
    return f"{row.asset.make} {row.asset.model}"


def _vehicle_page(row: Any) -> str:
    return reverse("vehicles:detail", args=[row.asset.public_id])


def _photo(row: Any) -> str:
    if row.photo_id is None or row.scan != Scan.CLEAN:
        return ""
    return reverse("mileage:photo", args=[row.public_id])


def _author(row: Any) -> str | None:
    return row.author.get_full_name() if row.author else None


def _clock(row: Any) -> str | None:
    return f"{number(row.odometer_km)} km" if row.odometer_km else None


def _payer(row: Any) -> str:
    return str(row.get_covered_by_display())


def _used_days(row: Any) -> int | None:
    """Days in use, both ends included; None while it is still in use."""
    return (row.to_on - row.on).days + 1 if row.to_on else None


def _or_none(name: str) -> Any:
    return lambda row: getattr(row, name) or None


def _hour(row: Any) -> str | None:
    return f"{row.at.astimezone(WARSAW):%H:%M}" if row.at else None


ON = Col(
    key="on",
    title=_("Dzień"),
    value=lambda row: row.on,
    kind=Kind.DATE,
    cell="meta",
    sort=("on",),
)
AT = Col(
    key="on",
    title=_("Kiedy"),
    value=lambda row: row.at or row.on,
    kind=Kind.MOMENT,
    small=_hour,
    cell="meta",
    sort=("on", "at"),
)
VEHICLE = (
    Col(
        key="vehicle",
        title=_("Pojazd"),
        value=_name,
        cell="title",
        sort=("asset__plate", "on"),
        small=lambda row: row.asset.sign,
        href=_vehicle_page,
        width=26,
    ),
    Col(key="plate", title=_("Rejestracja"), value=lambda r: r.asset.plate, only_file=True),
    Col(key="vin", title="VIN", value=lambda r: r.asset.vin, only_file=True),
    Col(key="company", title=_("Firma"), value=lambda r: r.company.name, only_file=True),
)


def _kind(title: Any, display: str, small: Any = None) -> Col:
    return Col(
        key="kind",
        title=title,
        value=lambda row: getattr(row, f"get_{display}_display")(),
        cell="state",
        sort=(display, "on"),
        small=small,
    )


def _money(
    key: str, title: Any, *, main: bool = False, currency: bool = False, only_file: bool = False
) -> Col:
    return Col(
        key=key,
        title=title,
        value=lambda row: getattr(row, key),
        kind=Kind.MONEY,
        cell="amount" if main else "",
        total=key,
        sort=(key,),
        currency=currency,
        only_file=only_file,
    )


def _km(key: str, title: Any, **more: Any) -> Col:
    return Col(key=key, title=title, value=lambda r: getattr(r, key), kind=Kind.WHOLE, **more)


def _text(key: str, title: Any, **more: Any) -> Col:
    return Col(key=key, title=title, value=_or_none(key), **more)


def _date(key: str, title: Any) -> Col:
    return Col(key=key, title=title, value=lambda r: getattr(r, key), kind=Kind.DATE, sort=(key,))


CURRENCY = Col(key="currency", title=_("Waluta"), value=lambda r: r.currency, only_file=True)

SERVICE = RecordList(
    name="service",
    slug="serwis",
    title=_("Serwis i przeglądy"),
    tab=_("Serwis"),
    about=_("Wizyty w warsztacie: co zrobiono, ile kosztowało i kiedy następny raz."),
    icon="wrench",
    nothing=_("Wizyta pojawi się tutaj, gdy warsztat przekaże nam dane."),
    rows=ServiceVisit.objects.all,
    columns=(
        ON,
        *VEHICLE,
        _kind(_("Rodzaj"), "kind", _or_none("items")),
        _text("items", _("Zakres"), only_file=True, width=40),
        _text("workshop", _("Warsztat"), small=_payer),
        Col(key="payer", title=_("Kto płaci"), value=_payer, only_file=True),
        _km("odometer_km", _("Przebieg, km")),
        _km("next_due_km", _("Następny przy, km")),
        _date("next_due_on", _("Następny do")),
        _money("net", _("Koszt netto"), main=True),
    ),
    choice=of_field(_("Rodzaj"), "kind", ServiceKind),
)
DAMAGES = RecordList(
    name="damages",
    slug="szkody",
    title=_("Uszkodzenia"),
    tab=_("Uszkodzenia"),
    about=_("Uszkodzenia pojazdów: koszt naprawy, odszkodowanie, udział własny i dni postoju."),
    icon="car-front",
    nothing=_("Uszkodzenie pojawi się tutaj, gdy trafi do naszych danych."),
    rows=Damage.objects.all,
    columns=(
        ON,
        *VEHICLE,
        Col(
            key="description",
            title=_("Co się stało"),
            value=lambda r: r.description,
            cell="state",
            small=_or_none("claim_number"),
            width=34,
        ),
        _text("claim_number", _("Numer szkody"), only_file=True),
        Col(key="fault", title=_("Wina"), value=lambda r: r.get_fault_display()),
        _km("downtime_days", _("Dni postoju"), total="downtime_days", sort=("downtime_days",)),
        _money("deductible", _("Udział własny")),
        _money("payout", _("Odszkodowanie")),
        _money("net", _("Koszt netto"), main=True),
    ),
    choice=of_field(_("Wina"), "fault", Fault),
)
FUEL = RecordList(
    name="fuel",
    slug="paliwo",
    title=_("Paliwo i ładowanie"),
    tab=_("Paliwo"),
    about=_("Każde tankowanie i ładowanie zapłacone kartą."),
    icon="fuel",
    nothing=_("Tankowanie pojawi się tutaj, gdy dostawca karty przekaże nam dane."),
    rows=FuelTransaction.objects.all,
    columns=(
        AT,
        *VEHICLE,
        _kind(_("Produkt"), "product", _or_none("product_name")),
        Col(
            key="quantity",
            title=_("Ilość"),
            value=lambda r: r.quantity,
            kind=Kind.RATE,
            sort=("quantity",),
            unit=lambda r: r.get_unit_display(),
            small=_clock,
        ),
        Col(key="unit", title=_("Jednostka"), value=lambda r: r.get_unit_display(), only_file=True),
        Col(
            key="station",
            title=_("Stacja"),
            value=_or_none("station"),
            small=lambda r: r.country if r.country != "PL" else None,
        ),
        _text("country", _("Kraj"), only_file=True, width=8),
        Col(key="card", title=_("Karta"), value=_or_none("card"), small=_or_none("driver")),
        _text("driver", _("Kierowca"), only_file=True),
        _km("odometer_km", _("Przebieg, km"), only_file=True),
        CURRENCY,
        _money("net", _("Netto"), currency=True),
        _money("vat", "VAT", currency=True, only_file=True),
        _money("gross", _("Brutto"), main=True, currency=True),
    ),
    choice=of_field(_("Produkt"), "product", Product),
    by_currency=True,
)
TYRES = RecordList(
    name="tyres",
    slug="opony",
    title=_("Opony"),
    tab=_("Opony"),
    about=_("Komplety opon: co jest założone, co leży w przechowalni i jaki ma bieżnik."),
    icon="circle-dot",
    nothing=_("Komplet pojawi się tutaj po pierwszej wymianie opon."),
    rows=TyreSet.objects.all,
    columns=(
        ON,
        *VEHICLE,
        _kind(_("Sezon"), "season", lambda r: r.size),
        _text("size", _("Rozmiar"), only_file=True),
        _text("set_id", _("Komplet"), code=True),
        Col(
            key="depth_mm",
            title=_("Bieżnik, mm"),
            value=lambda r: r.depth_mm,
            kind=Kind.RATE,
            sort=("depth_mm",),
        ),
        _date("mounted_on", _("Założone")),
        _date("removed_on", _("Zdjęte")),
        _text("storage_place", _("Gdzie leżą")),
        _money("net", _("Koszt netto"), main=True),
    ),
    choice=of_field(_("Sezon"), "season", Season),
)
MILEAGE = RecordList(
    name="mileage",
    slug="przebieg",
    title=_("Przebieg"),
    tab=_("Przebieg"),
    about=_("Odczyty licznika: od kierowców, z warsztatów, z kart paliwowych i z telematyki."),
    icon="gauge",
    nothing=_("Pierwszy odczyt możesz wpisać na stronie pojazdu."),
    rows=lambda: MileageReading.objects.filter(withdrawn_at=None),
    columns=(
        ON,
        *VEHICLE,
        _kind(_("Źródło"), "source", _author),
        Col(key="author", title=_("Kto wpisał"), value=_author, only_file=True),
        Col(
            key="photo",
            title=_("Zdjęcie"),
            value=lambda r: _("zdjęcie licznika") if _photo(r) else None,
            href=_photo,
        ),
        _km("km", _("Przebieg, km"), cell="amount", sort=("km",)),
    ),
    choice=of_field(_("Źródło"), "source", ReadingSource),
    related=("author",),
)
REPLACEMENTS = RecordList(
    name="replacements",
    slug="zastepcze",
    title=_("Pojazdy zastępcze"),
    tab=_("Zastępcze"),
    about=_("Kto jeździ pojazdem zastępczym, od kiedy, dlaczego i jaki jest limit dni."),
    icon="car",
    nothing=_("Pojazd zastępczy pojawi się tutaj, gdy zostanie wydany."),
    rows=ReplacementCar.objects.all,
    columns=(
        ON,
        _date("to_on", _("Do")),
        *VEHICLE,
        Col(
            key="car",
            title=_("Pojazd zastępczy"),
            value=lambda r: r.plate or r.car_class,
            cell="state",
            small=lambda r: r.car_class if r.plate else None,
        ),
        _text("car_class", _("Klasa"), only_file=True),
        _text("reason", _("Powód")),
        _km("limit_days", _("Limit dni")),
        Col(key="days", title=_("Dni w użyciu"), value=_used_days, kind=Kind.WHOLE, cell="amount"),
    ),
    choice=Choice(
        label=_("Stan"),
        options={"w-uzyciu": _("w użyciu"), "oddane": _("oddane")},
        condition=lambda value: Q(to_on__isnull=value == "w-uzyciu"),
    ),
)
TOLLS = RecordList(
    name="tolls",
    slug="oplaty",
    title=_("Opłaty drogowe, parkingi, mandaty"),
    tab=_("Opłaty i mandaty"),
    about=_("Przejazdy płatnymi drogami, parkingi i mandaty."),
    icon="milestone",
    nothing=_("Opłata pojawi się tutaj, gdy dostawca przekaże nam dane."),
    rows=Toll.objects.all,
    columns=(
        AT,
        *VEHICLE,
        _kind(_("Rodzaj"), "kind", _or_none("place")),
        _text("place", _("Miejsce"), only_file=True),
        _text("provider", _("Dostawca")),
        CURRENCY,
        _money("net", _("Netto"), currency=True),
        _money("amount", _("Brutto"), main=True, currency=True),
    ),
    choice=of_field(_("Rodzaj"), "kind", TollKind),
    by_currency=True,
)

LISTS = {
    wanted.name: wanted for wanted in (SERVICE, DAMAGES, FUEL, TYRES, MILEAGE, REPLACEMENTS, TOLLS)
}


def list_links() -> list[tuple[str, str, str]]:
    """Name, short title and address of each list: the tabs of the fleet's pages."""
    return [(name, str(row.tab), reverse(f"fleet:{name}")) for name, row in LISTS.items()]

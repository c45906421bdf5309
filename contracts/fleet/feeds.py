"""What a feed says of vehicles in use: terms, service, damages, fuel, tyres, mileage, cars, tolls.

Nobody sets a public standard; these neutral files have the attributes of domain 6.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from contracts.feed_records import ASSET_COLUMNS, named_lessee, not_later, not_negative
from contracts.feeds import row_check
from contracts.fleet import feed_steps
from contracts.fleet.enums import (
    CoveredBy,
    Fault,
    Product,
    ReadingSource,
    Season,
    ServiceKind,
    TollKind,
    Unit,
)
from eboks.feeds.applying import Load
from eboks.feeds.columns import (
    Column,
    boolean,
    choice,
    code,
    currency,
    date,
    decimal,
    integer,
    moment,
    money,
    text,
    token,
)
from eboks.feeds.dialect import exact, warsaw_day
from eboks.feeds.registry import Check, FileKind, Registry, Step


def _is_vehicle(kind: str) -> Check:
    return Check(
        "asset",
        "ten przedmiot nie jest pojazdem",
        f"SELECT s.line, s.asset FROM feed_{kind} s WHERE EXISTS"
        " (SELECT 1 FROM feed_assets f WHERE f.source_id = s.asset AND f.category <> 'vehicle')"
        " OR (NOT EXISTS (SELECT 1 FROM feed_assets f WHERE f.source_id = s.asset)"
        " AND EXISTS (SELECT 1 FROM contracts_asset a WHERE a.source_id = s.asset"
        " AND a.source_system = %(source_system)s AND a.category <> 'vehicle'))",
        needs=("assets",),
    )


def _record(
    name: str, title: str, order: int, model: str, *columns: Column, checks: tuple[Check, ...]
) -> FileKind:
    """A file of records of vehicles, with what all of them have."""
    return FileKind(
        name=name,
        title=title,
        order=order,
        table=f"fleet_{model}",
        columns=(*ASSET_COLUMNS, *columns),
        checks=(named_lessee(name), _is_vehicle(name), *checks),
    )


def _kilometres(name: str) -> Column:
    return integer(name, digits=7, required=False)


def _country() -> Column:
    return token("country", "[A-Z]{2}", "kod kraju z dwóch liter", required=False, default="'PL'")


MILEAGE_TERMS = FileKind(
    name="mileage_terms",
    title="warunki przebiegu",
    order=130,
    table="fleet_mileageterms",
    columns=(
        code("source_id"),
        code("asset", references="assets"),
        boolean("has_cfm", required=False, default="FALSE"),
        _kilometres("limit_km"),
        integer("start_km", digits=7, required=False, default="0"),
        date("start_on"),
        date("end_on"),
        decimal("rate_over", 8, 4, required=False, default="0"),
        decimal("rate_under", 8, 4, required=False, default="0"),
        decimal("tank_litres", 6, 1, required=False),
        decimal("battery_kwh", 6, 1, required=False),
        money("residual_gain", required=False, default="0"),
    ),
    checks=(
        _is_vehicle("mileage_terms"),
        row_check("end_on", "koniec musi być po początku", "end_on <= start_on", "mileage_terms"),
        Check(
            "asset",
            "pojazd ma w tym pliku już jedne warunki",
            "SELECT line, asset FROM (SELECT line, asset, ROW_NUMBER() OVER"
            " (PARTITION BY asset ORDER BY line) AS nth FROM feed_mileage_terms) d WHERE nth > 1",
        ),
        Check(
            "asset",
            "pojazd ma już warunki pod innym kluczem",
            "SELECT s.line, s.asset FROM feed_mileage_terms s JOIN contracts_asset a"
            " ON a.source_system = %(source_system)s AND a.source_id = s.asset"
            " JOIN fleet_mileageterms t ON t.asset_id = a.id WHERE NOT"
            " (t.source_system = %(source_system)s AND t.source_id = s.source_id)",
        ),
    ),
)

SERVICE_VISITS = _record(
    "service_visits",
    "wizyta w serwisie",
    131,
    "servicevisit",
    date("on"),
    choice("kind", ServiceKind),
    _kilometres("odometer_km"),
    text("workshop", 120, required=False),
    text("items", 1000, required=False),
    money("net", required=False, default="0", total=True),
    choice("covered_by", CoveredBy),
    _kilometres("next_due_km"),
    date("next_due_on", required=False),
    checks=(
        not_later("service_visits"),
        *not_negative("service_visits", ["net"]),
        row_check(
            "next_due_on",
            "następna wizyta musi być później niż ta",
            'next_due_on <= "on"',
            "service_visits",
        ),
        row_check(
            "next_due_km",
            "następna wizyta musi być przy większym przebiegu",
            "next_due_km <= odometer_km",
            "service_visits",
        ),
    ),
)

DAMAGES = _record(
    "damages",
    "uszkodzenie pojazdu",
    132,
    "damage",
    date("on"),
    text("claim_number", 60, required=False),
    text("description", 250),
    choice("fault", Fault, required=False, default="'unknown'"),
    money("net", required=False, default="0", total=True),
    money("deductible", required=False, default="0"),
    money("payout", required=False, default="0", total=True),
    integer("downtime_days", required=False, default="0"),
    checks=(
        not_later("damages"),
        *not_negative("damages", ["net", "deductible", "payout"]),
    ),
)


def _digits(column: str) -> str:
    """How many digits a text has."""
    bare = column
    for digit in range(10):
        bare = f"REPLACE({bare}, '{digit}', '')"
    return f"LENGTH({column}) - LENGTH({bare})"


FUEL_TRANSACTIONS = _record(
    "fuel_transactions",
    "tankowanie lub ładowanie",
    133,
    "fueltransaction",
    text("card", 20),
    text("driver", 120, required=False),
    moment("at"),
    text("station", 120, required=False),
    _country(),
    choice("product", Product),
    text("product_name", 80, required=False),
    decimal("quantity", 10, 3, signed=True),
    choice("unit", Unit),
    decimal("unit_price", 10, 4, required=False),
    currency(),
    money("net", total=True),
    money("vat", required=False, default="0", total=True),
    money("gross", total=True),
    _kilometres("odometer_km"),
    text("cost_centre", 40, required=False),
    text("invoice_number", 40, required=False),
    checks=(
        Check(
            "card",
            "numer karty musi być ukryty: najwyżej cztery cyfry",
            # The number itself must not get into the log.
            "SELECT line, '…' || SUBSTR(card, LENGTH(card) - 1) FROM feed_fuel_transactions"
            f" WHERE {_digits('card')} > 4",
        ),
        row_check(
            "at",
            "dzień jest po dniu, na który jest paczka",
            f"{warsaw_day('at')} > %(as_of)s",
            "fuel_transactions",
        ),
        row_check("quantity", "ilość nie może być zerem", "quantity = 0", "fuel_transactions"),
        row_check(
            "gross",
            "brutto różni się od sumy netto i VAT",
            f"{exact('gross')} <> {exact('net')} + {exact('COALESCE(vat, 0)')}",
            "fuel_transactions",
        ),
        Check(
            "quantity",
            "to samo tankowanie (karta, czas, produkt, ilość, kwota) jest w pliku drugi raz",
            "SELECT line, quantity FROM (SELECT line, quantity, ROW_NUMBER() OVER (PARTITION BY"
            f" {feed_steps.CARD}, at, product, quantity, gross ORDER BY line) AS nth"
            " FROM feed_fuel_transactions s) d WHERE nth > 1",
        ),
        Check(
            "quantity",
            "po tej zmianie byłoby to samo tankowanie, które jest już pod innym kluczem",
            "SELECT s.line, s.quantity FROM feed_fuel_transactions s"
            " JOIN fleet_fueltransaction t ON t.source_system = %(source_system)s"
            " AND t.source_id = s.source_id JOIN fleet_fueltransaction o"
            f" ON {feed_steps.SAME_PURCHASE} WHERE o.id <> t.id",
        ),
    ),
)

TYRE_SETS = _record(
    "tyre_sets",
    "komplet opon",
    134,
    "tyreset",
    date("on"),
    text("set_id", 40),
    choice("season", Season),
    text("size", 30),
    text("storage_place", 120, required=False),
    decimal("depth_mm", 3, 1, required=False),
    date("mounted_on", required=False),
    date("removed_on", required=False),
    money("net", required=False, default="0", total=True),
    checks=(
        not_later("tyre_sets"),
        *not_negative("tyre_sets", ["net"]),
        row_check(
            "removed_on",
            "opony zdjęto przed założeniem",
            "removed_on < mounted_on",
            "tyre_sets",
        ),
    ),
)

MILEAGE_READINGS = _record(
    "mileage_readings",
    "odczyt licznika",
    135,
    "mileagereading",
    date("on"),
    integer("km", digits=7),
    choice("source", ReadingSource),
    checks=(not_later("mileage_readings"),),
)

REPLACEMENT_CARS = _record(
    "replacement_cars",
    "pojazd zastępczy",
    136,
    "replacementcar",
    date("on"),
    text("car_class", 40),
    token("plate", "[0-9A-Z]{1,10}", "wielkie litery i cyfry", required=False),
    date("to_on", required=False),
    text("reason", 120),
    integer("limit_days", required=False),
    checks=(
        not_later("replacement_cars"),
        row_check("to_on", "zwrot jest przed wydaniem", 'to_on < "on"', "replacement_cars"),
    ),
)

TOLLS = _record(
    "tolls",
    "opłata drogowa, parking lub mandat",
    137,
    "toll",
    date("on"),
    choice("kind", TollKind),
    text("provider", 80, required=False),
    moment("at", required=False),
    text("place", 120, required=False),
    currency(),
    money("net", total=True),
    money("amount", total=True),
    checks=(
        not_later("tolls"),
        row_check(
            "at",
            "godzina jest z innego dnia niż opłata",
            f'{warsaw_day("at")} <> "on"',
            "tolls",
        ),
        row_check(
            "net",
            "netto jest większe niż brutto",
            f"ABS({exact('net')}) > ABS({exact('amount')})",
            "tolls",
        ),
    ),
)

_STEPS: tuple[tuple[FileKind, Callable[[Load, FileKind], None]], ...] = (
    (MILEAGE_TERMS, feed_steps.apply_terms),
    (SERVICE_VISITS, feed_steps.apply_records),
    (DAMAGES, feed_steps.apply_records),
    (FUEL_TRANSACTIONS, feed_steps.apply_fuel),
    (TYRE_SETS, feed_steps.apply_records),
    (MILEAGE_READINGS, feed_steps.apply_readings),
    (REPLACEMENT_CARS, feed_steps.apply_records),
    (TOLLS, feed_steps.apply_records),
)


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    for kind, apply in _STEPS:
        registry.add_kind(kind)
        registry.add_step(Step(kind.name, kind.title, kind.order, partial(_run, apply, kind)))


def _run(apply: Callable[[Load, FileKind], None], kind: FileKind, load: Load) -> None:
    apply(load, kind)

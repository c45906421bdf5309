"""What a feed says of contracts, assets and schedules."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt

from contracts.due_days import keep_due_days
from contracts.enums import (
    AssetCategory,
    BuyoutTiming,
    ContractStatus,
    DayCount,
    EffectiveRule,
    IndexMethod,
    PaymentPattern,
    PaymentRounding,
    Product,
    Propulsion,
    RateType,
    RowKind,
)
from contracts.kept_rates import keep_rates
from contracts.lessees import keep_lessees
from contracts.positions import forget_changed
from contracts.rate_rules import FIXING_RULE
from eboks.clock import effective_due_on
from eboks.feeds.applying import Load, staged_value, unchangeable
from eboks.feeds.columns import (
    boolean,
    choice,
    code,
    currency,
    date,
    integer,
    money,
    nrb,
    rate,
    text,
    token,
)
from eboks.feeds.dialect import create_temporary, exact, new_uuid
from eboks.feeds.registry import Check, FileKind, Registry, Step
from eboks.tenancy.identifiers import validate_vin


def row_check(column: str, reason: str, wrong: str, kind: str, *, guarded: bool = False) -> Check:
    """A condition that no row of the file may meet."""
    sql = f'SELECT line, "{column}" FROM feed_{kind} WHERE {wrong}'
    return Check(column, reason, sql, guarded=guarded)


CONTRACTS = FileKind(
    name="contracts",
    title="umowa",
    order=30,
    table="contracts_contract",
    columns=(
        code("source_id"),
        code("company", references="companies"),
        token("number", r"[^\x00-\x20\x7f\",]{1,40}", "numer do 40 znaków bez spacji", unique=True),
        choice("product", Product),
        choice("status", ContractStatus),
        currency(),
        date("signed_on"),
        date("handover_on", required=False),
        date("end_on"),
        money("net_value", total=True),
        rate("initial_fee_pct", required=False, default="0"),
        money("initial_fee", required=False, default="0"),
        money("financed", total=True),
        integer("instalment_count"),
        rate("buyout_pct", required=False, default="0"),
        money("buyout", required=False, default="0"),
        choice("buyout_timing", BuyoutTiming, required=False, default="'with_last'"),
        boolean("in_advance", required=False, default="FALSE"),
        integer("frequency_months", digits=2, required=False, default="1"),
        integer("due_day", digits=2, required=False, default="1"),
        choice("pattern", PaymentPattern, required=False, default="'annuity'"),
        choice("payment_rounding", PaymentRounding, required=False, default="'grosz'"),
        choice("rate_type", RateType),
        choice("day_count", DayCount),
        token("index", "[0-9A-Z_]{1,20}", "np. WIBOR_1M", required=False),
        rate("index_value", required=False),
        date("index_fixed_on", required=False),
        rate("margin_pp", required=False, default="0"),
        rate("annual_rate_pct"),
        integer("reset_months", digits=2, required=False, default="0"),
        token("fixing_rule", f"(?:{FIXING_RULE})", "reguła z docs/rates.md", required=False),
        choice("effective_rule", EffectiveRule, required=False),
        choice("index_method", IndexMethod, required=False, default="'reannuitise'"),
        rate("threshold_pp", required=False, default="0"),
        rate("floor_pct", required=False),
        token("fallback_index", "[0-9A-Z_]{1,20}", "np. POLSTR_1M", required=False),
        rate("csa_pp", required=False, default="0"),
        token("vat_code", "[0-9A-Za-z]{1,8}", "kod VAT, np. 23 albo zw", required=False),
        rate("vat_pct", required=False, default="23"),
        nrb("virtual_account", required=False),
        text("owul_version", 20, required=False),
    ),
    checks=(
        row_check(
            "net_value", "wartość przedmiotu musi być dodatnia", "net_value <= 0", "contracts"
        ),
        row_check("financed", "kapitał nie może być ujemny", "financed < 0", "contracts"),
        row_check("buyout", "wykup nie może być ujemny", "buyout < 0", "contracts"),
        row_check(
            "instalment_count", "potrzebna choć jedna rata", "instalment_count < 1", "contracts"
        ),
        row_check(
            "end_on", "koniec umowy jest przed podpisaniem", "end_on < signed_on", "contracts"
        ),
        row_check(
            "due_day", "dzień miesiąca od 1 do 31", "due_day < 1 OR due_day > 31", "contracts"
        ),
        row_check(
            "index",
            "umowa o zmiennej stopie musi mieć stopę bazową",
            "rate_type = 'floating' AND \"index\" = ''",
            "contracts",
        ),
        row_check("vat_pct", "stawka od 0 do 100", "vat_pct < 0 OR vat_pct > 100", "contracts"),
    ),
)

ASSETS = FileKind(
    name="assets",
    title="przedmiot",
    order=40,
    table="contracts_asset",
    columns=(
        code("source_id"),
        code("contract", references="contracts"),
        choice("category", AssetCategory),
        text("make", 60),
        text("model", 80),
        integer("year", required=False),
        money("net_price", total=True),
        token("vin", "[0-9A-Z]{1,17}", "17 znaków", required=False, check=validate_vin),
        token("plate", "[0-9A-Z]{1,10}", "wielkie litery i cyfry", required=False),
        text("serial_number", 60, required=False),
        date("first_registered_on", required=False),
        integer("power_kw", digits=5, required=False),
        integer("co2_g_km", required=False),
        choice("propulsion", Propulsion, required=False),
        integer("mileage_km", digits=7, required=False),
        date("mileage_on", required=False),
        text("garage_address", 200, required=False),
    ),
    checks=(
        row_check("vin", "pojazd musi mieć VIN", "category = 'vehicle' AND vin = ''", "assets"),
        row_check(
            "serial_number",
            "maszyna musi mieć numer seryjny",
            "category = 'machine' AND serial_number = ''",
            "assets",
        ),
    ),
)

_VERSION_VALUES = (
    "number",
    "valid_from",
    "reason",
    "index_value",
    "index_fixed_on",
    "annual_rate_pct",
)

SCHEDULE_VERSIONS = FileKind(
    name="schedule_versions",
    title="wersja harmonogramu",
    order=50,
    table="contracts_scheduleversion",
    ids=(("id", "contracts_scheduleversion"),),
    guarded=True,
    columns=(
        code("source_id"),
        code("contract", references="contracts"),
        integer("number"),
        date("valid_from"),
        text("reason", 120, required=False),
        rate("index_value", required=False),
        date("index_fixed_on", required=False),
        rate("annual_rate_pct"),
    ),
    checks=(
        unchangeable(
            "schedule_versions",
            "contracts_scheduleversion",
            {
                "contract": ("s.contract", "c.source_id"),
                **{name: (f"s.{name}", f"t.{name}") for name in _VERSION_VALUES},
            },
            joins="JOIN contracts_contract c ON c.id = t.contract_id",
            what="tę wersję harmonogramu",
        ),
        Check(
            "number",
            "umowa ma już wersję harmonogramu o tym lub wyższym numerze",
            "SELECT s.line, s.number FROM feed_schedule_versions s"
            " JOIN contracts_contract c ON c.source_system = %(source_system)s"
            " AND c.source_id = s.contract"
            " WHERE NOT EXISTS (SELECT 1 FROM contracts_scheduleversion t"
            " WHERE t.source_system = %(source_system)s AND t.source_id = s.source_id)"
            " AND s.number <= (SELECT MAX(v.number) FROM contracts_scheduleversion v"
            " WHERE v.contract_id = c.id)",
        ),
        Check(
            "number",
            "dwie wersje harmonogramu tej umowy mają ten sam numer",
            "SELECT line, number FROM (SELECT line, number, ROW_NUMBER() OVER (PARTITION BY"
            " contract, number ORDER BY line) AS nth FROM feed_schedule_versions) d WHERE nth > 1",
        ),
        Check(
            "source_id",
            "wersja harmonogramu nie ma w paczce żadnego wiersza",
            "SELECT s.line, s.source_id FROM feed_schedule_versions s WHERE NOT EXISTS"
            " (SELECT 1 FROM feed_schedule_rows r WHERE r.version = s.source_id)",
            needs=("schedule_rows",),
        ),
        Check(
            "source_id",
            "tę wersję harmonogramu wczytano już z inną liczbą wierszy",
            "SELECT s.line, s.source_id FROM feed_schedule_versions s"
            " JOIN contracts_scheduleversion t ON t.source_system = %(source_system)s"
            " AND t.source_id = s.source_id WHERE"
            " (SELECT COUNT(*) FROM feed_schedule_rows r WHERE r.version = s.source_id) <>"
            " (SELECT COUNT(*) FROM contracts_schedulerow o WHERE o.version_id = t.id)",
            needs=("schedule_rows",),
        ),
    ),
)

_ROW_VALUES = ("nominal_due_on", "payment", "interest", "principal", "balance", "vat", "gross")

SCHEDULE_ROWS = FileKind(
    name="schedule_rows",
    title="wiersz harmonogramu",
    order=60,
    key=("version", "kind", "n"),
    guarded=True,
    columns=(
        code("version"),
        choice("kind", RowKind),
        integer("n"),
        date("nominal_due_on"),
        money("payment", total=True),
        money("interest", total=True),
        money("principal", total=True),
        money("balance"),
        money("vat", total=True),
        money("gross", total=True),
    ),
    checks=(
        Check(
            "version",
            "wiersz harmonogramu, którego wersji nie ma w tej paczce",
            "SELECT s.line, s.version FROM feed_schedule_rows s WHERE NOT EXISTS"
            " (SELECT 1 FROM feed_schedule_versions v WHERE v.source_id = s.version)",
            needs=("schedule_versions",),
            guarded=True,
        ),
        row_check(
            "payment",
            "rata różni się od sumy części odsetkowej i kapitałowej",
            f"{exact('payment')} <> {exact('interest')} + {exact('principal')}",
            "schedule_rows",
            guarded=True,
        ),
        row_check(
            "gross",
            "brutto różni się od sumy raty i VAT",
            f"{exact('gross')} <> {exact('payment')} + {exact('vat')}",
            "schedule_rows",
            guarded=True,
        ),
        unchangeable(
            "schedule_rows",
            "contracts_scheduleversion",
            {name: (f"s.{name}", f"r.{name}") for name in _ROW_VALUES},
            key="t.source_id = s.version",
            joins="LEFT JOIN contracts_schedulerow r ON r.version_id = t.id"
            " AND r.kind = s.kind AND r.n = s.n",
            what="ten wiersz harmonogramu",
            shown="s.version",
        ),
    ),
)


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    for kind in (CONTRACTS, ASSETS, SCHEDULE_VERSIONS, SCHEDULE_ROWS):
        registry.add_kind(kind)
    registry.add_step(Step("lessees", "zmiany korzystających", 29, keep_lessees))
    registry.add_step(Step("contracts", "umowy", 30, _contracts, ("contracts_contract",)))
    registry.add_step(Step("assets", "przedmioty", 40, _assets, ("contracts_asset",)))
    registry.add_step(
        Step(
            "schedules",
            "harmonogramy",
            50,
            _schedules,
            ("contracts_scheduleversion", "contracts_schedulerow"),
        )
    )
    registry.add_step(Step("rates", "stopy umów", 52, keep_rates))
    registry.add_step(Step("due_days", "dni płatności", 53, keep_due_days))
    registry.add_step(Step("positions", "terminy płatności", 55, forget_changed))


def _contracts(load: Load) -> None:
    values = {
        column.name: staged_value(column)
        for column in CONTRACTS.columns
        if column.name not in {"source_id", "company"}
    }
    values["vat_code"] = "COALESCE(NULLIF(s.vat_code, ''), '23')"
    load.upsert(
        "contracts",
        "contracts_contract",
        {**values, "company_id": "c.id"},
        new={"public_id": new_uuid()},
        joins="JOIN tenancy_company c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.company",
    )


def _assets(load: Load) -> None:
    values = {
        column.name: staged_value(column)
        for column in ASSETS.columns
        if column.name not in {"source_id", "contract"}
    }
    load.upsert(
        "assets",
        "contracts_asset",
        {**values, "contract_id": "c.id"},
        new={"public_id": new_uuid()},
        joins="JOIN contracts_contract c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.contract",
    )


def _schedules(load: Load) -> None:
    """New versions with their rows. The one with the highest number of a contract is current."""
    if not load.staged["schedule_versions"]:
        return
    known = load.execute(
        "DELETE FROM feed_schedule_versions AS s WHERE EXISTS (SELECT 1 FROM"
        " contracts_scheduleversion t WHERE t.source_system = %(source_system)s"
        " AND t.source_id = s.source_id)"
    )
    contract = (
        "JOIN contracts_contract c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.contract"
    )
    load.execute(
        "UPDATE contracts_scheduleversion AS t SET is_current = FALSE"
        f" FROM feed_schedule_versions s {contract} WHERE t.contract_id = c.id AND t.is_current"
    )
    added = load.insert(
        "contracts_scheduleversion",
        {
            "id": "s.id",
            "contract_id": "c.id",
            "is_current": "s.number = MAX(s.number) OVER (PARTITION BY s.contract)",
            **{name: f"s.{name}" for name in _VERSION_VALUES},
            "source_system": "%(source_system)s",
            "source_id": "s.source_id",
            "as_of": "%(as_of)s",
        },
        f"feed_schedule_versions s {contract}",
    )
    load.expect("schedule_versions", added + known)
    load.count("schedule_versions", new=added, known=known)
    _calendar(load)
    rows = load.insert(
        "contracts_schedulerow",
        {
            "version_id": "v.id",
            "n": "s.n",
            "kind": "s.kind",
            "effective_due_on": "d.effective",
            **{name: f"s.{name}" for name in _ROW_VALUES},
        },
        "feed_schedule_rows s JOIN feed_schedule_versions v ON v.source_id = s.version"
        " JOIN feed_calendar d ON d.day = s.nominal_due_on",
    )
    if not known:
        load.expect("schedule_rows", rows)
    load.count("schedule_rows", new=rows, known=load.staged["schedule_rows"] - rows)


def _calendar(load: Load) -> None:
    """The effective due date (art. 115 KC) of every nominal one that the feed names."""
    days = distinct_dates(load, "SELECT DISTINCT nominal_due_on FROM feed_schedule_rows")
    fill_calendar(load, "feed_calendar", days)


def distinct_dates(load: Load, sql: str) -> list[dt.date]:
    """The dates that a query answers."""
    load.cursor.execute(sql)
    return [_as_date(row[0]) for row in load.cursor.fetchall()]


def fill_calendar(load: Load, name: str, days: list[dt.date]) -> None:
    """A temporary table day → effective; a contract's life has at most some thousands of days."""
    create_temporary(load.cursor, name, "day date PRIMARY KEY, effective date")
    for start in range(0, len(days), 400):
        part = days[start : start + 400]
        marks = ", ".join(["(%s, %s)"] * len(part))
        values = [value for day in part for value in (day, effective_due_on(day))]
        load.cursor.execute(f"INSERT INTO {name} (day, effective) VALUES {marks}", values)


def _as_date(value: object) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))

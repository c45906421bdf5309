"""Rows of a feed that hang on an asset and belong to its lessee: what their files share.

A row may name its company, so that it stays with an earlier lessee; without one it belongs to
whoever has the contract now. What was stored stays with whom it stood, whatever lessee comes next.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from collections.abc import Iterable

from contracts.feeds import row_check
from eboks.feeds.applying import Load, staged_value
from eboks.feeds.columns import Column, code
from eboks.feeds.dialect import new_uuid
from eboks.feeds.registry import Check, FileKind

ASSET_COLUMNS = (
    code("source_id"),
    code("asset", references="assets"),
    code("company", required=False, references="companies"),
)
# Of a staged row: its asset, the contract of that, the company that it names.
ASSET_JOINS = (
    "JOIN contracts_asset a ON a.source_system = %(source_system)s AND a.source_id = s.asset"
    " JOIN contracts_contract c ON c.id = a.contract_id"
    " LEFT JOIN tenancy_company k ON k.source_system = %(source_system)s"
    " AND k.source_id = s.company AND s.company <> ''"
)
_MINE = "%(source_system)s"


def named_lessee(kind: str) -> Check:
    """A company that a row names has the contract of the asset, or had it as far as we know."""
    contracts = (
        "SELECT f.contract AS contract FROM feed_assets f WHERE f.source_id = s.asset UNION ALL"
        " SELECT c.source_id FROM contracts_asset a JOIN contracts_contract c"
        f" ON c.id = a.contract_id WHERE a.source_system = {_MINE} AND a.source_id = s.asset"
    )
    stored = (
        f"SELECT 1 FROM contracts_contract c JOIN {{table}} JOIN tenancy_company k"
        f" ON k.id = {{company}} WHERE c.source_system = {_MINE}"
        " AND c.source_id = m.contract AND k.source_id = s.company"
        f" AND k.source_system = {_MINE}"
    )
    now = stored.replace("JOIN {table} ", "").format(company="c.company_id")
    before = stored.format(
        table="contracts_lesseeperiod p ON p.contract_id = c.id", company="p.company_id"
    )
    return Check(
        "company",
        "ten klient nie ma i nie miał umowy tego przedmiotu",
        f"SELECT s.line, s.company FROM feed_{kind} s WHERE s.company <> '' AND NOT EXISTS"
        f" (SELECT 1 FROM ({contracts}) m WHERE EXISTS (SELECT 1 FROM feed_contracts f"
        " WHERE f.source_id = m.contract AND f.company = s.company)"
        f" OR EXISTS ({now}) OR EXISTS ({before}))",
        needs=("contracts", "assets", "companies"),
    )


def not_later(kind: str, column: str = "on") -> Check:
    """A day that has not come by the business date of the feed."""
    reason = "dzień jest po dniu, na który jest paczka"
    return row_check(column, reason, f'"{column}" > %(as_of)s', kind)


def not_negative(kind: str, columns: Iterable[str]) -> tuple[Check, ...]:
    return tuple(
        row_check(name, "kwota nie może być ujemna", f'"{name}" < 0', kind) for name in columns
    )


def company_columns() -> tuple[dict[str, str], dict[str, str]]:
    """`company_id` of rows that are new, and of rows that were there (a row that goes over to
    another asset goes over to the lessee of that one)."""
    moved = "CASE WHEN t.asset_id = a.id THEN t.company_id ELSE c.company_id END"
    return (
        {"company_id": "COALESCE(k.id, c.company_id)"},
        {"company_id": f"COALESCE(k.id, {moved})"},
    )


def values_of(columns: Iterable[Column], *, without: Iterable[str] = ()) -> dict[str, str]:
    """Columns of the table that are named as in the file."""
    left_out = {"source_id", "asset", "company", *without}
    return {column.name: staged_value(column) for column in columns if column.name not in left_out}


def upsert_records(
    load: Load,
    kind: FileKind,
    *,
    values: dict[str, str] | None = None,
    without: Iterable[str] = (),
    new: dict[str, str] | None = None,
    changed: dict[str, str] | None = None,
    joins: str = "",
    unless: str = "FALSE",
) -> None:
    """Add and change the rows of `kind` in its table. `values`: columns named otherwise than in
    the file, beside `asset_id`; the others as for `Load.upsert`."""
    if not load.staged[kind.name]:
        return
    of_new, of_known = company_columns()
    load.upsert(
        kind.name,
        kind.table,
        {"asset_id": "a.id", **values_of(kind.columns, without=without), **(values or {})},
        new={"public_id": new_uuid(), **of_new, **(new or {})},
        changed={**of_known, **(changed or {})},
        joins=f"{ASSET_JOINS} {joins}",
        unless=unless,
    )

"""Steps of a feed that write the records of vehicles. Set-based, and only rows of the feed's own
source system: what people entered or a supplier's file brought stays as it is."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feed_records import upsert_records, values_of
from eboks.feeds.applying import Load
from eboks.feeds.dialect import new_uuid, warsaw_day
from eboks.feeds.registry import FileKind

# As the portal keeps a card, whatever stands before its last four characters in the file.
CARD = (
    "CASE WHEN LENGTH(s.card) > 4 THEN '…' || SUBSTR(s.card, LENGTH(s.card) - 3)"
    " ELSE '…' || s.card END"
)
SAME_PURCHASE = (
    f"o.card = {CARD} AND o.at = s.at AND o.product = s.product AND o.quantity = s.quantity"
    " AND o.gross = s.gross"
)


def apply_terms(load: Load, kind: FileKind) -> None:
    """One row for a vehicle."""
    if not load.staged[kind.name]:
        return
    load.upsert(
        kind.name,
        kind.table,
        {"asset_id": "a.id", **values_of(kind.columns)},
        new={"public_id": new_uuid()},
        joins="JOIN contracts_asset a ON a.source_system = %(source_system)s"
        " AND a.source_id = s.asset",
    )


def apply_records(load: Load, kind: FileKind) -> None:
    """Records as the file has them."""
    upsert_records(load, kind)


def apply_readings(load: Load, kind: FileKind) -> None:
    """Readings of the odometer, without a photo."""
    upsert_records(load, kind, new={"scan": "'clean'"})


def apply_fuel(load: Load, kind: FileKind) -> None:
    """Purchases. One that another file brought already is known, and stays as that file had it."""
    upsert_records(
        load,
        kind,
        values={"on": warsaw_day("s.at"), "card": CARD},
        unless=f"EXISTS (SELECT 1 FROM {kind.table} o WHERE {SAME_PURCHASE})",
    )
    if load.staged[kind.name]:
        done = load.counts[kind.name]
        done["known"] = load.staged[kind.name] - done["new"] - done["changed"]

"""The database refuses an entry of the ledger that does not sum to zero.

An allocation and a set-off are double entries in one row: the amount is taken from one side and
given to the other, so it sums to zero when both sides are of one client and one currency. A
reversing row must be the exact opposite of a row that is none itself (docs/ledger.md).

PostgreSQL asks once for each statement, about all rows that it added; SQLite for each row.
"""
# ruff: noqa: S608 -- names of tables and columns come from code

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from eboks.audit import triggers

_SETOFF_SIDES = {
    "credit_item": "receivableitem",
    "credit_payment": "payment",
    "debit_item": "receivableitem",
    "debit_payment": "payment",
}


def wrong_allocations(rows: str) -> str:
    """A query for the ids of those of `rows` (a table or FROM item) that do not sum to zero."""
    return (
        f"SELECT a.id FROM {rows} a JOIN invoicing_payment p ON p.id = a.payment_id"
        " JOIN invoicing_receivableitem i ON i.id = a.item_id"
        " WHERE p.company_id <> i.company_id OR p.currency <> i.currency"
        f" UNION ALL SELECT a.id FROM {rows} a"
        " JOIN invoicing_allocation o ON o.id = a.reverses_id WHERE o.reverses_id IS NOT NULL"
        " OR o.payment_id <> a.payment_id OR o.item_id <> a.item_id"
        f" OR ABS(o.amount + a.amount) > 0.001 UNION ALL SELECT a.id FROM {rows} a"
        " WHERE (a.amount < 0) <> (a.reverses_id IS NOT NULL)"
    )


def wrong_set_offs(rows: str) -> str:
    """The same for set-offs."""
    joins = "".join(
        f" LEFT JOIN invoicing_{table} {side} ON {side}.id = a.{side}_id"
        for side, table in _SETOFF_SIDES.items()
    )
    sides = " OR ".join(f"a.company_id <> {side}.company_id" for side in _SETOFF_SIDES)
    currency = "COALESCE({0}_item.currency, {0}_payment.currency)"
    same = " OR ".join(
        f"COALESCE(o.{side}_id, 0) <> COALESCE(a.{side}_id, 0)" for side in _SETOFF_SIDES
    )
    return (
        f"SELECT a.id FROM {rows} a{joins} WHERE {sides}"
        f" OR {currency.format('credit')} <> {currency.format('debit')}"
        f" UNION ALL SELECT a.id FROM {rows} a"
        " JOIN invoicing_setoff o ON o.id = a.reverses_id WHERE o.reverses_id IS NOT NULL"
        f" OR {same} OR ABS(o.amount + a.amount) > 0.001 UNION ALL SELECT a.id FROM {rows} a"
        " WHERE (a.amount < 0) <> (a.reverses_id IS NOT NULL)"
    )


_CHECKED = {"invoicing_allocation": wrong_allocations, "invoicing_setoff": wrong_set_offs}


def stand(connection: BaseDatabaseWrapper) -> None:
    """From now on such entries are refused. Safe to call again."""
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        if not existing.issuperset(_CHECKED):
            return
        for table, wrong in _CHECKED.items():
            for statement in (
                _postgresql(table, wrong("added"))
                if connection.vendor == "postgresql"
                else _sqlite(table, wrong(f"(SELECT * FROM {table} WHERE id = NEW.id)"))
            ):
                cursor.execute(statement)


def fall(connection: BaseDatabaseWrapper) -> None:
    """Takes the check off: for tests of what `verify_ledger` finds."""
    with connection.cursor() as cursor:
        for table in _CHECKED:
            where = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_sums_to_zero{where}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should stand and do not."""
    wanted = [f"{table}_sums_to_zero" for table in _CHECKED]
    found = triggers.standing(connection)
    return [name for name in wanted if name not in found]


def _postgresql(table: str, wrong: str) -> list[str]:
    name = f"{table}_sums_to_zero"
    function = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF EXISTS ({wrong}) THEN"
        f" RAISE EXCEPTION 'an entry of {table} does not sum to zero'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $$"
    )
    trigger = (
        f"CREATE OR REPLACE TRIGGER {name} AFTER INSERT ON {table}"
        f" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return [function, trigger]


def _sqlite(table: str, wrong: str) -> list[str]:
    name = f"{table}_sums_to_zero"
    trigger = (
        f"CREATE TRIGGER {name} AFTER INSERT ON {table} WHEN EXISTS ({wrong})"
        f" BEGIN SELECT RAISE(ABORT, 'an entry of {table} does not sum to zero'); END"
    )
    return [f"DROP TRIGGER IF EXISTS {name}", trigger]

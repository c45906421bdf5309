"""Our balances against the core system's: what differs waits for the back office to explain it.

Compared is the newest day that the core system sent figures for, with our balances of that day. A
difference is one row from the night that finds it until a night no longer does; then it leaves the
queue by itself. One that was explained stays explained for as long as it is the same.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.feeds.dialect import (
    Cursor,
    Params,
    create_temporary_as,
    drop_temporary,
    exact,
    is_postgresql,
    money,
)
from eboks.jobs.notices import tell_operator
from invoicing.balances import published_day
from invoicing.enums import DifferenceState
from invoicing.models import BalanceDifference, CoreBalance

_FIGURES = ("our_open", "core_open", "our_overpaid", "core_overpaid")


class DifferenceError(Exception):
    """A difference that cannot be explained; the text is fit for people."""


@transaction.atomic
def compare(*, on: dt.date, at: dt.datetime) -> dict[str, Any]:
    """Bring the queue in line with the core system's newest figures up to day `on`.

    Returns figures for the night's report. Tells the operator of new differences, once. Does
    nothing when a later day has been compared. Safe to repeat.
    """
    newest = published_day()
    figures = CoreBalance.objects.filter(as_of__lte=on).order_by("-as_of")
    as_of = figures.values_list("as_of", flat=True).first()
    if as_of is None or (newest is not None and newest > on):
        return {"compared": 0, "differences": _waiting()}
    with connection.cursor() as cursor:
        params = {"as_of": as_of, "at": connection.ops.adapt_datetimefield_value(at)}
        create_temporary_as(cursor, "balance_gap", _gap(), params)
        _keep(cursor, params)
        _let_go(cursor, params)
        _add(cursor, params)
        drop_temporary(cursor, "balance_gap")
    found = BalanceDifference.objects.filter(first_on=as_of).count()
    if found:
        facts = {"day": as_of.isoformat(), "found": found, "waiting": _waiting()}
        key = f"balance_differences:{as_of}"
        tell_operator(kind="balance_differences", key=key, facts=facts, at=at)
    return {
        "core_as_of": as_of.isoformat(),
        "compared": CoreBalance.objects.filter(as_of=as_of).count(),
        "differences": _waiting(),
        "new_differences": found,
        "gone_differences": BalanceDifference.objects.filter(gone_on=as_of).count(),
    }


@transaction.atomic
def explain(*, difference_id: int, note: str, staff: User, at: dt.datetime) -> None:
    """Say why the figures differ: the row leaves the queue until they change.

    Raises DifferenceError without a note, or when the figures agree again.
    """
    note = " ".join(note.split())
    if not note:
        raise DifferenceError(_("Napisz, skąd bierze się różnica."))
    waiting = BalanceDifference.objects.exclude(state=DifferenceState.GONE)
    changed = waiting.filter(pk=difference_id).update(
        state=DifferenceState.EXPLAINED, note=note, handled_by=staff, handled_at=at
    )
    if changed != 1:
        raise DifferenceError(_("Tej różnicy już nie ma: salda znów się zgadzają."))
    record(
        event="staff_explained_difference",
        at=at,
        actor=staff,
        object_kind="balance_difference",
        object_ref=str(difference_id),
    )


def _waiting() -> int:
    return BalanceDifference.objects.filter(state=DifferenceState.OPEN).count()


def _gap() -> str:
    """SELECT of (contract_id, currency, *_FIGURES) of what differs, as `exact` amounts.

    Compared are contracts that the core system named and that we have a balance of; a currency that
    one side does not name is nothing there. Equal rows of both sides meet in one group and fall
    out, so a big night costs one pass over both.
    """
    rows = (
        f"SELECT contract_id, currency, {exact('open_amount')} AS open,"
        f" {exact('overpaid_amount')} AS overpaid, {{side}} AS side"
        " FROM {table} WHERE as_of = %(as_of)s"
    )
    ours = rows.format(table="invoicing_balance", side=0)
    theirs = rows.format(table="invoicing_corebalance", side=1)
    figures = ", ".join(
        f"SUM(CASE WHEN side = {side} THEN {kind} ELSE 0 END) AS {name}_{kind}"
        for kind in ("open", "overpaid")
        for side, name in ((0, "our"), (1, "core"))
    )
    return (
        "SELECT * FROM ("
        f" SELECT contract_id, currency, {figures} FROM ("
        " SELECT contract_id, currency, open, overpaid, MIN(side) AS side"
        f" FROM ({ours} UNION ALL {theirs}) both_sides"
        " GROUP BY contract_id, currency, open, overpaid HAVING COUNT(*) = 1) alone"
        " GROUP BY contract_id, currency) g"
        " WHERE (our_open <> core_open OR our_overpaid <> core_overpaid) AND " + _compared("g")
    )


def _compared(row: str) -> str:
    return " AND ".join(
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.as_of = %(as_of)s"
        f" AND x.contract_id = {row}.contract_id)"
        for table in ("invoicing_balance", "invoicing_corebalance")
    )


def _amount(figure: str) -> str:
    """Back from an `exact` amount to one that is stored."""
    return figure if is_postgresql() else money(figure)


def _keep(cursor: Cursor, params: Params) -> None:
    """Those that are still there follow the figures; another difference must be explained anew."""
    same = " AND ".join(
        f"{exact(f'd.our_{kind}')} - {exact(f'd.core_{kind}')} = g.our_{kind} - g.core_{kind}"
        for kind in ("open", "overpaid")
    )
    figures = ", ".join(f"{name} = {_amount(f'g.{name}')}" for name in _FIGURES)
    cursor.execute(
        f"UPDATE invoicing_balancedifference AS d SET as_of = %(as_of)s, {figures},"
        f" state = CASE WHEN {same} THEN d.state ELSE 'open' END"
        " FROM balance_gap g WHERE g.contract_id = d.contract_id AND g.currency = d.currency"
        " AND d.state <> 'gone'",
        params,
    )


def _let_go(cursor: Cursor, params: Params) -> None:
    cursor.execute(
        "UPDATE invoicing_balancedifference SET state = 'gone', gone_on = %(as_of)s"
        f" WHERE state <> 'gone' AND {_compared('invoicing_balancedifference')}"
        " AND NOT EXISTS (SELECT 1 FROM balance_gap g"
        " WHERE g.contract_id = invoicing_balancedifference.contract_id"
        " AND g.currency = invoicing_balancedifference.currency)",
        params,
    )


def _add(cursor: Cursor, params: Params) -> None:
    names = ", ".join(_FIGURES)
    figures = ", ".join(_amount(f"g.{name}") for name in _FIGURES)
    cursor.execute(
        "INSERT INTO invoicing_balancedifference (contract_id, currency, first_on, as_of,"
        f" {names}, state, note, found_at) SELECT g.contract_id, g.currency, %(as_of)s, %(as_of)s,"
        f" {figures}, 'open', '', %(at)s FROM balance_gap g WHERE NOT EXISTS (SELECT 1"
        " FROM invoicing_balancedifference d WHERE d.contract_id = g.contract_id"
        " AND d.currency = g.currency AND d.state <> 'gone')",
        params,
    )

"""Who leased a contract on a day: feeds bring the present lessee alone, so changes are kept here.

The core system sends no day of an assignment: a change counts from the business date of the feed
that brings it. Answers about days close to a change deserve a look into the core system.
"""
# ruff: noqa: S608 -- names of tables and columns are constants, values are parameters

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from contracts.models import Contract, LesseePeriod
from eboks.feeds.applying import Load
from eboks.feeds.dialect import create_temporary_as, drop_temporary, greater
from eboks.tenancy.models import Company

_TABLE = "contracts_lesseeperiod"
_NEW = "feed_new_lessees"


def keep_lessees(load: Load) -> None:
    """Step of the feed, before contracts are changed: closes the period of each lessee whom the
    feed replaces and opens that of the next one. Four statements, however many contracts."""
    if not load.staged["contracts"] or load.is_empty("contracts_contract"):
        return
    create_temporary_as(
        load.cursor,
        _NEW,
        "SELECT c.id AS contract_id, c.company_id AS before_id, n.id AS after_id, c.signed_on"
        " FROM feed_contracts s JOIN contracts_contract c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.source_id JOIN tenancy_company n"
        " ON n.source_system = %(source_system)s AND n.source_id = s.company"
        " WHERE n.id <> c.company_id",
        load.params,
    )
    if not load.is_empty(_NEW):
        _note_changes(load)
    drop_temporary(load.cursor, _NEW)


def _note_changes(load: Load) -> None:
    # The first change of a contract: its lessee until now had it since it was signed.
    load.insert(
        _TABLE,
        {
            "contract_id": "n.contract_id",
            "company_id": "n.before_id",
            "from_on": "n.signed_on",
            "as_of": "%(as_of)s",
        },
        f"{_NEW} n WHERE NOT EXISTS (SELECT 1 FROM {_TABLE} p WHERE p.contract_id = n.contract_id)",
    )
    # A feed that is dated before the period began leaves it empty, never turned round.
    load.execute(
        f"UPDATE {_TABLE} AS p SET to_on = {greater('%(as_of)s', 'p.from_on')}"
        f" FROM {_NEW} n WHERE p.contract_id = n.contract_id AND p.to_on IS NULL"
    )
    load.insert(
        _TABLE,
        {
            "contract_id": "n.contract_id",
            "company_id": "n.after_id",
            "from_on": f"(SELECT MAX(p.to_on) FROM {_TABLE} p WHERE p.contract_id = n.contract_id)",
            "as_of": "%(as_of)s",
        },
        f"{_NEW} n",
    )


def lessee_at(*, contract: Contract, day: dt.date) -> Company | None:
    """The lessee of `contract` on `day`; None before it was signed.

    Says nothing of whether the contract was in force then.
    """
    periods = LesseePeriod.objects.filter(contract=contract)
    then = periods.filter(Q(to_on__isnull=True) | Q(to_on__gt=day), from_on__lte=day)
    found = then.select_related("company").order_by("-from_on", "-pk").first()
    if found is not None:
        return found.company
    if periods.exists() or day < contract.signed_on:
        return None
    return contract.company

"""A feed brings contracts as the core system knows them; the rate that was set here stays.

Only where the schedule in force was made here: a schedule of the core system comes with its rate.
"""
# ruff: noqa: S608 -- names of tables and columns are constants, values are parameters

from __future__ import annotations

from contracts.enums import IndexMethod, RateChangeKind, RowKind
from contracts.repricing_reading import APPLIED, SOURCE
from eboks.feeds.applying import Load

_OURS = (
    "c.source_system = %(source_system)s AND c.source_id IN (SELECT source_id FROM feed_contracts)"
    " AND EXISTS (SELECT 1 FROM contracts_scheduleversion v WHERE v.contract_id = c.id"
    f" AND v.is_current AND v.source_system = '{SOURCE}')"
)


def keep_rates(load: Load) -> None:
    """Step of the feed, after contracts: index, rate and end as the portal left them."""
    if not load.staged["contracts"] or load.is_empty("contracts_ratechange"):
        return
    applied = ", ".join(f"'{outcome.value}'" for outcome in APPLIED)
    converted = 'c."index" <> r.new_index'
    load.execute(
        'UPDATE contracts_contract AS c SET "index" = r.new_index, index_value = r.new_value,'
        " index_fixed_on = r.new_fixed_on, annual_rate_pct = r.new_rate_pct,"
        f" fallback_index = CASE WHEN {converted} THEN '' ELSE c.fallback_index END,"
        f" csa_pp = CASE WHEN {converted} THEN r.spread_pp ELSE c.csa_pp END"
        f" FROM contracts_ratechange r WHERE {_OURS} AND r.contract_id = c.id AND r.reset_on ="
        " (SELECT MAX(x.reset_on) FROM contracts_ratechange x WHERE x.contract_id = c.id"
        f" AND (x.outcome IN ({applied}) OR x.kind = '{RateChangeKind.CONVERSION.value}'))"
    )
    rows = (
        "FROM contracts_schedulerow w JOIN contracts_scheduleversion v ON v.id = w.version_id"
        f" WHERE v.contract_id = c.id AND v.is_current AND w.kind = '{RowKind.INSTALMENT.value}'"
    )
    load.execute(
        "UPDATE contracts_contract AS c SET"
        f" instalment_count = (SELECT MAX(w.n) {rows}),"
        f" end_on = (SELECT MAX(w.nominal_due_on) {rows})"
        f" WHERE {_OURS} AND c.index_method = '{IndexMethod.KEEP_PAYMENT.value}'"
    )

"""What a feed says of balances: the core system's own figures, kept beside ours to be compared."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feeds import row_check
from eboks.feeds.applying import Load
from eboks.feeds.columns import code, currency, money
from eboks.feeds.dialect import analyze
from eboks.feeds.registry import FileKind, Registry, Step

CORE_BALANCES = FileKind(
    name="core_balances",
    title="saldo z systemu centralnego",
    order=110,
    key=("contract", "currency"),
    columns=(
        code("contract", references="contracts"),
        currency(),
        money("open_amount", total=True),
        money("overpaid_amount", total=True),
    ),
    checks=tuple(
        row_check(name, "kwota nie może być ujemna", f"{name} < 0", "core_balances")
        for name in ("open_amount", "overpaid_amount")
    ),
)


def apply_core_balances(load: Load) -> None:
    """Figures of the business date in the place of earlier ones of the same contracts."""
    if not load.staged["core_balances"]:
        return
    contract = (
        " JOIN contracts_contract c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.contract"
    )
    load.execute(
        "DELETE FROM invoicing_corebalance WHERE as_of = %(as_of)s AND contract_id IN"
        f" (SELECT c.id FROM feed_core_balances s{contract})"
    )
    added = load.insert(
        "invoicing_corebalance",
        {
            "contract_id": "c.id",
            "as_of": "%(as_of)s",
            "currency": "s.currency",
            "open_amount": "s.open_amount",
            "overpaid_amount": "s.overpaid_amount",
        },
        f"feed_core_balances s{contract}",
    )
    load.expect("core_balances", added)
    load.count("core_balances", new=added)
    analyze(load.cursor, "invoicing_corebalance")


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    registry.add_kind(CORE_BALANCES)
    registry.add_step(Step("core_balances", "salda z systemu", 90, apply_core_balances))

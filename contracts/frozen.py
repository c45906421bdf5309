"""Which instalments stand on documents already, so that a new rate must leave them as they are.

Invoices live a floor above; whoever makes documents of instalments says so here in
`AppConfig.ready()`. Instalments due before the day of the change are left alone in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

# Numbers of the last documented instalment, by contract id; contracts without one may be missing.
LastInstalments = Callable[[Collection[int]], Mapping[int, int]]

_sources: dict[str, LastInstalments] = {}


def add_source(name: str, last_instalments: LastInstalments) -> None:
    """Ask `last_instalments` whenever schedules are to change; one query for many contracts."""
    _sources[name] = last_instalments


def frozen_through(contracts: Collection[int]) -> dict[int, int]:
    """The last documented instalment of each contract (by id) that has one."""
    last: dict[int, int] = {}
    for find in _sources.values():
        for contract, number in find(contracts).items():
            last[contract] = max(number, last.get(contract, 0))
    return last

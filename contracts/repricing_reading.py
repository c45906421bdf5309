"""What repricing reads: some hundreds of contracts at a time, a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet

from contracts import schedule as engine
from contracts.enums import LIVE_STATUSES, BuyoutTiming, RateChangeOutcome, RateType, RowKind
from contracts.models import Contract, RateChange, ScheduleRow, ScheduleVersion
from contracts.rate_decisions import Decision
from contracts.rate_terms import RateTerms
from contracts.stored_schedules import Change, Instalments, StoredRow

SOURCE = "portal"  # of schedule versions made here
# Outcomes after which a contract stands with the new value of its index.
APPLIED = (
    RateChangeOutcome.CHANGED,
    RateChangeOutcome.SAME_ROWS,
    RateChangeOutcome.SAME_VALUE,
    RateChangeOutcome.FLOOR,
)


class StoredVersion(NamedTuple):
    """A schedule in force."""

    pk: int
    number: int


@dataclass(slots=True)
class Repricing:
    """One contract with what a reset does to it, and what that was worked out from."""

    contract: RateTerms
    decision: Decision
    version: StoredVersion  # in force before
    outcome: RateChangeOutcome
    last_reset_on: dt.date | None = None
    invoiced: int = 0  # the last instalment on a document
    change: Change | None = None
    old_rows: Sequence[StoredRow] = ()  # that the change makes anew
    new_rows: Sequence[engine.ScheduleRow] = ()
    buyout_row: engine.ScheduleRow | None = None

    @property
    def kept(self) -> int:
        return self.change.kept if self.change else 0

    @property
    def keeps_end(self) -> bool:
        """Whether there are as many instalments as before."""
        return len(self.new_rows) == len(self.old_rows)

    @property
    def keeps_buyout(self) -> bool:
        """Whether the row of the buyout stays as it is, not only in its amount."""
        return self.keeps_end and self.contract.buyout_timing == BuyoutTiming.WITH_LAST


def repriceable(on: dt.date) -> QuerySet[Contract]:
    """Floating contracts that run on the day `on` and whose schedules the portal makes.

    A schedule that came from the core system is the core's to change, unless REPRICE_HERE.
    """
    current = ScheduleVersion.objects.filter(contract=OuterRef("pk"), is_current=True)
    if not settings.REPRICE_HERE:
        current = current.filter(source_system=SOURCE)
    return Contract.objects.filter(
        Exists(current),
        status__in=LIVE_STATUSES,
        rate_type=RateType.FLOATING,
        reset_months__gt=0,
        handover_on__isnull=False,
        end_on__gte=on,
    )


def last_resets(contracts: Collection[int]) -> dict[int, dt.date]:
    """Day of the last reset that was done, by contract."""
    rows = RateChange.objects.filter(contract__in=contracts).order_by()
    last = rows.values("contract").annotate(last=Max("reset_on"))
    return dict(last.values_list("contract", "last"))


def current_versions(contracts: Collection[int]) -> dict[int, StoredVersion]:
    """The schedule in force, by contract."""
    rows = ScheduleVersion.objects.filter(contract__in=contracts, is_current=True)
    found = rows.order_by("pk").values_list("contract", "pk", "number")
    return {contract: StoredVersion(pk, number) for contract, pk, number in found}


def instalments(
    versions: Collection[int], *, since: dt.date | None = None
) -> dict[int, Instalments]:
    """Instalments in order, by version; with `since` those due before it are left unread."""
    rows: QuerySet[Any] = ScheduleRow.objects.filter(
        version__in=versions, kind=RowKind.INSTALMENT
    ).order_by("version", "n")
    if since is not None:
        rows = rows.filter(nominal_due_on__gte=since)
    columns = ("n", "nominal_due_on", "payment", "interest", "balance")
    found: dict[int, list[StoredRow]] = defaultdict(list)
    make = StoredRow._make
    for row in rows.values_list("version", *columns):
        found[row[0]].append(make(row[1:]))
    return {version: Instalments(own) for version, own in found.items()}


def changes_before(contracts: Collection[int]) -> dict[int, list[RateChange]]:
    """Changes of the rate that took effect, in order, by contract."""
    if not contracts:
        return {}
    rows = RateChange.objects.filter(contract__in=contracts, outcome__in=APPLIED)
    found: dict[int, list[RateChange]] = defaultdict(list)
    for change in rows.order_by("contract", "reset_on"):
        found[change.contract_id].append(change)
    return found

"""Another day of the month to pay on: a new version of the schedule (domain 4.1).

Amounts stay as they were agreed, also where interest is counted by days: the one period that gets
longer or shorter costs nobody anything.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from contracts.enums import RowKind
from contracts.frozen import frozen_through
from contracts.models import Contract, ScheduleRow, ScheduleVersion
from contracts.repricing_reading import SOURCE
from eboks.clock import effective_due_on

if TYPE_CHECKING:
    from eboks.feeds.applying import Load

LAST_DAY = 28  # every month has it
# How the feed finds these versions again (`keep_due_days`).
_MARK = "/due-day/"
_MOVED = (RowKind.INSTALMENT, RowKind.BUYOUT)


class DueDayError(Exception):
    """The day cannot be changed so; the text is for people."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A payment of the schedule in force, and its nominal day after the change."""

    row: ScheduleRow
    due_on: dt.date


def current_version(contract: Contract) -> ScheduleVersion | None:
    return contract.schedule_versions.filter(is_current=True).first()


def is_kept_here(version: ScheduleVersion) -> bool:
    """Whether the portal may write the version after this one; otherwise the core system does."""
    return settings.REPRICE_HERE or version.source_system == SOURCE


def open_instalments(version: ScheduleVersion, *, on: dt.date) -> list[ScheduleRow]:
    """Instalments due after `on` that stand on no document, in order."""
    invoiced = frozen_through([version.contract_id]).get(version.contract_id, 0)
    rows = version.rows.filter(kind=RowKind.INSTALMENT, n__gt=invoiced, nominal_due_on__gt=on)
    return list(rows.order_by("n"))


def moved(
    version: ScheduleVersion, *, due_day: int, first: int, on: dt.date, notice_days: int
) -> list[Moved]:
    """What paying on `due_day` from instalment `first` on makes of the rows of `version`, in order
    of payment; each payment stays in its month.

    `notice_days`: how long before its day a payment has to be known. Raises DueDayError.
    """
    if not 1 <= due_day <= LAST_DAY:
        raise DueDayError(_("Wybierz dzień od 1 do %s.") % LAST_DAY)
    if first not in {row.n for row in open_instalments(version, on=on)}:
        raise DueDayError(_("Rata %s jest już na fakturze albo jej termin minął.") % first)
    rows = list(version.rows.filter(kind__in=_MOVED).order_by("nominal_due_on", "n", "pk"))
    last = max(row.n for row in rows if row.kind == RowKind.INSTALMENT)
    found = [
        Moved(row, row.nominal_due_on.replace(day=due_day))
        for row in rows
        if row.n >= first or (row.kind == RowKind.BUYOUT and last >= first)
    ]
    begins = next(one for one in found if one.row.n == first).due_on
    kept = [row.nominal_due_on for row in rows if row.n < first and row.kind != RowKind.BUYOUT]
    earliest = on + dt.timedelta(days=notice_days)
    if begins <= earliest or (kept and begins <= max(kept)):
        raise DueDayError(
            _("Nowy termin raty %s wypada za wcześnie. Wybierz późniejszą ratę albo dzień.") % first
        )
    return found


@transaction.atomic
def change_due_day(
    *, contract: Contract, due_day: int, first: int, on: dt.date, notice_days: int
) -> ScheduleVersion:
    """Writes the version with the new day and makes it the one in force.

    Rows before instalment `first` are copied. The contract takes over the day; its end moves when
    the last payment would come after it. Raises DueDayError, also when somebody else has changed
    the schedule meanwhile.
    """
    Contract.objects.select_for_update(of=("self",)).get(pk=contract.pk)
    before = current_version(contract)
    if before is None:
        raise DueDayError(_("Ta umowa nie ma jeszcze harmonogramu."))
    changed = moved(before, due_day=due_day, first=first, on=on, notice_days=notice_days)
    if ScheduleVersion.objects.filter(pk=before.pk, is_current=True).update(is_current=False) != 1:
        raise DueDayError(_("Harmonogram właśnie się zmienił. Sprawdź go jeszcze raz."))
    number = before.number + 1
    with override("pl"):  # as the feed writes it: it is data
        reason = _("zmiana dnia płatności na %s.") % due_day
    version = ScheduleVersion.objects.create(
        contract=contract,
        number=number,
        is_current=True,
        valid_from=on,
        reason=reason,
        index_value=before.index_value,
        index_fixed_on=before.index_fixed_on,
        annual_rate_pct=before.annual_rate_pct,
        source_system=SOURCE,
        source_id=f"{contract.pk}/{number}{_MARK}{due_day}",
        as_of=on,
    )
    days = {one.row.pk: one.due_on for one in changed}
    rows = before.rows.order_by("pk")
    ScheduleRow.objects.bulk_create(_copy(row, version, days.get(row.pk)) for row in rows)
    end_on = max(contract.end_on, *days.values())
    Contract.objects.filter(pk=contract.pk).update(
        due_day=due_day, end_on=end_on, capital_left=None, next_due_on=None
    )
    contract.due_day, contract.end_on = due_day, end_on
    return version


def _copy(row: ScheduleRow, version: ScheduleVersion, due_on: dt.date | None) -> ScheduleRow:
    return ScheduleRow(
        version=version,
        n=row.n,
        kind=row.kind,
        nominal_due_on=due_on or row.nominal_due_on,
        effective_due_on=effective_due_on(due_on) if due_on else row.effective_due_on,
        payment=row.payment,
        interest=row.interest,
        principal=row.principal,
        balance=row.balance,
        vat=row.vat,
        gross=row.gross,
    )


def keep_due_days(load: Load) -> None:
    """Step of the feed, after contracts: those whose schedule in force was made here keep the day
    that was chosen here, and the end it leads to."""
    if not load.staged["contracts"]:
        return
    own = Contract.objects.filter(
        source_system=load.manifest.source_system,
        schedule_versions__is_current=True,
        schedule_versions__source_system=SOURCE,
    )
    made = ScheduleVersion.objects.filter(
        contract__in=own, source_system=SOURCE, source_id__contains=_MARK
    )
    days = {
        version.contract_id: int(version.source_id.rpartition("/")[2])
        for version in made.order_by("contract", "number")
    }
    for contract in Contract.objects.filter(pk__in=days).order_by("pk"):
        last = (
            ScheduleRow.objects.filter(version__contract=contract, version__is_current=True)
            .order_by("-nominal_due_on", "-pk")
            .values_list("nominal_due_on", flat=True)[0]
        )
        Contract.objects.filter(pk=contract.pk).update(
            due_day=days[contract.pk], end_on=max(contract.end_on, last)
        )

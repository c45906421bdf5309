"""What invoicing does each night: balances, a check of the ledger, old balances let go."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from contracts.repricing_batches import JOB as REPRICING
from eboks.audit.events import Group, add_event
from eboks.jobs import nights, notices
from eboks.jobs.models import BALANCES_JOB
from eboks.jobs.nights import Night, Report
from eboks.retention.purging import JOB as PURGING
from invoicing import nightly
from invoicing.documents import JOB as PDFS
from invoicing.issuing.running import JOB as ISSUING
from invoicing.models import Balance, CoreBalance
from invoicing.paper_invoices import JOB as PAPER_FEES
from invoicing.reminders import JOB as REMINDERS

KEPT_DAYS = 40  # every day; of the time before only ends of months
_NAMED = 20  # mismatches in the report
_DAY = dt.timedelta(days=1)


def register() -> None:
    """Called once, when the app is ready."""
    nights.add_duty(
        BALANCES_JOB,
        nightly.refresh_all,
        title=_("Salda umów"),
        order=0,
        labels={
            "contracts": _("umów"),
            "changed": _("umów z innym saldem niż dzień wcześniej"),
            "skipped": _("umów pominiętych, bo nie dało się ich policzyć"),
            "core_as_of": _("salda z systemu centralnego z dnia"),
            "compared": _("porównanych sald"),
            "differences": _("różnic do wyjaśnienia"),
            "new_differences": _("różnic nowych tej nocy"),
            "gone_differences": _("różnic, których już nie ma"),
            "seconds": _("czas, s"),
        },
    )
    nights.add_duty(
        "ledger-check",
        check_ledger,
        title=_("Sprawdzenie rozrachunków"),
        order=10,
        catch_up=False,
        labels={"mismatches": _("niezgodności"), "named": _("pierwsze z nich")},
    )
    nights.add_duty(
        "balance-history",
        let_old_go,
        title=_("Porządek w starych saldach"),
        order=90,
        catch_up=False,
        labels={"balances": _("usuniętych sald"), "core_balances": _("usuniętych sald centrali")},
    )
    for job, title in (
        (REPRICING, _("Nowe harmonogramy po zmianie stóp")),
        (ISSUING, _("Wystawianie faktur")),
        (PDFS, _("PDF faktur")),
        (REMINDERS, _("Przypomnienia o terminach")),
        (PAPER_FEES, _("Opłaty za papierowe faktury")),
        (PURGING, _("Usuwanie dokumentów po terminie")),
    ):
        nights.name_job(job, title)
    notices.add_operator_kind("ledger_mismatches", _("Rozrachunki się nie zgadzają"))
    notices.add_operator_kind("balance_differences", _("Różnice sald z systemem centralnym"))
    add_event("staff_explained_difference", _("wyjaśnił(a) różnicę sald umowy"), group=Group.STAFF)


def check_ledger(night: Night) -> Report:
    """Does the ledger add up (REL-01, 02)? The operator is told when it does not."""
    from invoicing import verification  # noqa: PLC0415 -- tells of balances, which the night writes

    found = verification.verify()
    named = [str(mismatch) for mismatch in found[:_NAMED]]
    if found:
        notices.tell_operator(
            kind="ledger_mismatches",
            key=f"ledger_mismatches:{night.on}",
            facts={"day": night.on.isoformat(), "found": len(found), "named": named},
            at=night.now(),
        )
    return {"mismatches": len(found), "named": named}


def let_old_go(night: Night) -> Report:
    """Remove balances of days beyond the last `KEPT_DAYS`, except the ends of months.

    The core system's figures go after the same time, all of them.
    """
    before = night.on - KEPT_DAYS * _DAY
    removed = {"balances": 0, "core_balances": 0}
    rows: Any
    for name, rows in (("balances", Balance.objects), ("core_balances", CoreBalance.objects)):
        for day in _old_days(rows, before=before, whole_months=name == "balances"):
            with night.lease.hold(at=night.now()):
                removed[name] += rows.filter(as_of=day).delete()[0]
    return removed


def _old_days(rows: Any, *, before: dt.date, whole_months: bool) -> list[dt.date]:
    """Days that have rows and may go: each found by one look into the index."""
    days = []
    day = rows.aggregate(day=Min("as_of"))["day"]
    while day is not None and day < before:
        if not (whole_months and (day + _DAY).day == 1):
            days.append(day)
        day = rows.filter(as_of__gt=day).aggregate(day=Min("as_of"))["day"]
    return days

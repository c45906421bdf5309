"""`manage.py reprice [--on D] [--dry-run] [--again]`: schedules follow the index; docs/rates.md."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from contracts.enums import RateChangeOutcome
from contracts.fixing_corrections import FixingCorrectedError
from contracts.repricing import Report, reprice_due
from contracts.words import index_name
from eboks import clock
from eboks.jobs.leases import AlreadyRunningError, LeaseLostError

FAILED, RUNNING_ALREADY = 1, 4


class Command(BaseCommand):
    help = (
        "Przelicz harmonogramy umów, którym wypadł dzień zmiany stopy. Kod wyjścia: 0 zrobione, "
        "1 części umów nie dało się przeliczyć, 4 inne przeliczanie trwa albo poprawiono notowanie."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=dt.date.fromisoformat, metavar="RRRR-MM-DD", help="dzień")
        parser.add_argument("--dry-run", action="store_true", help="przelicz, niczego nie zapisuj")
        parser.add_argument(
            "--again",
            action="store_true",
            help="także gdy za ten dzień już przeliczono, i z umowami odłożonymi",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            report = reprice_due(
                on=options["on"] or clock.today(at),
                at=at,
                again=options["again"],
                dry_run=options["dry_run"],
                watch=_bar,
            )
        except (AlreadyRunningError, LeaseLostError):
            self.stderr.write("Inne przeliczanie już trwa; to niczego nie zmieniło.")
            sys.exit(RUNNING_ALREADY)
        except FixingCorrectedError:
            self.stderr.write("W trakcie poprawiono notowanie. Uruchom przeliczanie jeszcze raz.")
            sys.exit(RUNNING_ALREADY)
        self._show(report)
        if report.failed:
            sys.exit(FAILED)

    def _show(self, report: Report) -> None:
        if report.is_known:
            self.stdout.write("Za ten dzień i z tymi notowaniami już przeliczono.")
            return
        self.stdout.write(f"umowy: {sum(report.outcomes.values())}")
        for outcome, count in sorted(report.outcomes.items()):
            self.stdout.write(f"  {RateChangeOutcome(outcome).label}: {count}")
        if report.conversions:
            self.stdout.write(f"  w tym zastąpienie stopy inną: {report.conversions}")
        for code, count in sorted(report.waiting.items()):
            self.stdout.write(f"czekają na notowanie {index_name(code)}: {count}")
        if report.set_aside:
            self.stdout.write(f"odłożone po nieudanych próbach: {report.set_aside}")
        for line in report.failed:
            self.stderr.write(line)


def _bar(total: int) -> Callable[[int], None]:
    """A progress bar on a terminal, nothing elsewhere."""
    bar = tqdm(total=total, desc="przeliczanie", unit="um.", leave=False, disable=None)

    def advance(step: int) -> None:
        bar.update(step)
        if bar.n >= total:
            bar.close()

    return advance

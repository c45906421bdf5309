"""`manage.py refresh_balances [--as-of D]`: the night of balances by hand (docs/nightly.md)."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from eboks import clock
from eboks.jobs import nights
from eboks.jobs.models import BALANCES_JOB
from eboks.jobs.nights import Result

RUNNING_ALREADY = 4


class Command(BaseCommand):
    help = (
        "Policz salda wszystkich umów, tak jak robi to noc. Dzień już policzony jest liczony "
        "jeszcze raz. Kod wyjścia: 0 policzono, 1 nie udało się, 4 inne liczenie trwa."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            type=dt.date.fromisoformat,
            metavar="DATA",
            help="dzień, domyślnie dzisiejszy; wcześniejszy liczony jest tak, jak stał na koniec",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        today = clock.today(timezone.now())
        on: dt.date = options["as_of"] or today
        if on > today:
            raise CommandError("Ten dzień jeszcze nie nadszedł.")
        duty = nights.duty(BALANCES_JOB)
        bar = tqdm(desc="umowy", unit="", leave=False, disable=not sys.stderr.isatty())

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        with bar:
            outcome = nights.by_hand(duty, on=on, now=timezone.now, progress=progress)
        if outcome.result == Result.RUNNING:
            self.stderr.write("Liczenie sald za ten dzień już działa; to niczego nie zmieniło.")
            sys.exit(RUNNING_ALREADY)
        if outcome.result != Result.DONE:
            raise CommandError(f"Nie udało się: {outcome.reason}")
        self.stdout.write(f"Salda na dzień {on} policzone.")
        for label, value in nights.labelled(BALANCES_JOB, outcome.report):
            self.stdout.write(f"  {label}: {value}")

"""`manage.py import_statement FILE…`: see docs/bank.md."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from invoicing.bank import reports
from invoicing.bank.importing import Outcome, import_ready, prepare

REFUSED, WAITING = 1, 3


class Command(BaseCommand):
    help = (
        "Wczytaj i zaksięguj wyciągi bankowe (MT940, camt.053), w kolejności ich numerów. "
        "Kod wyjścia: 0 zaksięgowano lub bez zmian, 1 odrzucono, 3 czeka na wcześniejszy wyciąg."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        outcomes, ready = prepare(options["files"], at=at)
        for outcome in outcomes:
            self._report(outcome)
        for one in ready:
            outcomes.append(import_ready(one, at=at))
            self._report(outcomes[-1])
        if any(outcome.is_refused for outcome in outcomes):
            sys.exit(REFUSED)
        if any(outcome.is_waiting for outcome in outcomes):
            sys.exit(WAITING)

    def _report(self, outcome: Outcome) -> None:
        stream = self.stderr if outcome.is_refused else self.stdout
        for line in reports.lines(outcome):
            stream.write(line)

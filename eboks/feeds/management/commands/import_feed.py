"""`manage.py import_feed DIR… [--dry-run]`: see docs/feeds.md."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from eboks.feeds.importer import Watch, import_feeds
from eboks.feeds.locking import AlreadyRunningError
from eboks.feeds.models import FeedStatus
from eboks.feeds.runs import Outcome

REFUSED, WAITING, RUNNING_ALREADY = 1, 3, 4
_GOOD = {FeedStatus.APPLIED, FeedStatus.UNCHANGED, FeedStatus.CHECKED}


class Command(BaseCommand):
    help = (
        "Wczytaj paczki danych (katalogi z manifest.json), w kolejności ich numerów. "
        "Kod wyjścia: 0 wczytano lub bez zmian, 1 odrzucono, 3 czeka na brakujący numer, "
        "4 inne wczytywanie trwa."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
        parser.add_argument("--dry-run", action="store_true", help="sprawdź, niczego nie zapisuj")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcomes = import_feeds(
                directories=options["directories"],
                now=timezone.now,
                dry_run=options["dry_run"],
                watch=self._watch(),
            )
        except AlreadyRunningError:
            self.stderr.write("Inne wczytywanie już trwa; to niczego nie zmieniło.")
            sys.exit(RUNNING_ALREADY)
        for outcome in outcomes:
            self._report(outcome)
        statuses = {outcome.status for outcome in outcomes}
        if FeedStatus.REFUSED in statuses:
            sys.exit(REFUSED)
        if FeedStatus.WAITING in statuses:
            sys.exit(WAITING)

    def _watch(self) -> Watch:
        if sys.stderr.isatty():
            return Watch(begin=_bar)
        return Watch(begin=self._line)

    def _line(self, title: str, total: int) -> Callable[[int], None]:
        """Plain lines: one at each quarter."""
        done = shown = 0

        def advance(step: int) -> None:
            nonlocal done, shown
            done += step
            quarter = 4 * done // total if total else 4
            if quarter > shown:
                shown = quarter
                self.stdout.write(f"{title}: {25 * quarter} %")

        return advance

    def _report(self, outcome: Outcome) -> None:
        manifest = outcome.manifest
        name = f"nr {manifest.sequence}, {manifest.business_date}" if manifest else "?"
        stream = self.stdout if outcome.status in _GOOD else self.stderr
        stream.write(f"{outcome.directory.name} ({name}): {outcome.status.label}")
        if outcome.message:
            stream.write(outcome.message)
        for kind, numbers in outcome.counts.items():
            shown = ", ".join(f"{_WORDS[word]} {number}" for word, number in numbers.items())
            self.stdout.write(f"  {kind}: {shown}")
        for problem in outcome.problems.found:
            self.stderr.write(str(problem))
        if outcome.problems.is_full:
            self.stderr.write("Pokazano pierwsze 1000 błędów; może być ich więcej.")


_WORDS = {"new": "nowe", "changed": "zmienione", "known": "już wczytane"}


def _bar(title: str, total: int) -> Callable[[int], None]:
    bar = tqdm(total=total, desc=title, unit="", unit_scale=True, leave=False)

    def advance(step: int) -> None:
        bar.update(step)
        if bar.total and bar.n >= bar.total:
            bar.close()

    return advance

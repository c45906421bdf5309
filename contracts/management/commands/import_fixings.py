"""`manage.py import_fixings FILE.csv`: published values of reference rates; see docs/rates.md."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contracts.fixings import import_fixings
from eboks.feeds.problems import FeedRefusedError


class Command(BaseCommand):
    help = (
        "Wczytaj notowania stóp referencyjnych z pliku CSV (kolumny: docs/rates.md), w całości "
        "albo wcale. Kod wyjścia: 0 wczytano lub bez zmian, 1 odrzucono."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            found = import_fixings(path=path, at=timezone.now())
        except FeedRefusedError as error:
            for problem in error.problems.found:
                self.stderr.write(str(problem))
            self.stderr.write("Plik ma błędy; nic z niego nie zapisano.")
            sys.exit(1)
        except OSError as error:
            raise CommandError(f"Nie można odczytać pliku {path}: {error.strerror}") from error
        self.stdout.write(f"{path.name}: nowe {found.new}, już znane {found.known}")

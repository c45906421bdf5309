"""`manage.py import_exchange_rates FILE…`: average rates of the NBP (docs/issuing.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoicing.exchange_files import RatesError, import_rates


class Command(BaseCommand):
    help = (
        "Wczytaj kursy średnie NBP (tabela A) z pliku CSV: rocznego archiwum NBP albo pliku "
        "z kolumnami currency;on;rate;table. Plik wchodzi w całości albo wcale."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="PLIK")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"]:
            try:
                imported = import_rates(content=path.read_bytes())
            except (OSError, RatesError) as error:
                raise CommandError(f"{path}:\n{error}") from error
            self.stdout.write(f"{path.name}: nowe {imported.new}, już wczytane {imported.known}")

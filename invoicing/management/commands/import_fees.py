"""`manage.py import_fees FILE.csv --version … --valid-from …`: a new version of the fee table."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from invoicing.fee_tables import FeeTableError, NewTable, import_table


class Command(BaseCommand):
    help = "Wczytuje nową wersję tabeli opłat z pliku CSV, całą albo wcale (docs/fees.md)."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version, of the framework, gives way to the table's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="plik CSV w UTF-8, ze średnikami")
        parser.add_argument("--version", dest="table_version", required=True, help="np. 2026-08")
        parser.add_argument("--title", default="Tabela opłat i prowizji")
        parser.add_argument("--valid-from", type=_day, required=True, help="RRRR-MM-DD")
        parser.add_argument("--valid-to", type=_day)
        parser.add_argument("--signed-from", type=_day, help="dla umów zawartych od")
        parser.add_argument("--signed-to", type=_day, help="dla umów zawartych do")
        parser.add_argument("--note", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"Nie można odczytać {options['file']}: {error.strerror}") from error
        about = NewTable(
            version=options["table_version"],
            title=options["title"],
            valid_from=options["valid_from"],
            valid_to=options["valid_to"],
            signed_from=options["signed_from"],
            signed_to=options["signed_to"],
            note=options["note"],
        )
        try:
            table = import_table(content=content, about=about, at=timezone.now())
        except FeeTableError as error:
            problems = "\n".join(f"- {problem}" for problem in error.problems)
            raise CommandError(f"Tabela nie została wczytana:\n{problems}") from error
        self.stdout.write(
            f"Tabela {table.version}: {table.lines.count()} opłat, od {table.valid_from}."
        )


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)

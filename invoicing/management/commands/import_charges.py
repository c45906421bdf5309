"""`manage.py import_charges FILE.csv`: premiums and services for the next invoices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from invoicing.recharge_files import RechargeFileError, import_recharges


class Command(BaseCommand):
    help = "Dolicza składki i usługi z pliku CSV do najbliższych faktur (docs/fees.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="plik CSV w UTF-8, ze średnikami")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"Nie można odczytać {options['file']}: {error.strerror}") from error
        try:
            made, before = import_recharges(content=content, at=timezone.now())
        except RechargeFileError as error:
            problems = "\n".join(f"- {problem}" for problem in error.problems)
            raise CommandError(f"Nic nie zostało naliczone:\n{problems}") from error
        self.stdout.write(f"Naliczono: {made}; naliczone już wcześniej: {before}.")

"""`manage.py export_evidence D-7KQ2-M9XA-4T`: the whole record of an instruction as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from eboks.authorisation.evidence import digest_of, export
from eboks.authorisation.models import Instruction


class Command(BaseCommand):
    help = "Print what proves an instruction; exit 1 when its digest does not fit its content."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference")

    def handle(self, *args: Any, **options: Any) -> None:
        row = Instruction.objects.filter(reference=options["reference"]).first()
        if row is None:
            raise CommandError(f"Nie ma dyspozycji {options['reference']}.")
        self.stdout.write(json.dumps(export(row), indent=2, ensure_ascii=False))
        if digest_of(row) != row.digest:
            raise CommandError("Skrót nie zgadza się z treścią: zapis został zmieniony.")

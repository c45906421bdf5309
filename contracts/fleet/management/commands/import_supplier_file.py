"""`manage.py import_supplier_file TEMPLATE_NAME FILE [--apply]`: see docs/fleet.md."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contracts.fleet import supplier_imports as imports
from contracts.fleet.models import SupplierTemplate
from eboks.accounts.models import User


class Command(BaseCommand):
    help = (
        "Sprawdź plik dostawcy według szablonu, a z --apply wczytaj go, w całości albo wcale. "
        "Kod wyjścia: 0 bez błędów, 1 są błędy."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("template", metavar="TEMPLATE_NAME")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--apply", action="store_true", help="wczytaj, gdy nie ma błędów")
        parser.add_argument("--author", metavar="LOGIN", help="pracownik, który za to odpowiada")

    def handle(self, *args: Any, **options: Any) -> None:
        template = SupplierTemplate.objects.filter(name=options["template"]).first()
        if template is None:
            raise CommandError(f"Nie ma szablonu „{options['template']}”.")
        path: Path = options["file"]
        try:
            if options["apply"]:
                counts, problems = self._apply(template, path, options["author"])
            else:
                with path.open("rb") as file:
                    checked = imports.check(template=template, file=file, at=timezone.now())
                counts, problems = checked.counts, [one.stored() for one in checked.problems]
        except OSError as error:
            raise CommandError(f"Nie można odczytać pliku {path}: {error.strerror}") from error
        except imports.SupplierImportError as error:
            raise CommandError(str(error)) from error
        for problem in problems:
            self.stderr.write("wiersz {line}, {column}, „{value}”: {reason}".format(**problem))
        words = ", ".join(
            f"{title} {counts[name]}" for name, title in imports.COUNTS.items() if name in counts
        )
        self.stdout.write(f"{path.name}: {words}")
        if problems:
            self.stderr.write("Plik ma błędy; nic z niego nie zapisano.")
            sys.exit(1)

    def _apply(
        self, template: SupplierTemplate, path: Path, login: str | None
    ) -> tuple[dict[str, int], list[dict[str, Any]]]:
        author = User.objects.filter(username=login or "", is_staff=True, is_active=True).first()
        if author is None:
            raise CommandError("Podaj --author: identyfikator czynnego pracownika.")
        with path.open("rb") as file:
            row = imports.preview(
                template=template,
                file=file,
                file_name=path.name,
                actor=author,
                at=timezone.now(),
            )
        if not row.problems:
            row = imports.apply(import_id=row.pk, at=timezone.now(), actor=author)
        return row.counts, row.problems

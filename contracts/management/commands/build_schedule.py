"""`manage.py build_schedule FILE.json`: a contract's parameters in, its schedule out, as JSON."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from contracts.schedule_document import evaluate, parse_document
from contracts.schedule_terms import InvalidTermsError


class Command(BaseCommand):
    help = "Wylicza harmonogram z parametrów umowy w pliku JSON (opis pól: docs/schedule.md)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="plik JSON w UTF-8; „-” czyta standardowe wejście")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = evaluate(parse_document(_read(options["file"])))
        except InvalidTermsError as error:
            lines = "\n".join(f"- {problem}" for problem in error.problems)
            raise CommandError(f"Nie można wyliczyć harmonogramu:\n{lines}") from error
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))


def _read(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"Nie można odczytać pliku {name}: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"Plik {name} nie jest zapisany w UTF-8.") from error

"""`manage.py render_invoices`: PDFs of all invoices that have none yet (docs/issuing.md)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from eboks.documents.press import Press
from invoicing.pdf_batches import missing, render_missing


class Command(BaseCommand):
    help = (
        "Zrób pliki PDF faktur, które ich jeszcze nie mają: wszystkich wystawionych przez portal "
        "i najnowszych z paczek. Można przerwać i uruchomić ponownie."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=None, help="najwyżej tyle plików")

    def handle(self, *args: Any, **options: Any) -> None:
        total = sum(rows.count() for rows in missing())
        bar = tqdm(total=total, desc="pliki PDF", disable=not sys.stderr.isatty(), leave=False)

        def advance(done: int) -> None:
            bar.update(done)

        with bar, Press() as press:
            done = render_missing(
                at=timezone.now(), limit=options["limit"], press=press, progress=advance
            )
        self.stdout.write(f"zrobione {done.made}, nieudane {done.failed}")
        if done.failed:
            sys.exit(1)

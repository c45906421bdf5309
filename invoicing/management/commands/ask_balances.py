"""`manage.py ask_balances --as-of D [--answer-by D]`: ask clients to confirm their balances."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from eboks import clock
from invoicing.balance_confirmations import DAYS_TO_ANSWER, ConfirmationError, ask


class Command(BaseCommand):
    help = (
        "Poproś o potwierdzenie sald wszystkich klientów z otwartymi pozycjami, poza spornymi "
        "i wątpliwymi. Można powtarzać: kto był pytany o ten dzień, nie dostanie drugiej prośby."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=dt.date.fromisoformat, required=True, metavar="DZIEŃ")
        parser.add_argument(
            "--answer-by",
            type=dt.date.fromisoformat,
            metavar="DZIEŃ",
            help=f"domyślnie {DAYS_TO_ANSWER} dni od dziś",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        later = clock.today(at) + dt.timedelta(days=DAYS_TO_ANSWER)
        try:
            asked = ask(
                as_of=options["as_of"],
                answer_by=options["answer_by"] or later,
                at=at,
                watch=self._watch if options["verbosity"] else lambda done: None,
            )
        except ConfirmationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Poproszono o potwierdzenie: {asked}.")

    def _watch(self, done: int) -> None:
        self.stderr.write(f"Sprawdzono klientów: {done}")

"""`manage.py make_portfolio --contracts N --seed S --out DIR`: see docs/feeds.md."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from eboks.portal.demo.portfolio import make_portfolio

BUSINESS_DATE = dt.date(2026, 11, 20)


class Command(BaseCommand):
    help = "Zapisz zmyślony portfel umów jako paczkę danych (albo kilka kolejnych)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contracts", type=int, required=True, help="liczba umów, od 5")
        parser.add_argument("--seed", type=int, default=1, help="to samo ziarno, te same bajty")
        parser.add_argument("--out", type=Path, required=True, help="nowy katalog")
        parser.add_argument(
            "--business-date", type=dt.date.fromisoformat, default=BUSINESS_DATE, metavar="DATA"
        )
        parser.add_argument(
            "--feeds", type=int, default=1, help="liczba paczek, dzień po dniu; domyślnie jedna"
        )

        parser.add_argument(
            "--plain", action="store_true", help="bez polis, szkód i zdarzeń pojazdów"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count, last = options["feeds"], options["business_date"]
        if options["contracts"] < 5 or count < 1:
            raise CommandError("Potrzeba co najmniej 5 umów i jednej paczki.")
        if options["out"].exists():
            raise CommandError(f"{options['out']} już istnieje.")
        days = [last - dt.timedelta(days=back) for back in reversed(range(count))]
        bar = tqdm(
            total=options["contracts"], desc="umowy", disable=not sys.stderr.isatty(), leave=False
        )

        def advance(done: int) -> None:
            bar.update(done)

        with bar:
            directories = make_portfolio(
                out=options["out"],
                contracts=options["contracts"],
                seed=options["seed"],
                business_dates=days,
                issuer_from=settings.ISSUER_CONTRACTS_FROM,
                plain=options["plain"],
                progress=advance,
            )
        for directory in directories:
            self.stdout.write(str(directory))

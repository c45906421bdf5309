"""`manage.py send_policy_alerts [--as-of D]`: alerts and lapses by hand (docs/insurance.md)."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from eboks import clock
from insurance import alerts, lapses


class Command(BaseCommand):
    help = "Wyślij alerty o polisach i znajdź przerwy w ochronie. Drugi raz nic nie wysyła."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            type=dt.date.fromisoformat,
            metavar="DATA",
            help="dzień, domyślnie dzisiejszy; przyszły tylko w danych pokazowych",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        today = clock.today(at)
        on: dt.date = options["as_of"] or today
        # A day that was done too early would not be done again when it comes.
        if on > today and not settings.DEMO:
            raise CommandError("Ten dzień jeszcze nie nadszedł.")
        sent = alerts.send_policy_alerts(on=on, at=at)
        opened = lapses.look_after_cover(on=on, at=at)
        self.stdout.write(f"Dzień {on}: wiadomości {sent}, nowych przerw w ochronie {opened}.")

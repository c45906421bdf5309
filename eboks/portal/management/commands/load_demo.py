"""`manage.py load_demo`: the demo portfolio, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from eboks import clock
from eboks.portal.demo.loading import DemoError, is_loaded, load_demo


class Command(BaseCommand):
    help = "Wczytaj dane pokazowe zmyślonego leasingodawcy. Drugi raz nic nie robi."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--i-know",
            action="store_true",
            help="wczytaj także na ustawieniach produkcyjnych (DEMO=False)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO and not options["i_know"]:
            raise CommandError(
                "To są ustawienia produkcyjne. Dane pokazowe zakładają konta; jeśli naprawdę "
                "tego chcesz, dopisz --i-know."
            )
        if is_loaded():
            return
        self.stdout.write("ebok: wczytuję dane pokazowe…")
        self.stdout.flush()
        at = timezone.now()
        try:
            load_demo(at=at, on=clock.today(at))
        except DemoError as error:
            raise CommandError(str(error)) from error

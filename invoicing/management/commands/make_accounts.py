"""`manage.py make_accounts`: individual account numbers for all who lack one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from invoicing.account_making import make_accounts
from invoicing.accounts import AccountError


class Command(BaseCommand):
    help = "Nadaje rachunki indywidualne według masek (docs/fees.md); można powtarzać."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = make_accounts(at=timezone.now())
        except AccountError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Nadano {made.count} rachunków.")
        for problem in made.problems:
            self.stderr.write(problem)
        if made.failed:
            raise CommandError(f"Bez numeru zostało: {made.failed}.")

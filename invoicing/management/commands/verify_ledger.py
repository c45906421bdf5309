"""`manage.py verify_ledger`: does the ledger add up?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoicing.verification import verify


class Command(BaseCommand):
    help = (
        "Compares every open and unallocated amount, every entry and every newest balance with "
        "what they are derived from, and names the rows that differ. Exit code 1 when any does."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify()
        for mismatch in found:
            self.stdout.write(str(mismatch))
        if found:
            raise CommandError(f"ledger does NOT add up: {len(found)} mismatches")
        self.stdout.write("ledger adds up")

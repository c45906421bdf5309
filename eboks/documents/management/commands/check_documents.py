"""`manage.py check_documents`: is every stored document still what was stored?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from eboks.documents.services import inspect_store

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Compares each document with its file (size and SHA-256) and finds files without a "
        "document. Exit code 1 when anything is missing, changed or left over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--delete-orphans", action="store_true", help="remove files that no document names"
        )
        parser.add_argument(
            "--orphan-age-minutes",
            type=int,
            default=60,
            help="a younger file may still get its row (default: 60)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        older_than = timezone.now() - dt.timedelta(minutes=options["orphan_age_minutes"])
        found = inspect_store(older_than=older_than, delete_orphans=options["delete_orphans"])
        for title, rows in (
            ("missing", found.missing),
            ("changed", found.changed),
            ("orphan", found.orphans),
        ):
            for row in rows[:_SHOWN]:
                self.stdout.write(f"{title}: {row}")
            if len(rows) > _SHOWN:
                self.stdout.write(f"{title}: … and {len(rows) - _SHOWN} more")
        summary = (
            f"{found.checked} documents checked: {len(found.missing)} missing, "
            f"{len(found.changed)} changed; {len(found.orphans)} orphan files"
        )
        if options["delete_orphans"] and not (found.missing or found.changed):
            self.stdout.write(summary + " removed")
        elif not found.clean:
            raise CommandError(summary)
        else:
            self.stdout.write(summary)

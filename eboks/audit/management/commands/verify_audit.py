"""`manage.py verify_audit`: is the audit trail still what was written?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from eboks.audit import triggers
from eboks.audit.anchoring import anchors_directory
from eboks.audit.verification import verify


class Command(BaseCommand):
    help = (
        "Reads every chain of the audit trail from its beginning and names the first row that was "
        "changed, deleted, inserted or swapped, and a cut tail. Exit code 1 when anything is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchors",
            type=Path,
            help="directory with daily anchors, best a copy from elsewhere "
            "(default: DATA_DIR/anchors)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["anchors"] or anchors_directory()
        if options["anchors"] and not directory.is_dir():
            raise CommandError(f"{directory} is not a directory")
        report = verify(anchors=directory)
        absent = triggers.missing(connection)
        for fault in report.faults:
            self.stdout.write(str(fault))
        for name in absent:
            self.stdout.write(f"missing trigger: {name}")
        summary = (
            f"{report.entries} entries in {report.chains} chains checked against "
            f"{report.anchors} anchors"
        )
        if report.faults or absent:
            raise CommandError(f"{summary}: NOT intact")
        self.stdout.write(f"{summary}: intact")

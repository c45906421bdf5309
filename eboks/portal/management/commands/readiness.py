"""`manage.py readiness`: what /readyz found, in words; exit 1 when this machine cannot serve."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from eboks.health import findings


class Command(BaseCommand):
    help = "Say what is wrong with the database, tables, disk, task queue and the age of the data."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings(at=timezone.now())
        for finding in found:
            kind = "fatal" if finding.fatal else "warning"
            self.stdout.write(f"{kind}: {finding.name}: {finding.detail}")
        if any(finding.fatal for finding in found):
            raise CommandError("not ready")
        self.stdout.write("degraded" if found else "ready")

"""`manage.py purge_documents`: what may go, and the removal of what was approved."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from eboks import clock
from eboks.jobs.leases import AlreadyRunningError
from eboks.retention import dating, purging
from eboks.retention.models import PurgeRun, PurgeState


class Command(BaseCommand):
    help = (
        "Date new documents; with --plan list what may go; with --run remove what a second person "
        "approved in the back office."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--plan", action="store_true", help="make a list to be approved")
        parser.add_argument("--run", action="store_true", help="remove what was approved")
        parser.add_argument(
            "--date-all", action="store_true", help="work all dates out anew: a rule changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        on = clock.today(at)
        dated = dating.date_documents(on=on, everything=options["date_all"])
        self.stdout.write(f"terminy: {dated}")
        try:
            if options["plan"]:
                run = purging.plan(through=on, staff=None, at=at)
                for row in purging.preview(run):
                    self.stdout.write(f"{row['document_class']}: {row['count']} ({row['bytes']} B)")
            if options["run"]:
                self._run()
        except purging.PurgeError as error:
            raise CommandError(str(error)) from error

    def _run(self) -> None:
        run = PurgeRun.objects.filter(state=PurgeState.APPROVED).first()
        if run is None:
            raise CommandError("Żadne usuwanie nie jest zatwierdzone.")
        try:
            states = purging.execute(run_id=run.pk, now=timezone.now)
        except AlreadyRunningError as error:
            raise CommandError("Usuwanie już trwa.") from error
        for state, count in sorted(states.items()):
            self.stdout.write(f"{state}: {count}")

"""`manage.py charge_paper_fees [--month 2026-10]`: the monthly fee for paper invoices."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from eboks import clock
from invoicing.paper_invoices import charge_paper_fees


class Command(BaseCommand):
    help = "Nalicza opłatę za faktury papierowe za miesiąc (domyślnie: poprzedni), raz."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", type=_month, help="RRRR-MM")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        month = options["month"] or clock.add_months(clock.today(at).replace(day=1), -1)
        made = charge_paper_fees(month=month, at=at)
        if made is None:
            self.stdout.write(
                f"{month:%Y-%m}: już naliczone, właśnie trwa albo tabela nie ma tej opłaty."
            )
        else:
            self.stdout.write(f"{month:%Y-%m}: naliczono {made}.")


def _month(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")

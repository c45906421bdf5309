"""`manage.py issue_invoices [--for D] [--dry-run]`: see docs/issuing.md."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from eboks import clock
from eboks.money import format_money
from invoicing import tasks
from invoicing.issuing.mode import issuer_from
from invoicing.issuing.running import AlreadyRunningError, LeaseLostError, Outcome, issue

_FAILED, _RUNNING_ALREADY = 1, 4


class Command(BaseCommand):
    help = (
        "Wystaw faktury, których przyszła pora: raty, opłaty wstępne, wykupy i naliczone opłaty "
        "umów, które fakturuje portal. Drugi raz nie wystawia niczego. Kod wyjścia: 0 gotowe, "
        "1 część trzeba wyjaśnić, 4 inne wystawianie trwa."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--for",
            type=dt.date.fromisoformat,
            dest="on",
            metavar="DATA",
            help="data faktur, np. 2026-11-26; domyślnie dziś",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="policz, ile i na ile; niczego nie wystawiaj"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        on = options["on"] or clock.today(at)
        if issuer_from() is None:
            raise CommandError("Portal nie wystawia faktur: nie ustawiono ISSUER_CONTRACTS_FROM.")
        if on > clock.today(at):
            raise CommandError("Faktura nie może mieć późniejszej daty niż dzisiejsza.")
        bar = tqdm(desc="umowy", disable=not sys.stderr.isatty(), leave=False)

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            with bar:
                outcome = issue(on=on, at=at, dry_run=options["dry_run"], progress=advance)
        except AlreadyRunningError:
            self.stderr.write("Inne wystawianie już trwa; to niczego nie zmieniło.")
            sys.exit(_RUNNING_ALREADY)
        except LeaseLostError:
            self.stderr.write("To wystawianie stało za długo i przejęło je inne.")
            sys.exit(_RUNNING_ALREADY)
        self._report(outcome)
        if outcome.count and not outcome.is_dry:
            tasks.render_new_invoices.delay()
        if outcome.failed:
            sys.exit(_FAILED)

    def _report(self, outcome: Outcome) -> None:
        word = "do wystawienia" if outcome.is_dry else "wystawiono"
        self.stdout.write(f"{outcome.on}: {word} {outcome.count}, korekt {outcome.corrections}")
        for currency, sums in sorted(outcome.totals.items()):
            net, vat, gross = (
                format_money(amount, currency) for amount in (sums.net, sums.vat, sums.gross)
            )
            self.stdout.write(f"  {currency}: {sums.count}, netto {net}, VAT {vat}, razem {gross}")
        for problem in outcome.problems:
            self.stderr.write(problem)
        if outcome.failed > len(outcome.problems):
            self.stderr.write(f"… i {outcome.failed - len(outcome.problems)} więcej")

"""Sends what waits, here and now: for an installation without a broker, and by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from eboks.notifications import digests, sending, sweeping


class Command(BaseCommand):
    help = "Wysyła wiadomości, które czekają, i porządkuje przerwane."

    def handle(self, *args: Any, **options: Any) -> None:
        digests.send_due(at=timezone.now())
        swept = sweeping.sweep(at=timezone.now())
        for message_id in swept.due:
            sending.deliver(message_id=message_id, at=timezone.now())
        self.stdout.write(f"Do wysłania: {len(swept.due)}, niewiadome: {swept.unknown}.")

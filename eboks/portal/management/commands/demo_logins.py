"""`manage.py demo_logins`: who can log in to the demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from eboks.portal.demo.loading import is_loaded
from eboks.portal.demo.people import LOGINS


class Command(BaseCommand):
    help = "Pokaż loginy i hasła danych pokazowych tej instalacji."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_loaded():
            self.stdout.write("Danych pokazowych nie wczytano (manage.py load_demo).")
            return
        rows = [("Login", "Hasło", "Kto")]
        rows += [(login.username, login.password, str(login.what)) for login in LOGINS]
        widths = [max(len(row[place]) for row in rows) for place in range(2)]
        for login, password, what in rows:
            self.stdout.write(f"  {login:<{widths[0]}}  {password:<{widths[1]}}  {what}")
        self.stdout.write("")
        self.stdout.write(
            "  Po haśle portal pyta o kod. SMS-y, e-maile i kod z aplikacji pracownika pokazuje"
        )
        self.stdout.write(
            f"  Skrzynka demo: {settings.SITE_URL}{reverse('notifications:demo_inbox')}"
        )

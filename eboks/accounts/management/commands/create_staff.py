"""`manage.py create_staff NAME EMAIL --role service`: the way to the back office."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from eboks.accounts import tasks
from eboks.accounts.staff import StaffRole, create_staff


class Command(BaseCommand):
    help = "Make an account for the back office and mail its owner a link for setting a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("email")
        parser.add_argument("--role", choices=StaffRole.values, default=StaffRole.VIEW.value)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = create_staff(
                username=options["username"],
                email=options["email"],
                role=StaffRole(options["role"]),
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        tasks.send_password_link(user_id=user.pk)
        self.stdout.write(f"{user.username}: konto założone, link w drodze na {user.email}")

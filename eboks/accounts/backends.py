"""Whose password it is: one look-up and one hash, whatever was typed."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models.functions import Lower
from django.http import HttpRequest

from eboks.accounts.models import User


def find_user(login: str) -> User | None:
    """The person with this e-mail or client ID, in any case of letters."""
    wanted = login.strip().lower()
    if not wanted:
        return None
    people = User.objects.alias(email_=Lower("email"), username_=Lower("username"))
    by_email = people.filter(email_=wanted).first()
    by_username = people.filter(username_=wanted).first()
    return by_email or by_username


class LoginBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's backend tries e-mail and user name in turn, which hashes twice for a known e-mail:
    the time would tell strangers who has an account. Nor does it tell them who is switched off or
    frozen.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        """Asked at log-in and on every request: an account that is frozen is nobody's."""
        return bool(super().user_can_authenticate(user)) and user.frozen_at is None

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        password = credentials.get("password")
        login = credentials.get("email") or credentials.get("username")
        if not password or not login:
            return None
        user = find_user(login)
        if user is None:
            User().set_password(password)  # as long as a comparison
            return None
        right = user.check_password(password)
        return user if right and self.user_can_authenticate(user) else None

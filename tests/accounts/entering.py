"""Logging in through the pages, with both steps."""

from __future__ import annotations

from typing import Any

from eboks.accounts.backends import find_user
from eboks.accounts.models import User
from eboks.authorisation.models import SmsDevice
from tests.factories import PASSWORD

LOGIN = "/konto/logowanie/"
CODE = "/konto/logowanie/kod/"


def give_number(user: User, number: str = "+48601234741") -> SmsDevice:
    """The person's mobile number for codes."""
    device, _made = SmsDevice.objects.update_or_create(
        user=user, defaults={"number": number, "name": "sms", "confirmed": True}
    )
    return device


def password_step(client: Any, user: User, password: str = PASSWORD, path: str = LOGIN) -> Any:
    return client.post(path, {"login": user.username, "password": password})


def code_step(client: Any, user: User, **more: Any) -> Any:
    """Types the code that has just been sent to the person."""
    device = SmsDevice.objects.get(user=user)
    return client.post(CODE, {"code": device.challenge_code(), **more})


def attempt(
    client: Any, login: str, password: str = PASSWORD, path: str = LOGIN, **extra: Any
) -> Any:
    """One whole log-in with what somebody typed: after a right password, the code; last answer."""
    user = find_user(login)
    if user is not None and not SmsDevice.objects.filter(user=user).exists():
        give_number(user)
    answer = client.post(path, {"login": login, "password": password}, **extra)
    if user is None or getattr(answer, "url", "") != CODE:
        return answer
    code = SmsDevice.objects.get(user=user).challenge_code()
    return client.post(CODE, {"code": code}, **extra)


def enter(client: Any, user: User, password: str = PASSWORD, path: str = LOGIN) -> Any:
    """Both steps; the last answer."""
    if not SmsDevice.objects.filter(user=user).exists():
        give_number(user)
    answer = password_step(client, user, password, path)
    if getattr(answer, "url", "") != CODE:
        return answer
    return code_step(client, user)

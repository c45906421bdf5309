"""Another mobile number in the place of a person's old one: signed, or reset by the staff."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from eboks.accounts import second_factor
from eboks.accounts.models import User
from eboks.accounts.security_notices import tell
from eboks.audit.services import record_for_companies
from eboks.authorisation.models import SmsDevice
from eboks.events import security_event
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to
from eboks.phones import masked


@transaction.atomic
def change_number(*, user: User, number: str, shown_at: dt.datetime, at: dt.datetime) -> bool:
    """The person's own, signed change. False, and nothing is done, when the number has changed
    since `shown_at`: of two changes at once one is made.
    """
    device = SmsDevice.objects.get(user=user)
    unchanged = Q(changed_at=None) | Q(changed_at__lt=shown_at)
    if not _replace(device, number, SmsDevice.objects.filter(unchanged, pk=device.pk), at=at):
        return False
    _after(user=user, old=device.number, new=number, at=at)
    facts = {"old": masked(device.number), "new": masked(number)}
    record_for_companies(event="phone_changed", at=at, user=user, facts=facts)
    return True


@transaction.atomic
def reset_number(*, user: User, number: str, at: dt.datetime) -> None:
    """The staff's change, after two of them have agreed (`proposals`)."""
    device = SmsDevice.objects.filter(user=user).first()
    if device is None:
        SmsDevice.objects.create(
            user=user, name="sms", confirmed=True, number=number, changed_at=at
        )
        old = ""
    else:
        _replace(device, number, SmsDevice.objects.filter(pk=device.pk), at=at)
        old = device.number
    _after(user=user, old=old, new=number, at=at)


def _replace(device: SmsDevice, number: str, rows: object, *, at: dt.datetime) -> bool:
    """One UPDATE. The number that costly operations asked until now goes on being asked for 48 h;
    a log-in code that is on its way to the old number opens nothing any more.
    """
    asked = device.number_for(costly=True, at=at)
    won: int = rows.update(  # type: ignore[attr-defined]
        number=number,
        previous_number=asked,
        changed_at=at,
        confirmed=True,
        challenge_tries=0,
        throttling_failure_count=0,
        throttling_failure_timestamp=None,
    )
    return won == 1


def _after(*, user: User, old: str, new: str, at: dt.datetime) -> None:
    """Both numbers and the e-mail are told; no browser is trusted any more."""
    User.objects.filter(pk=user.pk).update(phone=new)
    second_factor.forget_browsers(user=user, at=at)
    security_event("phone_changed", result="ok", actor_id=user.pk)
    facts = {"old": masked(old), "new": masked(new)}
    tell(kind="phone_changed", user=user, at=at, facts=facts, old_number=old)
    send_to(
        kind="phone_changed",
        channel=Channel.SMS,
        address=new,
        at=at,
        key=f"phone_changed:{user.pk}:{at.isoformat()}:new",
        user=user,
        language=user.language,
        facts=facts,
    )

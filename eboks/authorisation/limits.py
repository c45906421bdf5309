"""How many codes may go out, and how many wrong ones may come in (SEC-36, 37)."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.authorisation.enums import Step
from eboks.authorisation.models import InstructionStep
from eboks.events import security_event
from eboks.notifications.models import Channel, OutgoingMessage

_DAY = dt.timedelta(days=1)


def refusal_to_send(*, user: User, phone: str, at: dt.datetime) -> str:
    """Why no further code may go out today, in words for the person; empty when it may.

    Counts codes of every kind (log-in, activation, operations) sent in the last 24 hours.
    """
    # Codes are the messages whose text has a secret; notices do not count.
    sent = OutgoingMessage.objects.filter(channel=Channel.SMS, created_at__gt=at - _DAY).exclude(
        secret_source=""
    )
    if sent.filter(user=user).count() >= settings.SMS_CODES_PER_PERSON_PER_DAY:
        return _("Wysłaliśmy Ci dziś już tyle kodów, ile można. Spróbuj jutro albo zadzwoń do nas.")
    if sent.filter(address=phone).count() >= settings.SMS_CODES_PER_NUMBER_PER_DAY:
        return _("Na ten numer wysłaliśmy dziś już tyle kodów, ile można. Spróbuj jutro.")
    if sent.count() >= settings.SMS_CODES_PER_DAY:
        security_event("sms_budget_spent", result="refused", actor_id=user.pk)
        return _("Nie możemy teraz wysyłać kodów. Już to sprawdzamy; spróbuj później.")
    return ""


def is_blocked(*, user: User, at: dt.datetime) -> bool:
    """Whether the person has given too many wrong codes in the last 24 hours."""
    wrong = InstructionStep.objects.filter(
        user=user, step=Step.CODE_WRONG, at__gt=at - _DAY
    ).count()
    return wrong >= settings.SMS_WRONG_CODES_PER_DAY

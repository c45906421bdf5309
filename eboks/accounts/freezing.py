"""Freezing an account: by its owner, from a notice or the page; the staff alone thaw it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from eboks.accounts import second_factor
from eboks.accounts.models import EmailChange, FreezeLink, User
from eboks.accounts.security_notices import tell
from eboks.audit.services import record_for_companies
from eboks.authorisation.models import SmsDevice
from eboks.authorisation.services import cancel_all_of
from eboks.events import security_event


@transaction.atomic
def freeze(*, user: User, at: dt.datetime, link: FreezeLink | None = None) -> bool:
    """Ends every session, forgets trusted browsers, withdraws what is unsigned or unconfirmed,
    and lets nobody in until the staff thaw the account. False: the link was used already.
    """
    if link is not None:
        used = FreezeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=at)
        if not used:
            return False
    froze = User.objects.filter(pk=user.pk, frozen_at=None).update(
        frozen_at=at, sessions_valid_from=at
    )
    if not froze:
        return True
    second_factor.forget_browsers(user=user, at=at)
    SmsDevice.objects.filter(user=user).update(challenge_tries=0)
    EmailChange.objects.filter(user=user, used_at=None, voided_at=None).update(voided_at=at)
    cancel_all_of(user=user, at=at)
    security_event("account_frozen", result="ok", actor_id=user.pk)
    tell(kind="account_frozen", user=user, at=at)
    record_for_companies(event="account_frozen", at=at, user=user)
    return True


@transaction.atomic
def thaw(*, user: User, staff: User, at: dt.datetime) -> bool:
    """Lets the person log in again, after the staff have made sure who asks."""
    thawed = User.objects.filter(pk=user.pk).exclude(frozen_at=None).update(frozen_at=None)
    if thawed:
        security_event("account_thawed", result="ok", actor_id=staff.pk, user_id=user.pk)
        record_for_companies(event="account_unfrozen", at=at, user=user, actor=staff, subject=user)
    return bool(thawed)

"""People whom the core system names in its feed: invited once, when the lessor wants it."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from eboks.accounts.models import User
from eboks.clock import today
from eboks.onboarding import services
from eboks.onboarding.models import Invitation
from eboks.phones import is_mobile
from eboks.tenancy.models import Membership

BATCH = 200


def start() -> None:
    """After a feed: queues the invitations, when the lessor wants them."""
    from eboks.onboarding import tasks  # noqa: PLC0415 -- leaf

    if settings.INVITE_FROM_FEED:
        tasks.invite_known_people.delay()


def invite_batch(*, after: int, at: dt.datetime) -> int | None:
    """Invites up to `BATCH` people with a mandate from a feed who have never been invited to
    their present address; `after` is the last id looked at. Returns the next one, None at the end.

    Does nothing unless `settings.INVITE_FROM_FEED`.
    """
    if not settings.INVITE_FROM_FEED:
        return None
    people = list(_waiting(at=at).filter(pk__gt=after).order_by("pk")[:BATCH])
    for person in people:
        if is_mobile(person.phone):
            _invite(person.pk, at=at)
    return people[-1].pk if len(people) == BATCH else None


@transaction.atomic
def _invite(user_id: int, *, at: dt.datetime) -> None:
    user = User.objects.select_for_update().get(pk=user_id)
    # Asked again while the row is held: two runs at once send one link.
    if not _waiting(at=at).filter(pk=user_id).exists():
        return
    services.resend(user=user, at=at)


def _waiting(*, at: dt.datetime) -> QuerySet[User]:
    mandates = Membership.objects.active(on=today(at)).filter(user=OuterRef("pk"))
    earlier = Invitation.objects.filter(user=OuterRef("pk"), email=OuterRef("email"))
    return User.objects.filter(
        Exists(mandates.exclude(source_id="")),
        ~Exists(earlier),
        activated_at=None,
        is_active=True,
        is_staff=False,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
    ).exclude(email="")

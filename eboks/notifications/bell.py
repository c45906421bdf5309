"""Notices in the portal: how many wait, and which have been read."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from eboks.accounts.models import User
from eboks.notifications.models import Channel, OutgoingMessage, OutgoingMessageQuerySet
from eboks.tenancy.models import Membership

MOST_SHOWN = 99


def notices(user: User) -> OutgoingMessageQuerySet:
    """The person's notices, newest first; those about a company only while they act for it."""
    return _notices(user).order_by("-created_at", "-pk")


def unread_count(user: User) -> int:
    """How many notices have not been read, at most one over `MOST_SHOWN`: a single short query."""
    return notices(user).filter(read_at__isnull=True)[: MOST_SHOWN + 1].count()


def _notices(user: User) -> OutgoingMessageQuerySet:
    mine = Membership.objects.active().filter(user=user).values("company")
    return OutgoingMessage.objects.for_user(user).filter(
        Q(company__isnull=True) | Q(company__in=mine), channel=Channel.BELL
    )


def mark_read(*, notice: OutgoingMessage, at: dt.datetime) -> None:
    OutgoingMessage.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=at)


def mark_all_read(*, user: User, at: dt.datetime) -> int:
    """Only what the person could see by `at`; what has come since stays unread."""
    return _notices(user).filter(read_at__isnull=True, created_at__lte=at).update(read_at=at)

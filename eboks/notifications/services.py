"""Queueing messages in the caller's transaction; they leave after its commit (REL-08)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from eboks.accounts.models import User
from eboks.clock import today
from eboks.notifications import preferences, registry, rendering, times
from eboks.notifications.models import Channel, DeliveryTimes, MessageState, OutgoingMessage
from eboks.notifications.registry import MessageKind
from eboks.phones import normalise_mobile
from eboks.tenancy.models import Company

_KEY_LENGTH = 120
_AT_ONCE = 500


@transaction.atomic
def notify(
    *,
    kind: str,
    user: User,
    at: dt.datetime,
    key: str,
    company: Company | None = None,
    facts: dict[str, Any] | None = None,
    url: str = "",
) -> list[OutgoingMessage]:
    """Tells a person, through the channels of the kind and of their preferences.

    `key` names the event (`phone_changed:<id>`); the same key queues nothing a second time. `facts`
    are JSON values for the template; `url` is a path in the portal. Sent after the commit.
    """
    definition = registry.kind(kind)
    rows = []
    for channel in preferences.wanted_channels(kind=definition, user=user):
        address = _address(user, channel)
        if address is None:
            continue
        values = {
            "address": address,
            "user": user,
            "company": company,
            "language": user.language,
            "facts": facts or {},
            "url": url,
            **times.waiting(kind=definition, channel=channel, user=user, at=at),
        }
        rows.append(_queue(definition, channel, key=f"{key}:{channel.value}", at=at, values=values))
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What `notify_many` tells one person; fields as in `notify`."""

    user: User
    key: str
    company: Company | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    url: str = ""


@transaction.atomic
def notify_many(*, kind: str, notices: Sequence[Notice], at: dt.datetime) -> int:
    """`notify` for hundreds of people at once, in four queries. Returns how many rows were meant.

    Keys that were used already queue nothing. The sweeper sends them within minutes, after what
    people wait for at their screens.
    """
    definition = registry.kind(kind)
    people = {notice.user.pk: notice.user for notice in notices}
    wanted = preferences.wanted_by_each(kind=definition, users=people.values())
    times_of = {row.user_id: row for row in DeliveryTimes.objects.filter(user__in=people)}
    known_house = rendering.house()
    rows = []
    for notice in notices:
        user = notice.user
        for channel in wanted[user.pk]:
            address = _address(user, channel)
            if address is None:
                continue
            own = None if definition.security else times_of.get(user.pk)
            values = {
                "address": address,
                "user": user,
                "company": notice.company,
                "language": user.language,
                "facts": notice.facts,
                "url": notice.url,
                **times.waiting_by(own, channel=channel, at=at),
            }
            values = _row(definition, channel, at=at, values=values, known_house=known_house)
            rows.append(OutgoingMessage(key=_fitting(f"{notice.key}:{channel.value}"), **values))
    OutgoingMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_AT_ONCE)
    return len(rows)


@transaction.atomic
def send_to(
    *,
    kind: str,
    channel: Channel,
    address: str,
    at: dt.datetime,
    key: str,
    user: User | None = None,
    company: Company | None = None,
    language: str = "pl",
    facts: dict[str, Any] | None = None,
    secret_source: str = "",
    secret_ref: str = "",
) -> OutgoingMessage:
    """One message to one address whatever the preferences: codes, links, notices to an old number.

    Returns the earlier row when `key` was used already.
    """
    values = {
        "address": address,
        "user": user,
        "company": company,
        "language": language,
        "facts": facts or {},
        "secret_source": secret_source,
        "secret_ref": secret_ref,
        "send_after": at,
    }
    return _queue(registry.kind(kind), channel, key=key, at=at, values=values)


def _queue(
    definition: MessageKind, channel: Channel, *, key: str, at: dt.datetime, values: dict[str, Any]
) -> OutgoingMessage:
    values = _row(definition, channel, at=at, values=values)
    # A savepoint inside: on PostgreSQL a refused key must not spoil the caller's transaction.
    message, is_new = OutgoingMessage.objects.get_or_create(key=_fitting(key), defaults=values)
    if is_new and message.state == MessageState.PENDING and message.send_after <= at:
        # Robust: the caller's work is done; a broker that is down only leaves it to the sweeper.
        transaction.on_commit(partial(_start, message.pk), robust=True)
    return message


def _row(
    definition: MessageKind,
    channel: Channel,
    *,
    at: dt.datetime,
    values: dict[str, Any],
    known_house: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Every column of a message but its key. A notice in the portal is done by being there."""
    values = {
        **values,
        "kind": definition.name,
        "channel": channel,
        "is_security": definition.security,
        "created_at": at,
        "purge_after": today(at) + dt.timedelta(days=definition.keep_days),
    }
    if channel == Channel.BELL:
        subject, body = rendering.bell_text(
            kind=definition.name,
            language=values["language"],
            facts=values["facts"],
            user=values["user"],
            known_house=known_house,
        )
        values |= {"subject": subject, "body": body, "state": MessageState.SENT, "sent_at": at}
    return values


def _start(message_id: int) -> None:
    from eboks.notifications import tasks  # noqa: PLC0415 -- tasks import this module's neighbours

    tasks.deliver.delay(message_id=message_id)


def _fitting(key: str) -> str:
    if len(key) <= _KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: _KEY_LENGTH - len(digest) - 1]}:{digest}"


def _address(user: User, channel: Channel) -> str | None:
    """Where the person is reached through `channel`; None when they cannot be."""
    if channel == Channel.BELL:
        return ""
    if channel == Channel.EMAIL:
        return user.email or None
    try:
        return normalise_mobile(user.phone)
    except ValidationError:
        return None

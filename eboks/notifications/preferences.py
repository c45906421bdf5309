"""What a person wants to be told, and through which channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from eboks.accounts.models import User
from eboks.notifications import registry
from eboks.notifications.models import Channel, DeliveryTimes, Preference
from eboks.notifications.registry import MessageKind


@dataclass(frozen=True, slots=True)
class Choice:
    """One channel of one kind in the settings. `is_fixed`: always on."""

    kind: MessageKind
    channel: Channel
    is_wanted: bool
    is_fixed: bool

    @property
    def name(self) -> str:
        return f"{self.kind.name}-{self.channel.value}"


def wanted_channels(*, kind: MessageKind, user: User) -> list[Channel]:
    """Channels through which `user` gets this kind. Those of a security kind cannot be refused."""
    return wanted_by_each(kind=kind, users=[user])[user.pk]


def wanted_by_each(*, kind: MessageKind, users: Collection[User]) -> dict[int, list[Channel]]:
    """The same for many people, by their id. One query."""
    chosen: dict[int, dict[str, bool]] = {user.pk: {} for user in users}
    for row in Preference.objects.filter(user__in=chosen, kind=kind.name):
        chosen[row.user_id][row.channel] = row.is_wanted
    return {
        user: [choice.channel for choice in _choices(kind, own) if choice.is_wanted]
        for user, own in chosen.items()
    }


def choices(*, user: User) -> list[tuple[MessageKind, list[Choice]]]:
    """Every kind that a person may see in the settings, with its channels."""
    chosen: dict[str, dict[str, bool]] = {}
    for row in Preference.objects.filter(user=user):
        chosen.setdefault(row.kind, {})[row.channel] = row.is_wanted
    return [
        (kind, list(_choices(kind, chosen.get(kind.name, {}))))
        for kind in registry.kinds()
        if kind.in_settings
    ]


@transaction.atomic
def save(
    *,
    user: User,
    wanted: Mapping[tuple[str, Channel], bool],
    quiet_from: dt.time | None,
    quiet_to: dt.time | None,
    digest_at: dt.time | None,
) -> None:
    """Keeps the choices of the settings page; fixed and unknown channels are passed over."""
    for kind, offered in choices(user=user):
        for choice in offered:
            value = wanted.get((kind.name, choice.channel))
            if value is None or choice.is_fixed:
                continue
            Preference.objects.update_or_create(
                user=user, kind=kind.name, channel=choice.channel, defaults={"is_wanted": value}
            )
    DeliveryTimes.objects.update_or_create(
        user=user,
        defaults={"quiet_from": quiet_from, "quiet_to": quiet_to, "digest_at": digest_at},
    )


def _choices(kind: MessageKind, chosen: Mapping[str, bool]) -> list[Choice]:
    found = []
    for channel in (*kind.channels, *kind.optional):
        default = channel in kind.channels
        fixed = kind.security and default
        wanted = fixed or chosen.get(channel.value, default)
        found.append(Choice(kind, channel, wanted, fixed))
    return found

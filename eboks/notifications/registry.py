"""Kinds of messages and sources of secrets; every app adds its own in `AppConfig.ready()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from eboks.notifications.models import Channel

SecretSource = Callable[[str, dt.datetime], Mapping[str, str] | None]


@dataclass(frozen=True, kw_only=True)
class MessageKind:
    """One kind of message. Texts lie in `templates/notifications/<name>_*.txt`:
    `_subject` and `_message` (e-mail, bell), `_sms`.

    A `security` kind cannot be switched off, ignores quiet hours and is never put into a digest.
    """

    name: str
    title: str | Promise  # in the settings of notifications
    channels: tuple[Channel, ...]  # sent through by default
    optional: tuple[Channel, ...] = ()  # offered in the settings besides
    security: bool = False
    keep_days: int = 365
    in_settings: bool = True  # False: nothing to choose, and nothing worth reading about


_kinds: dict[str, MessageKind] = {}
_sources: dict[str, SecretSource] = {}


def add_kind(kind: MessageKind) -> None:
    _kinds[kind.name] = kind


def kind(name: str) -> MessageKind:
    return _kinds[name]


def kinds() -> list[MessageKind]:
    return list(_kinds.values())


def add_secret_source(name: str, source: SecretSource) -> None:
    """`source(ref, at)` gives the variables that the template lacks (`code`, `link`), or None when
    the message has lost its sense (a used or outdated code): it is then cancelled.
    """
    _sources[name] = source


def secret_source(name: str) -> SecretSource:
    return _sources[name]

"""The seal of an entry: which key, over which bytes (REL-10). Pure; reads settings only."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import hashlib
import hmac
import ipaddress
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise

from eboks.audit.models import AuditEntry


def current_key() -> tuple[str, bytes]:
    """(key id, key) that new entries are sealed with: made of SECRET_KEY, of no use elsewhere."""
    return _key_of(settings.SECRET_KEY)


def known_keys() -> dict[str, bytes]:
    """Every key that an entry may be sealed with: today's, and those of before a rotation."""
    former = [*settings.SECRET_KEY_FALLBACKS, *settings.AUDIT_OLD_KEYS]
    return dict(_key_of(secret) for secret in [settings.SECRET_KEY, *former])


def _key_of(secret: str) -> tuple[str, bytes]:
    key = hashlib.sha256(b"eboks.audit.key:" + secret.encode()).digest()
    return hashlib.sha256(b"eboks.audit.key-id:" + key).hexdigest()[:16], key


def seal(entry: AuditEntry, *, chain_key: str, key: bytes) -> str:
    """HMAC-SHA256 over the previous hash and every other column, in one way of writing."""
    text = canonical(_columns(entry, chain_key))
    return hmac.new(key, f"{entry.previous_hash}\n{text}".encode(), hashlib.sha256).hexdigest()


def is_sealed(entry: AuditEntry, *, chain_key: str, key: bytes) -> bool:
    try:
        expected = seal(entry, chain_key=chain_key, key=key)
    except (TypeError, ValueError):  # edited into something that `record` never writes
        return False
    return constant_time_compare(entry.hash, expected)


def _columns(entry: AuditEntry, chain_key: str) -> dict[str, Any]:
    return {
        "chain": chain_key,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "event": entry.event,
        "result": entry.result,
        "actor": entry.actor_id,
        "actor_kind": str(entry.actor_kind),
        "company": entry.company_id,
        "subject": entry.subject_id,
        "object_kind": entry.object_kind,
        "object_ref": entry.object_ref,
        "facts": entry.facts,
        # PostgreSQL and Python write some IPv6 addresses differently.
        "ip": ipaddress.ip_address(entry.ip).exploded if entry.ip else None,
        "agent": entry.agent,
        "request_id": entry.request_id,
        "key_id": entry.key_id,
    }


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces. Raises TypeError for what JSON does not know."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def plain(value: Any) -> Any:
    """`value` as JSON that both databases give back unchanged: no floats, no odd signs in texts.

    Raises TypeError for anything that cannot be written so (a float most of all: it has no one
    way of writing).
    """
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | Promise):
        return clean(str(value))
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(part) for part in ordered]
    raise TypeError(f"{type(value).__name__} has no place in the facts of an entry")


def clean(text: str) -> str:
    """Without signs that PostgreSQL cannot keep: NUL and halves of a pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()

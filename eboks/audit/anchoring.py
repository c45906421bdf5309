"""Once a day the ends of all chains are written where the database's owner cannot take them back:
to the log, to a file that is written once, to the operator's mailbox (REL-11).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from eboks.audit.models import AuditAnchor, AuditChain
from eboks.audit.sealing import canonical
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to

log = structlog.get_logger("ebok.audit")


def drop_anchor(*, day: dt.date, at: dt.datetime) -> AuditAnchor:
    """The anchor of `day`, made now unless it is there; its file and its mail as well.

    Safe to run again: what a run that broke off has left undone is done by the next one.
    """
    anchor, made = _get_or_make(day, at)
    if made:
        log.info("audit_anchor", day=day.isoformat(), digest=anchor.digest, heads=anchor.heads)
    _keep(anchor)
    if settings.OPERATOR_EMAIL:
        send_to(
            kind="audit_anchor",
            channel=Channel.EMAIL,
            address=settings.OPERATOR_EMAIL,
            at=at,
            key=f"audit_anchor:{day}",
            facts={"day": day.isoformat(), "digest": anchor.digest, "chains": len(anchor.heads)},
        )
    return anchor


def anchors_directory() -> Path:
    return Path(settings.DATA_DIR) / "anchors"


def digest_of(day: str, heads: Mapping[str, Any]) -> str:
    """SHA-256 of an anchor: the operator's mail holds it, so no file can be rewritten later."""
    return hashlib.sha256(canonical({"day": day, "heads": heads}).encode()).hexdigest()


def _get_or_make(day: dt.date, at: dt.datetime) -> tuple[AuditAnchor, bool]:
    # One statement reads all heads at one moment; an entry and its head are one transaction.
    ends = AuditChain.objects.order_by("pk").values_list("key", "last_sequence", "last_hash")
    heads = {key: [sequence, digest] for key, sequence, digest in ends}
    digest = digest_of(day.isoformat(), heads)
    try:
        with transaction.atomic():
            made = AuditAnchor.objects.create(day=day, made_at=at, heads=heads, digest=digest)
    except IntegrityError:
        return AuditAnchor.objects.get(day=day), False
    return made, True


def _keep(anchor: AuditAnchor) -> None:
    """`anchors/<day>.json`, readable only, never written over."""
    directory = anchors_directory()
    directory.mkdir(mode=0o750, exist_ok=True)
    path = directory / f"{anchor.day}.json"
    if path.exists():
        return
    content = {
        "day": anchor.day.isoformat(),
        "made_at": anchor.made_at.isoformat(),
        "digest": anchor.digest,
        "heads": anchor.heads,
    }
    # Whole or not at all: written beside, then linked to its name, which fails if it is taken.
    draft = directory / f".{anchor.day}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as file:
        file.write(json.dumps(content, indent=1, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another run was quicker
    finally:
        draft.unlink()

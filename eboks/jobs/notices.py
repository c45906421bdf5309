"""What the operator is told by mail of the night (OPERATOR_EMAIL): each thing once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to


def register() -> None:
    add_operator_kind("night_failed", _("Praca nocna nie udała się"))


def add_operator_kind(name: str, title: Any) -> None:
    """A kind of mail that goes to the operator and to nobody else."""
    registry.add_kind(
        registry.MessageKind(
            name=name, title=title, channels=(Channel.EMAIL,), security=True, in_settings=False
        )
    )


def tell_operator(*, kind: str, key: str, facts: dict[str, Any], at: dt.datetime) -> None:
    """One mail for each `key`; none where the operator gave no address."""
    if settings.OPERATOR_EMAIL:
        send_to(
            kind=kind,
            channel=Channel.EMAIL,
            address=settings.OPERATOR_EMAIL,
            at=at,
            key=key,
            facts=facts,
        )


def tell_of_failure(
    *, title: str, name: str, on: dt.date, reason: str, is_aside: bool, at: dt.datetime
) -> None:
    """At the first failure of a duty of a day, and again when it is set aside."""
    stage = "aside" if is_aside else "failed"
    facts = {"title": title, "day": on.isoformat(), "reason": reason, "is_aside": is_aside}
    tell_operator(kind="night_failed", key=f"night_{stage}:{name}:{on}", facts=facts, at=at)

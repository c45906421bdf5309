"""What the gate tells people, and where its codes come from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.authorisation.sending import code_for_message
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_secret_source("operation_code", code_for_message)
    for kind in (
        MessageKind(
            name="operation_code",
            title=_("Kody do dyspozycji"),
            channels=(Channel.SMS,),
            security=True,
            in_settings=False,
        ),
        MessageKind(
            name="instruction_executed",
            title=_("Potwierdzenia dyspozycji"),
            channels=(Channel.EMAIL, Channel.BELL),
            security=True,
        ),
        MessageKind(
            name="instruction_awaits_second",
            title=_("Dyspozycje do podpisania przez drugą osobę"),
            channels=(Channel.EMAIL, Channel.BELL),
            optional=(Channel.SMS,),
        ),
        MessageKind(
            name="signing_blocked",
            title=_("Wstrzymane podpisywanie"),
            channels=(Channel.EMAIL, Channel.BELL),
            security=True,
        ),
    ):
        registry.add_kind(kind)

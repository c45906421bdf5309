from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "eboks.audit"
    label = "audit"
    verbose_name = _("Dziennik zdarzeń")

    def ready(self) -> None:
        # `receivers` connects itself
        from eboks.audit import exporting, receivers  # noqa: F401, PLC0415 -- needs the models
        from eboks.notifications import registry  # noqa: PLC0415 -- needs the models
        from eboks.notifications.models import Channel  # noqa: PLC0415

        registry.add_kind(
            registry.MessageKind(
                name="audit_anchor",
                title=_("Kotwica dziennika zdarzeń"),
                channels=(Channel.EMAIL,),
                security=True,
                in_settings=False,
            )
        )
        exporting.register()
        post_migrate.connect(_keep_guarded, sender=self, dispatch_uid="eboks.audit.triggers")


def _keep_guarded(*, using: str, **kwargs: Any) -> None:
    """SQLite loses the triggers of a table that a migration makes anew."""
    from eboks.audit import triggers  # noqa: PLC0415 -- needs the apps loaded

    triggers.guard(connections[using])

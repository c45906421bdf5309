"""What `manage.py check --deploy` says about log-in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 -- Django's name


@register(Tags.security, deploy=True)
def second_factor_is_on(**kwargs: Any) -> list[CheckMessage]:
    """Without it a stolen password opens the portal; longer passwords only help a little."""
    if settings.SECOND_FACTOR_ENABLED:
        return []
    return [
        Warning(
            "The second factor at log-in is switched off.",
            hint="Set SECOND_FACTOR=yes. Until then passwords need 15 characters.",
            id="accounts.W001",
        )
    ]

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "contracts"
    verbose_name = _("Umowy")

    def ready(self) -> None:
        from contracts import (  # noqa: PLC0415
            access_checks,
            archive_parts,
            contract_archive,
            feeds,
            fixings,
            list_export,
            rate_change_messages,
            rate_events,
        )
        from eboks.feeds.registry import registry  # noqa: PLC0415 -- apps are loaded only now

        feeds.register(registry)
        fixings.register(registry)
        rate_events.register()
        access_checks.register()
        rate_change_messages.register()
        list_export.register()
        contract_archive.register()
        archive_parts.register()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsuranceConfig(AppConfig):
    name = "insurance"
    verbose_name = _("Ubezpieczenia")

    def ready(self) -> None:
        from eboks.feeds.registry import registry  # noqa: PLC0415 -- apps are loaded only now
        from insurance import (  # noqa: PLC0415
            after_damage_panel,
            claim_export,
            claim_page,
            claim_panel,
            claim_retention,
            claim_telling,
            costs,
            feeds,
            gate,
            lapse_messages,
            list_exports,
            policy_messages,
            retention,
            vehicle_panel,
        )

        feeds.register(registry)
        costs.register()
        policy_messages.register()
        gate.register()
        retention.register()
        claim_telling.register()
        claim_retention.register()
        claim_export.register()
        claim_panel.register()
        lapse_messages.register()
        claim_page.register()
        after_damage_panel.register()
        list_exports.register()
        vehicle_panel.register()

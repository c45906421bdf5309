from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FleetConfig(AppConfig):
    name = "contracts.fleet"
    label = "fleet"
    verbose_name = _("Flota")

    def ready(self) -> None:
        from contracts.fleet import (  # noqa: PLC0415 -- apps are loaded only now
            cost_sources,
            feeds,
            list_export,
            mileage_entry,
            overview_export,
            panels,
            retention,
            supplier_admin,  # noqa: F401 -- registers its own
            supplier_imports,
        )
        from eboks.feeds.registry import registry  # noqa: PLC0415

        feeds.register(registry)
        cost_sources.register()
        overview_export.register()
        list_export.register()
        mileage_entry.register()
        panels.register()
        retention.register()
        supplier_imports.register()

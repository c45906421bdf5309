from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "contracts"
    verbose_name = _("Umowy")

    def ready(self) -> None:
        from contracts import feeds  # noqa: PLC0415
        from eboks.feeds.registry import registry  # noqa: PLC0415 -- apps are loaded only now

        feeds.register(registry)

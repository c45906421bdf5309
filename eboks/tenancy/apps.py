from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenancyConfig(AppConfig):
    name = "eboks.tenancy"
    label = "tenancy"
    verbose_name = _("Klienci i leasingodawca")

    def ready(self) -> None:
        from eboks.feeds.registry import registry  # noqa: PLC0415 -- apps are loaded only now
        from eboks.tenancy import feeds, messages, operations  # noqa: PLC0415

        feeds.register(registry)
        messages.register()
        operations.register()

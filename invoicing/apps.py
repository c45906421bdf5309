from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = _("Finanse")

    def ready(self) -> None:
        from eboks.feeds.registry import registry  # noqa: PLC0415 -- apps are loaded only now
        from invoicing import feeds  # noqa: PLC0415

        feeds.register(registry)

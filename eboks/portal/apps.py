from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "eboks.portal"
    label = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from eboks.portal import calendar_links  # noqa: PLC0415 -- models are loaded only now

        calendar_links.register()
        if settings.DEMO:
            from eboks.notifications import demo  # noqa: PLC0415 -- models are loaded only now
            from eboks.portal.demo.staff_code import staff_codes  # noqa: PLC0415

            demo.add_extra(staff_codes)

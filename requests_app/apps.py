from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsConfig(AppConfig):
    name = "requests_app"
    verbose_name = _("Wnioski")

    def ready(self) -> None:
        from requests_app import (  # noqa: PLC0415 -- apps are loaded only now
            gate,
            retention,
            telling,
            total_loss,
            vehicle_paper_views,
        )

        telling.register()
        gate.register()
        retention.register()
        vehicle_paper_views.register()
        total_loss.register()

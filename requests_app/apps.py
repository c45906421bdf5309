from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsConfig(AppConfig):
    name = "requests_app"
    verbose_name = _("Wnioski")

    def ready(self) -> None:
        from requests_app import gate, retention, telling  # noqa: PLC0415 -- apps are loaded only now

        telling.register()
        gate.register()
        retention.register()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "eboks.accounts"
    label = "accounts"
    verbose_name = _("Konta użytkowników")

    def ready(self) -> None:
        from eboks.accounts import visits  # noqa: F401, PLC0415 -- connects its receivers

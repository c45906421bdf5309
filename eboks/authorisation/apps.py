from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuthorisationConfig(AppConfig):
    name = "eboks.authorisation"
    label = "authorisation"
    verbose_name = _("Dyspozycje i kody SMS")

    def ready(self) -> None:
        from eboks.authorisation import messages  # noqa: PLC0415 -- models are loaded only now

        messages.register()

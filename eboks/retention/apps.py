from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "eboks.retention"
    verbose_name = _("Przechowywanie dokumentów")

    def ready(self) -> None:
        from eboks.retention import words  # noqa: PLC0415 -- apps are loaded only now

        words.register()

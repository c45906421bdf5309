from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "eboks.documents"
    label = "documents"
    verbose_name = _("Dokumenty")

    def ready(self) -> None:
        from eboks.documents import checks  # noqa: F401, PLC0415 -- registers itself

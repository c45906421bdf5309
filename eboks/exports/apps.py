from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "eboks.exports"
    verbose_name = _("Pliki do pobrania")

    def ready(self) -> None:
        from eboks.documents.services import add_owner  # noqa: PLC0415 -- models exist only now
        from eboks.exports import messages  # noqa: PLC0415
        from eboks.exports.models import ExportFile  # noqa: PLC0415

        messages.register()
        add_owner(lambda name: ExportFile.objects.filter(storage_name=name).exists())

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "eboks.jobs"
    verbose_name = _("Prace w tle")

    def ready(self) -> None:
        from eboks.audit.events import Group, add_event  # noqa: PLC0415 -- needs the models
        from eboks.jobs import notices  # noqa: PLC0415

        notices.register()
        add_event(
            "staff_retried_job",
            _("polecił(a) powtórzyć odłożoną pracę: %(object)s"),
            group=Group.STAFF,
        )

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "eboks.notifications"
    label = "notifications"
    verbose_name = _("Wiadomości")

    def ready(self) -> None:
        from eboks.audit.events import Group, add_event  # noqa: PLC0415 -- see below
        from eboks.notifications import digests  # noqa: PLC0415 -- models are loaded only now

        digests.register()
        add_event(
            "message_sent_again",
            _("wysłał(a) ponownie wiadomość do osoby: %(subject)s"),
            group=Group.STAFF,
        )

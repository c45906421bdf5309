from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    name = "eboks.onboarding"
    label = "onboarding"
    verbose_name = _("Dostęp do portalu")

    def ready(self) -> None:
        from eboks.documents.services import add_owner  # noqa: PLC0415 -- models are loaded only now
        from eboks.feeds.registry import registry  # noqa: PLC0415
        from eboks.onboarding import cleaning, events, known_people, messages  # noqa: PLC0415

        events.register()
        messages.register()
        add_owner(cleaning.is_scan)
        registry.add_follower("onboarding", known_people.start)

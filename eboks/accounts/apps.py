from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "eboks.accounts"
    label = "accounts"
    verbose_name = _("Konta użytkowników")

    def ready(self) -> None:
        from eboks.accounts import (  # noqa: PLC0415 -- connect their receivers
            checks,  # noqa: F401
            factors,  # noqa: F401
            operations,
            password_mails,
            second_factor,
            security_notices,
            staff,
            staff_factor,  # noqa: F401
            visits,  # noqa: F401
        )

        # The back office is the last of our apps to get its tables.
        back_office = apps.get_app_config("admin")
        post_migrate.connect(staff.refresh_rights, sender=back_office, dispatch_uid="staff_rights")
        password_mails.register()
        security_notices.register()
        second_factor.register()
        operations.register()

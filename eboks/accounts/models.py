"""People who log in. What they may do for a company sits on `tenancy.Membership`."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """One person. `username` is the client ID that the lessor gave for logging in."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(_("identyfikator klienta"), max_length=64, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telefon komórkowy"), max_length=20, blank=True)
    language = models.CharField(_("język"), max_length=2, choices=settings.LANGUAGES, default="pl")
    last_visit_at = models.DateTimeField(_("ostatnia wizyta"), null=True, blank=True)
    previous_visit_at = models.DateTimeField(_("poprzednia wizyta"), null=True, blank=True)
    # Sessions begun before this moment are dead, also when the person is switched on again.
    sessions_valid_from = models.DateTimeField(_("sesje ważne od"), null=True, blank=True)

    class Meta(AbstractUser.Meta):
        verbose_name: ClassVar[Any] = _("użytkownik")
        verbose_name_plural: ClassVar[Any] = _("użytkownicy")
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", condition=~Q(email="")
            ),
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    # The same letters typed on two keyboards may come as different code points (ż, or z with a
    # dot above it): one form is kept and compared (NIST SP 800-63B: NFKC).
    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and unicodedata.normalize("NFKC", raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(raw_password and unicodedata.normalize("NFKC", raw_password))

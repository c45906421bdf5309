"""People who log in. What they may do for a company sits on `tenancy.Membership`."""

from __future__ import annotations

import uuid

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

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", condition=~Q(email="")
            ),
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

"""What the portal itself keeps: secret links to a person's calendar."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership


class CalendarLinkQuerySet(CompanyScopedQuerySet["CalendarLink"]):
    """Links belong to a person: nobody else of the company sees them."""

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        mine = Membership.objects.active().filter(user=user.pk).values("company")
        return self.filter(Q(company=None) | Q(company__in=mine), user=user.pk)

    def for_member(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.for_user(user)


class CalendarLink(models.Model):
    """Whoever has the address reads the person's calendar, until it is revoked.

    Only a digest of the secret is kept. Without a company: of all that the person acts for.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("osoba"),
        on_delete=models.PROTECT,
        related_name="calendar_links",
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("klient"),
        on_delete=models.PROTECT,
        related_name="calendar_links",
        null=True,
        blank=True,
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    form_key = models.UUIDField(editable=False)
    created_at = models.DateTimeField(_("utworzono"))
    revoked_at = models.DateTimeField(_("cofnięto"), null=True, blank=True)
    last_read_at = models.DateTimeField(_("ostatnio czytany"), null=True, blank=True)

    objects = CalendarLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link do kalendarza")
        verbose_name_plural = _("linki do kalendarza")
        constraints = [
            models.UniqueConstraint(fields=["user", "form_key"], name="calendarlink_form_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d}"

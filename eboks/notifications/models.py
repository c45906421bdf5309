"""Messages to people. Each is a row before anything is sent, and says what became of it.

A secret (a code, a link's key) is never in the row: it names where the secret comes from, and the
task that sends the message asks for it (`registry.secret_source`).
"""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS")
    BELL = "bell", _("powiadomienie w portalu")


class MessageState(models.TextChoices):
    PENDING = "pending", _("czeka na wysłanie")
    SENDING = "sending", _("w trakcie wysyłania")
    SENT = "sent", _("wysłana")
    FAILED = "failed", _("nie udało się wysłać")
    UNKNOWN = "unknown", _("nie wiadomo, czy wysłana")
    CANCELLED = "cancelled", _("już niepotrzebna")


class OutgoingMessageQuerySet(CompanyScopedQuerySet["OutgoingMessage"]):
    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The person's own messages, whatever their companies."""
        return self.filter(user=user.pk)


class OutgoingMessage(models.Model):
    """One message through one channel to one address. `key` makes it exist once (REL-08)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(_("klucz"), max_length=120, unique=True)
    kind = models.CharField(_("rodzaj"), max_length=40)
    channel = models.CharField(_("kanał"), max_length=8, choices=Channel)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("odbiorca"),
        on_delete=models.PROTECT,
        related_name="messages",
        null=True,
        blank=True,
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    address = models.CharField(_("adres"), max_length=254, blank=True)
    language = models.CharField(_("język"), max_length=2, default="pl")
    facts = models.JSONField(_("dane do treści"), default=dict)
    secret_source = models.CharField(_("źródło sekretu"), max_length=40, blank=True)
    secret_ref = models.CharField(_("sekret dotyczy"), max_length=64, blank=True)
    subject = models.CharField(_("temat"), max_length=200, blank=True)
    body = models.TextField(_("treść bez sekretów"), blank=True)
    url = models.CharField(_("adres w portalu"), max_length=200, blank=True)
    is_security = models.BooleanField(_("dotyczy bezpieczeństwa"), default=False)
    in_digest = models.BooleanField(_("wysyłana zbiorczo"), default=False)

    state = models.CharField(
        _("stan"), max_length=10, choices=MessageState, default=MessageState.PENDING
    )
    created_at = models.DateTimeField(_("utworzono"))
    send_after = models.DateTimeField(_("wysłać po"))
    claimed_at = models.DateTimeField(_("podjęta"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("próby"), default=0)
    sent_at = models.DateTimeField(_("wysłano"), null=True, blank=True)
    provider_id = models.CharField(_("numer u operatora"), max_length=80, blank=True)
    provider_answer = models.CharField(_("odpowiedź operatora"), max_length=200, blank=True)
    read_at = models.DateTimeField(_("przeczytano"), null=True, blank=True)
    purge_after = models.DateField(_("usunąć po"))

    objects = OutgoingMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("wiadomość")
        verbose_name_plural = _("wiadomości")
        indexes = [
            models.Index(
                fields=["state", "send_after"],
                name="message_waiting",
                condition=Q(state__in=["pending", "sending", "unknown"]),
            ),
            models.Index(fields=["user", "channel", "-created_at"], name="message_of_user"),
            models.Index(fields=["purge_after"], name="message_purge_after"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_channel_display()})"

    @property
    def is_sms(self) -> bool:
        return self.channel == Channel.SMS


class Preference(models.Model):
    """Whether a person wants a kind of message through a channel. Absent: the kind's default."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_preferences"
    )
    kind = models.CharField(_("rodzaj"), max_length=40)
    channel = models.CharField(_("kanał"), max_length=8, choices=Channel)
    is_wanted = models.BooleanField(_("wysyłać"))

    class Meta:
        verbose_name = _("ustawienie powiadomień")
        verbose_name_plural = _("ustawienia powiadomień")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_channel_display()})"


class DeliveryTimes(models.Model):
    """When a person may be disturbed. Security messages do not wait."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delivery_times"
    )
    quiet_from = models.TimeField(_("cisza od"), null=True, blank=True)
    quiet_to = models.TimeField(_("cisza do"), null=True, blank=True)
    digest_at = models.TimeField(_("zbiorczo o godzinie"), null=True, blank=True)

    class Meta:
        verbose_name = _("pory powiadomień")
        verbose_name_plural = _("pory powiadomień")

    def __str__(self) -> str:
        return str(self.user)

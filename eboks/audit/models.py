"""What happened, who did it and to whose data: written once, chained by hashes, never changed.

One chain per company and one for the portal itself (`portal`), so that companies do not wait for
each other. Rows are made only by `audit.services.record`; the database refuses UPDATE and DELETE.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right


class ActorKind(models.TextChoices):
    CLIENT = "client", _("klient")
    STAFF = "staff", _("pracownik leasingodawcy")
    SYSTEM = "system", _("portal")


class AuditChain(models.Model):
    """The end of one chain. The row is locked while an entry is added."""

    key = models.CharField(_("łańcuch"), max_length=40, unique=True)
    last_sequence = models.PositiveBigIntegerField(_("ostatni numer"), default=0)
    last_hash = models.CharField(_("ostatni skrót"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("łańcuch dziennika")
        verbose_name_plural = _("łańcuchy dziennika")

    def __str__(self) -> str:
        return self.key


class AuditEntryQuerySet(CompanyScopedQuerySet["AuditEntry"]):
    right = Right.VIEW_ACTIVITY


class AuditEntry(models.Model):
    """One event. `hash` covers every other column and the previous entry's hash (REL-10)."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="entries")
    sequence = models.PositiveBigIntegerField(_("numer w łańcuchu"))
    at = models.DateTimeField(_("kiedy"))
    event = models.CharField(_("zdarzenie"), max_length=40)
    result = models.CharField(_("wynik"), max_length=12)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    actor_kind = models.CharField(_("rola"), max_length=8, choices=ActorKind)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="audit_entries", null=True, blank=True
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kogo dotyczy"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    object_kind = models.CharField(_("rodzaj obiektu"), max_length=40, blank=True)
    object_ref = models.CharField(_("obiekt"), max_length=80, blank=True)
    facts = models.JSONField(_("szczegóły"), default=dict)
    ip = models.GenericIPAddressField(_("adres IP"), null=True, blank=True)
    agent = models.CharField(_("przeglądarka"), max_length=200, blank=True)
    request_id = models.CharField(_("żądanie"), max_length=32, blank=True)
    key_id = models.CharField(_("klucz"), max_length=16)
    previous_hash = models.CharField(_("skrót poprzedniego"), max_length=64, blank=True)
    hash = models.CharField(_("skrót"), max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("wpis dziennika")
        verbose_name_plural = _("wpisy dziennika")
        constraints = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="auditentry_place_once")
        ]
        indexes = [
            models.Index(fields=["company", "-at"], name="auditentry_company_at"),
            models.Index(fields=["actor", "-at"], name="auditentry_actor_at"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M}"


class AuditAnchor(models.Model):
    """The heads of all chains on one day, so that a cut tail shows (REL-11)."""

    day = models.DateField(_("dzień"), unique=True)
    made_at = models.DateTimeField(_("utworzono"))
    heads = models.JSONField(_("końce łańcuchów"))  # {chain key: [last sequence, last hash]}
    digest = models.CharField(_("skrót"), max_length=64)

    class Meta:
        verbose_name = _("kotwica dziennika")
        verbose_name_plural = _("kotwice dziennika")

    def __str__(self) -> str:
        return f"{self.day}"

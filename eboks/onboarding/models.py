"""How a person gets in: an application for access, and the invitation that activates an account."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eboks.codes import new_seed
from eboks.tenancy.identifiers import validate_nip


class ApplicationState(models.TextChoices):
    SUBMITTED = "submitted", _("do sprawdzenia")
    NEEDS_MORE = "needs_more", _("czeka na uzupełnienie")
    PROPOSED = "proposed", _("czeka na drugą osobę")
    ACCEPTED = "accepted", _("przyjęty")
    REFUSED = "refused", _("odrzucony")


class ApplicationSource(models.TextChoices):
    SCREEN = "screen", _("formularz w portalu")
    UPLOAD = "upload", _("podpisany skan z portalu")
    EMAIL = "email", _("e-mail")
    BRANCH = "branch", _("oddział")


class AccessApplication(models.Model):
    """„Wniosek o nadanie dostępu do Portalu Klienta”. State changes only in `applications`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Of the form that it came from: a form sent twice makes one application.
    form_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Of the link by which the applicant adds what is missing, see `eboks.codes`.
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    number = models.CharField(_("numer"), max_length=20, unique=True, editable=False)
    state = models.CharField(
        _("stan"), max_length=12, choices=ApplicationState, default=ApplicationState.SUBMITTED
    )
    source = models.CharField(
        _("sposób złożenia"),
        max_length=8,
        choices=ApplicationSource,
        default=ApplicationSource.SCREEN,
    )
    nip = models.CharField("NIP", max_length=10, validators=[validate_nip])
    client_id = models.CharField(_("identyfikator klienta"), max_length=20, blank=True)
    company_name = models.CharField(_("nazwa firmy"), max_length=200, blank=True)
    first_name = models.CharField(_("imię"), max_length=150)
    last_name = models.CharField(_("nazwisko"), max_length=150)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("telefon komórkowy"), max_length=16)
    language = models.CharField(_("język"), max_length=2, default="pl")
    scan_name = models.CharField(_("skan w magazynie"), max_length=120, blank=True, editable=False)
    scan_file_name = models.CharField(_("nazwa skanu"), max_length=150, blank=True, editable=False)
    scan_type = models.CharField(_("rodzaj skanu"), max_length=40, blank=True, editable=False)
    scan_sha256 = models.CharField(_("suma skanu"), max_length=64, blank=True, editable=False)
    note = models.TextField(_("wyjaśnienie wnioskodawcy"), blank=True)
    representation = models.TextField(_("kto reprezentuje firmę i kto podpisał"), blank=True)
    submitted_at = models.DateTimeField(_("złożony"))
    changed_at = models.DateTimeField(_("ostatnia zmiana"))
    decided_at = models.DateTimeField(_("rozpatrzony"), null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sprawdził"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("rozpatrzył"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    company_ref = models.UUIDField(_("klient, któremu nadano dostęp"), null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("osoba, której nadano dostęp"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    reason = models.TextField(_("powód lub czego brakuje"), blank=True)

    class Meta:
        verbose_name = _("wniosek o dostęp")
        verbose_name_plural = _("wnioski o dostęp")
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="application_queue"),
            models.Index(fields=["nip"], name="application_nip"),
        ]
        constraints = [
            models.CheckConstraint(
                name="application_two_people",
                condition=Q(decided_by__isnull=True)
                | Q(proposed_by__isnull=True)
                | ~Q(decided_by=models.F("proposed_by")),
            )
        ]

    def __str__(self) -> str:
        return self.number


class Invitation(models.Model):
    """A link by e-mail and a one-time password by SMS: together they let a person set a password.

    Neither works alone (SEC-13). Only seeds are stored, see `eboks.codes`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations"
    )
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    # Where link and password go. An invitation dies when the person's own data have changed since.
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("telefon komórkowy"), max_length=16)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zaprosił"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField(_("utworzono"))
    valid_until = models.DateTimeField(_("ważne do"))
    password_seed = models.CharField(max_length=32, blank=True, editable=False)
    password_sent_at = models.DateTimeField(_("wysłano hasło SMS"), null=True, blank=True)
    password_count = models.PositiveSmallIntegerField(_("ile haseł SMS"), default=0)
    tries_left = models.PositiveSmallIntegerField(_("pozostałe próby"), default=0)
    used_at = models.DateTimeField(_("użyte"), null=True, blank=True)
    voided_at = models.DateTimeField(_("unieważnione"), null=True, blank=True)

    class Meta:
        verbose_name = _("zaproszenie")
        verbose_name_plural = _("zaproszenia")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                name="invitation_one_live",
                condition=Q(used_at__isnull=True, voided_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

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

from eboks.codes import new_seed


class User(AbstractUser):  # type: ignore[django-manager-missing] # of django-otp, untyped
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
    # From here on e-mail and phone are the person's own business: a feed no longer changes them.
    activated_at = models.DateTimeField(_("konto aktywne od"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("zablokowane przez właściciela"), null=True, blank=True)

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


class TrustedBrowser(models.Model):
    """A browser in which a person needs no second factor for a while (30 days)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trusted_browsers")
    browser = models.CharField(_("skrót przeglądarki"), max_length=64, editable=False)
    agent = models.CharField(_("przeglądarka"), max_length=200, blank=True)
    ip = models.GenericIPAddressField(_("adres IP"), null=True, blank=True)
    created_at = models.DateTimeField(_("zapamiętana"))
    valid_until = models.DateTimeField(_("ważna do"))
    revoked_at = models.DateTimeField(_("zapomniana"), null=True, blank=True)

    class Meta:
        verbose_name = _("zaufana przeglądarka")
        verbose_name_plural = _("zaufane przeglądarki")
        indexes = [models.Index(fields=["user", "browser"], name="trustedbrowser_of_user")]

    def __str__(self) -> str:
        return self.agent or "–"


class FreezeLink(models.Model):
    """„To nie ja”: a link in a security notice that freezes the account, once, without log-in."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="freeze_links")
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    event = models.CharField(_("po zdarzeniu"), max_length=40)
    created_at = models.DateTimeField(_("utworzono"))
    valid_until = models.DateTimeField(_("ważny do"))
    used_at = models.DateTimeField(_("użyty"), null=True, blank=True)

    class Meta:
        verbose_name = _("link blokady")
        verbose_name_plural = _("linki blokady")

    def __str__(self) -> str:
        return self.event


class EmailChange(models.Model):
    """A new address that a person has signed for, until whoever reads its mail confirms it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_changes")
    old_email = models.EmailField(_("dotychczasowy e-mail"), blank=True)
    new_email = models.EmailField(_("nowy e-mail"))
    reference = models.CharField(_("numer dyspozycji"), max_length=20)
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    created_at = models.DateTimeField(_("podpisano"))
    valid_until = models.DateTimeField(_("link ważny do"))
    used_at = models.DateTimeField(_("potwierdzono"), null=True, blank=True)
    voided_at = models.DateTimeField(_("unieważniono"), null=True, blank=True)

    class Meta:
        verbose_name = _("zmiana adresu e-mail")
        verbose_name_plural = _("zmiany adresów e-mail")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                name="emailchange_one_open",
                condition=Q(used_at__isnull=True, voided_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.reference


class ProposalKind(models.TextChoices):
    PHONE_RESET = "phone_reset", _("nowy telefon osoby, która straciła swój")
    MEMBERSHIP = "membership", _("nadanie albo zmiana uprawnień")


class ProposalState(models.TextChoices):
    OPEN = "open", _("czeka na drugą osobę")
    APPROVED = "approved", _("zatwierdzona")
    REFUSED = "refused", _("odrzucona")


class StaffProposal(models.Model):
    """Something that one member of the staff asks for and another approves (SEC-16, 46)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("czego dotyczy"), max_length=16, choices=ProposalKind)
    user = models.ForeignKey(
        User, verbose_name=_("osoba"), on_delete=models.PROTECT, related_name="proposals"
    )
    payload = models.JSONField(_("dane"), default=dict)
    reason = models.TextField(_("uzasadnienie i sposób sprawdzenia tożsamości"))
    state = models.CharField(
        _("stan"), max_length=10, choices=ProposalState, default=ProposalState.OPEN
    )
    proposed_by = models.ForeignKey(
        User, verbose_name=_("zgłosił"), on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("zgłoszono"))
    decided_by = models.ForeignKey(
        User,
        verbose_name=_("zdecydował"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    decided_at = models.DateTimeField(_("zdecydowano"), null=True, blank=True)

    class Meta:
        verbose_name = _("sprawa na dwie osoby")
        verbose_name_plural = _("sprawy na dwie osoby")
        constraints = [
            models.CheckConstraint(
                name="staffproposal_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("proposed_by")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.user}"

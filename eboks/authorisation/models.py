"""Instructions and the codes that sign them. Written by `services`; evidence is append-only."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import CooldownMixin, Device, ThrottlingMixin, TimestampMixin

from eboks import codes
from eboks.authorisation.enums import CodeState, InstructionState, Slot, Step
from eboks.codes import new_seed
from eboks.fields import MoneyField
from eboks.notifications.models import OutgoingMessage
from eboks.phones import masked
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right


class SmsDevice(TimestampMixin, CooldownMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """The mobile number of a person, as django-otp sees it: one per person.

    It delivers codes; what a code is worth stands elsewhere: `OperationAuthorisation` for one
    operation, `challenge_*` here for one log-in (SEC-42). Cool-down: a new code at most every
    `settings.SMS_RESEND_SECONDS`; throttling: after n wrong codes 2^(n-1) seconds of waiting.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sms_devices"
    )
    number = models.CharField(_("numer"), max_length=16)
    previous_number = models.CharField(_("poprzedni numer"), max_length=16, blank=True)
    changed_at = models.DateTimeField(_("zmieniono numer"), null=True, blank=True)
    challenge_ref = models.UUIDField(null=True, blank=True, editable=False)
    challenge_seed = models.CharField(max_length=32, blank=True, editable=False)
    challenge_until = models.DateTimeField(null=True, blank=True, editable=False)
    challenge_tries = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("telefon do kodów")
        verbose_name_plural = _("telefony do kodów")
        constraints = [models.UniqueConstraint(fields=["user"], name="smsdevice_one_per_person")]

    def __str__(self) -> str:
        return masked(self.number)

    def number_for(self, *, costly: bool, at: dt.datetime) -> str:
        """Where a code goes: for 48 h after a change, costly operations still ask the old number
        (SEC-40)."""
        cooling = dt.timedelta(seconds=settings.PHONE_COOLING_SECONDS)
        fresh = self.changed_at is not None and at < self.changed_at + cooling
        return self.previous_number if costly and fresh and self.previous_number else self.number

    def generate_challenge(self) -> str:
        """A new log-in code; returns its reference, under which the code is made for the SMS.

        An earlier one is void from now on. django-otp's cool-down is asked by the caller.
        """
        self.challenge_ref = uuid.uuid4()
        self.challenge_seed = new_seed()
        seconds = dt.timedelta(seconds=settings.SMS_CODE_SECONDS)
        self.challenge_until = timezone.now() + seconds
        self.challenge_tries = settings.SMS_CODE_TRIES
        self.cooldown_set(commit=False)
        self.save()
        return str(self.challenge_ref)

    def challenge_code(self) -> str:
        """The log-in code in force, made anew each time and stored nowhere."""
        return codes.digits(purpose="login", ref=str(self.challenge_ref), seed=self.challenge_seed)

    def verify_token(self, token: str) -> bool:
        """Whether `token` is the log-in code in force; uses it up, or one of its three tries.

        One conditional update decides, so that of parallel right codes one is taken (SEC-35).
        """
        now = timezone.now()
        if self.challenge_ref is None or not self.verify_is_allowed()[0]:
            return False
        live = SmsDevice.objects.filter(
            pk=self.pk,
            challenge_ref=self.challenge_ref,
            challenge_tries__gt=0,
            challenge_until__gt=now,
        )
        if codes.is_same(token, self.challenge_code()):
            won = live.update(
                challenge_tries=0,
                last_used_at=now,
                last_generated_timestamp=None,
                throttling_failure_count=0,
                throttling_failure_timestamp=None,
            )
            return bool(won == 1)
        if live.update(challenge_tries=F("challenge_tries") - 1):
            SmsDevice.objects.filter(pk=self.pk).update(
                throttling_failure_count=F("throttling_failure_count") + 1,
                throttling_failure_timestamp=now,
            )
        return False

    def get_cooldown_duration(self) -> int:
        return int(settings.SMS_RESEND_SECONDS)

    def get_throttle_factor(self) -> int:
        return int(settings.SMS_THROTTLE_SECONDS)


class InstructionQuerySet(CompanyScopedQuerySet["Instruction"]):
    right = Right.SIGN

    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The person's own, and those of companies where they may sign."""
        companies = super().for_user(user).values("pk")
        return self.filter(Q(user=user.pk) | Q(pk__in=companies))


class Instruction(models.Model):
    """A stored operation of one person: what was shown, what it costs, what became of it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("numer"), max_length=20, unique=True, editable=False)
    operation = models.CharField(_("rodzaj"), max_length=40)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto"),
        on_delete=models.PROTECT,
        related_name="instructions",
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="instructions", null=True, blank=True
    )
    payload = models.JSONField(_("dane"), default=dict)
    digest = models.CharField(_("skrót tego, co pokazano"), max_length=64)
    title = models.CharField(_("tytuł"), max_length=120)
    lines = models.JSONField(_("podsumowanie"), default=list)  # [{"label", "value"}]
    sms_text = models.CharField(_("opis w SMS-ie"), max_length=100)
    fee_net = MoneyField(_("opłata netto"), default=0)
    fee_vat = MoneyField(_("VAT"), default=0)
    fee_gross = MoneyField(_("opłata brutto"), default=0)
    price_version = models.CharField(_("wersja tabeli opłat"), max_length=40, blank=True)
    basis = models.CharField(_("skrót stanu, na którym polega"), max_length=64)
    language = models.CharField(_("język"), max_length=2, default="pl")
    form_key = models.UUIDField(_("klucz formularza"))
    session = models.CharField(_("skrót sesji"), max_length=64)
    state = models.CharField(
        _("stan"), max_length=16, choices=InstructionState, default=InstructionState.READY
    )
    needs_second = models.BooleanField(_("potrzebna druga osoba"), default=False)
    created_at = models.DateTimeField(_("utworzono"))
    expires_at = models.DateTimeField(_("do podpisania do"))
    signed_at = models.DateTimeField(_("podpisano"), null=True, blank=True)
    second_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("druga osoba"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    ended_at = models.DateTimeField(_("zakończono"), null=True, blank=True)
    outcome_text = models.CharField(_("wynik słowami"), max_length=250, blank=True)
    result = models.JSONField(_("wynik"), default=dict)

    objects = InstructionQuerySet.as_manager()

    class Meta:
        verbose_name = _("dyspozycja")
        verbose_name_plural = _("dyspozycje")
        constraints = [
            models.UniqueConstraint(fields=["user", "form_key"], name="instruction_form_once"),
            models.CheckConstraint(
                name="instruction_fee_not_negative", condition=Q(fee_gross__gte=0)
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="instruction_of_user"),
            models.Index(fields=["company", "-created_at"], name="instruction_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class _EvidenceQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "instruction__company"
    right = Right.SIGN


class OperationAuthorisation(models.Model):
    """One code for one instruction, one person, one session and one digest of what was shown."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    instruction = models.ForeignKey(
        Instruction, on_delete=models.PROTECT, related_name="authorisations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("kto"), on_delete=models.PROTECT, related_name="+"
    )
    slot = models.CharField(_("co potwierdza"), max_length=12, choices=Slot, default=Slot.OWN)
    ordinal = models.PositiveSmallIntegerField(_("kod numer"))
    phone = models.CharField(_("numer telefonu"), max_length=16)
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    session = models.CharField(_("skrót sesji"), max_length=64)
    digest = models.CharField(_("skrót tego, co pokazano"), max_length=64)
    created_at = models.DateTimeField(_("utworzono"))
    valid_until = models.DateTimeField(_("ważny do"))
    tries_left = models.PositiveSmallIntegerField(_("pozostałe próby"))
    state = models.CharField(_("stan"), max_length=10, choices=CodeState, default=CodeState.LIVE)
    ended_at = models.DateTimeField(_("zakończono"), null=True, blank=True)
    message = models.ForeignKey(
        OutgoingMessage, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    objects = _EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("kod do dyspozycji")
        verbose_name_plural = _("kody do dyspozycji")
        constraints = [
            models.UniqueConstraint(
                fields=["instruction", "slot"],
                name="authorisation_one_live_code",
                condition=Q(state="live"),
            ),
            models.UniqueConstraint(
                fields=["instruction", "slot", "ordinal"], name="authorisation_ordinal_once"
            ),
        ]
        indexes = [models.Index(fields=["phone", "created_at"], name="authorisation_of_phone")]

    def __str__(self) -> str:
        return f"{self.instruction_id}: {self.ordinal}"

    def code(self) -> str:
        """The code itself: made anew each time, stored nowhere."""
        return codes.digits(purpose="operation", ref=str(self.public_id), seed=self.seed)


class InstructionStep(models.Model):
    """Evidence: one thing that happened to an instruction (SEC-44). Never changed."""

    instruction = models.ForeignKey(Instruction, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField(_("kiedy"))
    step = models.CharField(_("co się stało"), max_length=14, choices=Step)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("kto"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    facts = models.JSONField(_("szczegóły"), default=dict)
    ip = models.GenericIPAddressField(_("adres IP"), null=True, blank=True)
    agent = models.CharField(_("przeglądarka"), max_length=200, blank=True)
    session = models.CharField(_("skrót sesji"), max_length=64, blank=True)

    objects = _EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("krok dyspozycji")
        verbose_name_plural = _("kroki dyspozycji")
        indexes = [models.Index(fields=["user", "step", "at"], name="step_of_user")]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.at:%Y-%m-%d %H:%M}"

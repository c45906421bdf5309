"""Work that must happen once, whoever starts it: a row a run, with a lease and a fencing token."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

BALANCES_JOB = "balances"  # a run that is done makes the balances of its day visible


class JobState(models.TextChoices):
    RUNNING = "running", _("trwa")
    DONE = "done", _("zakończona")
    FAILED = "failed", _("nie udała się")


class JobRun(models.Model):
    """One run of a job for a business date (and a shard of it). REL-07.

    Whoever holds the row may work until `lease_until`; `token` grows with each holder, so that one
    who slept through the end of the lease cannot write any more (`leases.Lease.hold`).
    """

    job = models.CharField(_("praca"), max_length=40)
    business_on = models.DateField(_("za dzień"))
    shard = models.CharField(_("część"), max_length=40, default="", blank=True)
    state = models.CharField(_("stan"), max_length=8, choices=JobState)
    token = models.PositiveIntegerField(_("numer wykonawcy"), default=1)
    lease_until = models.DateTimeField(_("rezerwacja do"))
    attempts = models.PositiveSmallIntegerField(_("próby"), default=1)
    stalled = models.PositiveSmallIntegerField(_("próby od ostatniego postępu"), default=0)
    done = models.PositiveIntegerField(_("zrobiono"), default=0)
    total = models.PositiveIntegerField(_("z ilu"), default=0)
    position = models.CharField(_("miejsce wznowienia"), max_length=120, blank=True)
    report = models.JSONField(_("wynik"), default=dict, blank=True)
    error = models.TextField(_("błąd"), blank=True)
    started_at = models.DateTimeField(_("początek"))
    beat_at = models.DateTimeField(_("ostatni znak życia"))
    finished_at = models.DateTimeField(_("koniec"), null=True, blank=True)

    class Meta:
        verbose_name = _("praca w tle")
        verbose_name_plural = _("prace w tle")
        constraints = [
            models.UniqueConstraint(fields=["job", "business_on", "shard"], name="jobrun_once")
        ]
        indexes = [
            models.Index(
                fields=["lease_until"], name="jobrun_running", condition=Q(state="running")
            )
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.business_on} {self.shard}".strip()


class JobFailure(models.Model):
    """A thing that a job could not do, set aside after some tries so that the rest goes on."""

    job = models.CharField(_("praca"), max_length=40)
    object_ref = models.CharField(_("czego dotyczy"), max_length=120)
    reason = models.TextField(_("powód"))
    tries = models.PositiveSmallIntegerField(_("próby"), default=1)
    first_at = models.DateTimeField(_("pierwszy raz"))
    last_at = models.DateTimeField(_("ostatni raz"))
    is_set_aside = models.BooleanField(_("odłożona"), default=False)

    class Meta:
        verbose_name = _("nieudana część pracy")
        verbose_name_plural = _("nieudane części prac")
        constraints = [
            models.UniqueConstraint(fields=["job", "object_ref"], name="jobfailure_once")
        ]

    def __str__(self) -> str:
        return f"{self.job}: {self.object_ref}"

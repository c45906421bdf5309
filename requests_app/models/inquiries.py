"""Letters of authorities that ask who used a vehicle at a moment."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from requests_app.models.requests import Request, RequestPartQuerySet


class AuthorityInquiry(models.Model):
    """A letter about one vehicle and one moment, with the request by which the lessee answers.

    `asset` and `contract` are for the back office: by now they may be another client's. Whom the
    client names stands in the request, and there only the name once the answer is made.
    """

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="inquiry")
    authority = models.CharField(_("organ"), max_length=160)
    letter_no = models.CharField(_("numer pisma"), max_length=60)
    received_on = models.DateField(_("wpłynęło"))
    deadline = models.DateField(_("termin odpowiedzi"))
    offence_at = models.DateTimeField(_("chwila zdarzenia"))
    plate = models.CharField(_("numer pojazdu z pisma"), max_length=20)
    asset = models.ForeignKey(
        Asset, verbose_name=_("przedmiot"), on_delete=models.PROTECT, related_name="inquiries"
    )
    contract = models.ForeignKey(
        Contract, verbose_name=_("umowa"), on_delete=models.PROTECT, related_name="inquiries"
    )
    answered_at = models.DateTimeField(_("odpowiedź klienta"), null=True, blank=True)

    objects = RequestPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("pismo organu")
        verbose_name_plural = _("pisma organów")
        constraints = [
            models.UniqueConstraint(
                Lower("authority"), Lower("letter_no"), name="authorityinquiry_letter_once"
            ),
            models.CheckConstraint(
                name="authorityinquiry_days_in_order", condition=Q(deadline__gte=F("received_on"))
            ),
        ]
        indexes = [models.Index(fields=["deadline"], name="authorityinquiry_deadline")]

    def __str__(self) -> str:
        return f"{self.authority}, {self.letter_no}"

"""A copy of the registration document, or a power for the registration office (domain 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.form_fields import LineField, TextField
from requests_app.catalogue import Files, Group, RequestType, Subject
from requests_app.forms import RequestForm


class Wanted(models.TextChoices):
    COPY = "copy", gettext_lazy("kopia dowodu rejestracyjnego")
    POWER = "power", gettext_lazy("pełnomocnictwo do urzędu")
    BOTH = "both", gettext_lazy("kopia i pełnomocnictwo")


class CopyForm(RequestForm):
    wanted = forms.ChoiceField(
        label=gettext_lazy("Czego potrzebujesz"), choices=Wanted.choices, widget=forms.RadioSelect
    )
    person = LineField(
        label=gettext_lazy("Kto pójdzie do urzędu"),
        help_text=gettext_lazy("Imię i nazwisko. Tylko do pełnomocnictwa."),
        max_length=120,
        required=False,
    )
    office = LineField(
        label=gettext_lazy("Do jakiego urzędu"),
        help_text=gettext_lazy("Tylko do pełnomocnictwa."),
        max_length=120,
        required=False,
    )
    purpose = TextField(
        label=gettext_lazy("Po co"),
        help_text=gettext_lazy(
            "Na przykład: wymiana dowodu, w którym nie ma miejsca na pieczątki."
        ),
        max_length=500,
        rows=3,
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("wanted") in {Wanted.POWER, Wanted.BOTH}:
            if not values.get("person"):
                self.add_error("person", _("Napisz, dla kogo jest pełnomocnictwo."))
            if not values.get("office"):
                self.add_error("office", _("Napisz, do jakiego urzędu."))
        return values


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    typed = form.cleaned_data
    wanted = Wanted(typed["wanted"])
    lines = [(_("Czego potrzebujesz"), str(wanted.label))]
    if wanted != Wanted.COPY:
        lines += [
            (_("Kto pójdzie do urzędu"), typed["person"]),
            (_("Urząd"), typed["office"]),
        ]
    return [*lines, (_("Po co"), typed["purpose"])]


TYPE = RequestType(
    name="registration-copy",
    bulk=True,
    title=gettext_lazy("Kopia dowodu rejestracyjnego"),
    summary=gettext_lazy("Skan dowodu rejestracyjnego albo pełnomocnictwo do urzędu"),
    group=Group.VEHICLE,
    form=CopyForm,
    subject=Subject.VEHICLE,
    vehicles_only=True,
    fee_code="document_copy",
    files=Files.WELCOME,
    files_hint=gettext_lazy("Pismo z urzędu, jeśli je masz."),
    next_step=gettext_lazy("Skan dostaniesz tutaj, w wiadomościach do wniosku."),
    lines=_lines,
    facts=lambda form: {"wanted": form.cleaned_data["wanted"]},
    closes_itself=False,
)

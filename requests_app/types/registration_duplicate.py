"""A duplicate of a document of the vehicle: lost, damaged or stolen (domain 4.1)."""

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


class VehicleDocument(models.TextChoices):
    REGISTRATION = "registration", gettext_lazy("dowód rejestracyjny")
    PERMIT = "permit", gettext_lazy("pozwolenie czasowe")
    INSURANCE = "insurance", gettext_lazy("polisa albo potwierdzenie ubezpieczenia OC")
    OTHER = "other", gettext_lazy("inny dokument pojazdu")


class Loss(models.TextChoices):
    LOST = "lost", gettext_lazy("zgubiony")
    DAMAGED = "damaged", gettext_lazy("zniszczony")
    STOLEN = "stolen", gettext_lazy("skradziony")


class DuplicateForm(RequestForm):
    document = forms.ChoiceField(
        label=gettext_lazy("Który dokument"),
        choices=VehicleDocument.choices,
        widget=forms.RadioSelect,
    )
    other = LineField(
        label=gettext_lazy("Jaki to dokument"),
        help_text=gettext_lazy("Gdy nie ma go na liście."),
        max_length=120,
        required=False,
    )
    loss = forms.ChoiceField(
        label=gettext_lazy("Co się z nim stało"), choices=Loss.choices, widget=forms.RadioSelect
    )
    text = TextField(
        label=gettext_lazy("Jak do tego doszło"),
        help_text=gettext_lazy("Kiedy i gdzie. Przy kradzieży: gdzie ją zgłoszono."),
        max_length=1000,
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("document") == VehicleDocument.OTHER and not values.get("other"):
            self.add_error("other", _("Napisz, jaki to dokument."))
        return values


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    typed = form.cleaned_data
    document = VehicleDocument(typed["document"])
    name = typed["other"] if document == VehicleDocument.OTHER else str(document.label)
    return [
        (_("Dokument"), name),
        (_("Co się stało"), str(Loss(typed["loss"]).label)),
        (_("Okoliczności"), typed["text"]),
    ]


TYPE = RequestType(
    name="registration-duplicate",
    title=gettext_lazy("Duplikat dokumentu pojazdu"),
    summary=gettext_lazy("Gdy dowód rejestracyjny albo inny dokument zginął lub się zniszczył"),
    group=Group.VEHICLE,
    form=DuplicateForm,
    subject=Subject.VEHICLE,
    vehicles_only=True,
    fee_code="duplicate",
    files=Files.WELCOME,
    files_hint=gettext_lazy(
        "Potwierdzenie zgłoszenia na policji albo zdjęcie zniszczonego dokumentu, jeśli je masz."
    ),
    next_step=gettext_lazy("Napiszemy tutaj, jak i kiedy dostaniesz duplikat."),
    lines=_lines,
    facts=lambda form: {
        "document": form.cleaned_data["document"],
        "loss": form.cleaned_data["loss"],
    },
    closes_itself=False,
)

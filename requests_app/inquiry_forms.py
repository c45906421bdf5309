"""What staff type from a letter of an authority."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from eboks.form_fields import LineField, day_field
from eboks.onboarding.scans import Scan, read_scan
from requests_app.inquiries import Letter


class LetterForm(forms.Form):
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    authority = LineField(label=gettext_lazy("Organ"), max_length=160)
    letter_no = LineField(label=gettext_lazy("Numer pisma"), max_length=60)
    received_on = day_field(gettext_lazy("Wpłynęło"))
    deadline = day_field(
        gettext_lazy("Termin odpowiedzi"), help_text=gettext_lazy("Taki, jaki podaje pismo.")
    )
    offence_at = forms.DateTimeField(
        label=gettext_lazy("Chwila zdarzenia"),
        help_text=gettext_lazy("Czas w Polsce, z pisma."),
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    vehicle = LineField(label=gettext_lazy("Numer rejestracyjny albo VIN"), max_length=20)
    scan = forms.FileField(
        label=gettext_lazy("Skan pisma"),
        help_text=gettext_lazy("PDF, JPG albo PNG, najwyżej 10 MB. Zobaczy go klient."),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"
        self.file_name = ""

    def clean_scan(self) -> Scan:
        sent: UploadedFile[bytes] = self.cleaned_data["scan"]
        self.file_name = sent.name or ""
        return read_scan(sent)

    def letter(self) -> Letter:
        data = self.cleaned_data
        offence_at: dt.datetime = data["offence_at"]
        return Letter(
            authority=data["authority"],
            letter_no=data["letter_no"],
            received_on=data["received_on"],
            deadline=data["deadline"],
            offence_at=offence_at,
            vehicle=data["vehicle"],
        )

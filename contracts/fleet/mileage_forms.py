"""What a driver types from the odometer."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.form_fields import DateInput
from eboks.onboarding.scans import Scan, read_scan

_MOST_KM = 3_000_000


class MileageForm(forms.Form):
    """`confirmed` is asked for only after a jump that is hard to believe."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    km = forms.CharField(
        label=gettext_lazy("Przebieg, km"),
        help_text=gettext_lazy("Tyle, ile pokazuje licznik, na przykład 84 210."),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Wpisz, ile pokazuje licznik.")},
    )
    on = forms.DateField(
        label=gettext_lazy("Dzień odczytu"), widget=DateInput(), input_formats=["%Y-%m-%d"]
    )
    photo = forms.FileField(
        label=gettext_lazy("Zdjęcie licznika"),
        help_text=gettext_lazy("Nie trzeba go dodawać. JPG albo PNG, najwyżej 10 MB."),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", "capture": "environment"}),
    )
    confirmed = forms.BooleanField(
        label=gettext_lazy("Sprawdziłem licznik: ten przebieg się zgadza."), required=False
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.photo_name, self.asks = "", False
        self.fields["on"].widget.attrs["max"] = today.isoformat()

    def clean_km(self) -> int:
        digits = "".join(self.cleaned_data["km"].split())
        if not (digits.isascii() and digits.isdigit()) or int(digits) > _MOST_KM:
            raise forms.ValidationError(_("Wpisz same cyfry, na przykład 84 210."), code="km")
        return int(digits)

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError(_("Ten dzień jeszcze nie nadszedł."), code="future")
        return day

    def clean_photo(self) -> Scan | None:
        file = self.cleaned_data["photo"]
        if not file:
            return None
        picture = read_scan(file)
        if not picture.content_type.startswith("image/"):
            raise forms.ValidationError(_("Dodaj zdjęcie JPG albo PNG."), code="photo")
        self.photo_name = file.name or ""
        return picture

    def ask_to_confirm(self, text: str) -> None:
        """Says what is hard to believe; the box below it appears."""
        self.add_error("km", text)
        self.asks = True

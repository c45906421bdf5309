"""How vehicles are used: one answer for all that were ticked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.form_fields import DateInput
from invoicing.enums import VatUse
from invoicing.reporting.tax_uses import INCOME_PCTS

_EARLIEST = dt.date(2014, 1, 1)  # since then a car of mixed use deducts half of the VAT


class UseForm(forms.Form):
    """Sent with the vehicles' public ids as `pojazd`."""

    is_passenger_car = forms.TypedChoiceField(
        label=gettext_lazy("Rodzaj pojazdu"),
        choices=[
            ("1", gettext_lazy("samochód osobowy")),
            ("0", gettext_lazy("inny: ciężarowy, specjalny, maszyna")),
        ],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    vat_use = forms.ChoiceField(
        label=gettext_lazy("Odliczenie VAT"),
        choices=VatUse.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Dotyczy samochodu osobowego."),
    )
    income_pct = forms.TypedChoiceField(
        label=gettext_lazy("Koszty eksploatacji zaliczane do kosztów podatkowych"),
        choices=[(pct, f"{pct} %") for pct in INCOME_PCTS],
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy(
            "Dotyczy samochodu osobowego: 100 % przy użytku tylko firmowym, 75 % przy mieszanym."
        ),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Od kiedy"), widget=DateInput(), input_formats=["%Y-%m-%d"]
    )

    def clean_valid_from(self) -> dt.date:
        day: dt.date = self.cleaned_data["valid_from"]
        if not _EARLIEST <= day <= dt.date(2100, 1, 1):
            raise forms.ValidationError(_("Podaj dzień od 1 stycznia 2014."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("is_passenger_car"):
            for name in ("vat_use", "income_pct"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Wybierz jedną z odpowiedzi."))
        return data

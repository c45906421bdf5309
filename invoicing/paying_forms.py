"""Forms of a reported transfer and of a promise. Whose items they are about is not asked here."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.form_fields import DateInput
from eboks.money import ZERO
from eboks.onboarding.scans import Scan, read_scan
from invoicing.filters import clean_amount

_LARGEST = Decimal("99999999.99")
CURRENCIES = [("PLN", "PLN"), ("EUR", "EUR")]


class ReportForm(forms.Form):
    """„Zapłaciłem”: when, how much, and the bank's confirmation if there is one."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    paid_on = forms.DateField(
        label=gettext_lazy("Data przelewu"), widget=DateInput(), input_formats=["%Y-%m-%d"]
    )
    amount = forms.CharField(
        label=gettext_lazy("Kwota przelewu"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Waluta"), choices=CURRENCIES, initial=CURRENCIES[0][0]
    )
    proof = forms.FileField(
        label=gettext_lazy("Potwierdzenie z banku"),
        help_text=gettext_lazy("PDF, JPG albo PNG, najwyżej 10 MB."),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        """With `currency` of the chosen items the form does not ask for it."""
        super().__init__(*args, **kwargs)
        if currency:
            del self.fields["currency"]

    def clean_amount(self) -> Decimal:
        amount = clean_amount("".join(self.cleaned_data["amount"].split()))
        if amount is None or not ZERO < amount <= _LARGEST:
            raise forms.ValidationError(_("Podaj kwotę, na przykład 1234,56."), code="amount")
        return amount

    def clean_proof(self) -> Scan | None:
        file = self.cleaned_data["proof"]
        return read_scan(file) if file else None


class PromiseForm(forms.Form):
    """„Zapłacę do…”: a day."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    pay_by = forms.DateField(
        label=gettext_lazy("Zapłacę do"), widget=DateInput(), input_formats=["%Y-%m-%d"]
    )

    def __init__(self, *args: Any, today: dt.date, last: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = self.fields["pay_by"].widget.attrs
        attrs |= {"min": today.isoformat(), "max": last.isoformat()}

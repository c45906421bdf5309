"""Forms of the page Bezpieczeństwo: a new number for codes, a new e-mail address."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.phones import normalise_mobile


class _Signed(forms.Form):
    """What is signed by a code carries the key of its form: sent twice, it is one instruction."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.initial.setdefault("form_key", uuid.uuid4())

    def key(self) -> uuid.UUID:
        return self.cleaned_data.get("form_key") or uuid.uuid4()


class PhoneForm(_Signed):
    phone = forms.CharField(
        label=_("Nowy numer telefonu komórkowego"),
        max_length=25,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

    def clean_phone(self) -> str:
        phone = normalise_mobile(self.cleaned_data["phone"])
        device = getattr(self.user, "_device_number", None)
        if phone == device:
            raise ValidationError(_("To jest Twój obecny numer."))
        return phone


class EmailForm(_Signed):
    email = forms.EmailField(
        label=_("Nowy adres e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        if email.lower() == self.user.email.lower():
            raise ValidationError(_("To jest Twój obecny adres."))
        return email  # whether somebody has it is told to its mailbox alone (`new_email`)

"""Forms that strangers see. They check what was typed and look nothing up."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.listing import clean_text
from eboks.onboarding.applications import ApplicationData
from eboks.onboarding.scans import Scan, read_scan
from eboks.phones import normalise_mobile
from eboks.tenancy.identifiers import clean_nip

# Far above any real password; it only keeps a megabyte from being hashed.
_LONGEST_PASSWORD = 4096
_SEPARATORS = re.compile(r"[\s-]")
NOTE_LENGTH = 1000


class ActivationForm(forms.Form):
    """The one-time password from the SMS and, on the same page, the person's own one twice."""

    sms_password = forms.CharField(
        label=gettext_lazy("Hasło z SMS-a"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "code-input",
                "spellcheck": "false",
            }
        ),
    )
    password1 = forms.CharField(
        label=gettext_lazy("Twoje własne hasło"),
        max_length=_LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=gettext_lazy("Powtórz własne hasło"),
        max_length=_LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, rules: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password1"].help_text = " ".join(rules)

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.user)
        sms = _SEPARATORS.sub("", self.cleaned_data.get("sms_password", ""))
        if sms and sms in _SEPARATORS.sub("", password):
            raise forms.ValidationError(
                _("Hasło z SMS-a jest jednorazowe. Wymyśl własne."), code="one_time"
            )
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("Oba hasła muszą być takie same."))
        return data


class NewLinkForm(forms.Form):
    """Asks for a new link. Who it is for is looked up by a task, for anyone alike (SEC-07)."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ApplicationForm(forms.Form):
    """„Wniosek o nadanie dostępu do Portalu Klienta”, on screen."""

    company_name = forms.CharField(
        label=gettext_lazy("Nazwa firmy"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    nip = forms.CharField(
        label="NIP",
        help_text=gettext_lazy("10 cyfr, na przykład 526-025-02-74."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Identyfikator klienta"),
        help_text=gettext_lazy("Jest w umowie i na każdej fakturze. Jeśli go nie znasz, pomiń."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    first_name = forms.CharField(
        label=gettext_lazy("Imię administratora"),
        help_text=gettext_lazy("Ta osoba wejdzie do portalu pierwsza i zaprosi pozostałe."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=gettext_lazy("Nazwisko administratora"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail administratora"),
        help_text=gettext_lazy("Tu wyślemy link aktywacyjny."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Telefon komórkowy administratora"),
        help_text=gettext_lazy("Polski numer. Tu wyślemy hasło jednorazowe i kody SMS."),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def clean_nip(self) -> str:
        return clean_nip(self.cleaned_data["nip"])

    def clean_company_name(self) -> str:
        return self._text("company_name", 200)

    def clean_first_name(self) -> str:
        return self._text("first_name", 100)

    def clean_last_name(self) -> str:
        return self._text("last_name", 150)

    def clean_client_id(self) -> str:
        return clean_text(self.cleaned_data["client_id"], 20).upper()

    def clean_phone(self) -> str:
        return normalise_mobile(self.cleaned_data["phone"])

    def data_given(self) -> ApplicationData:
        """Of a valid form."""
        names = ApplicationData.__dataclass_fields__
        return ApplicationData(**{name: self.cleaned_data[name] for name in names})

    def _text(self, name: str, limit: int) -> str:
        text = clean_text(self.cleaned_data[name], limit)
        if not text:
            raise forms.ValidationError(_("To pole jest wymagane."), code="required")
        return text


class ScanForm(forms.Form):
    """The signed application as a file."""

    scan = forms.FileField(
        label=gettext_lazy("Podpisany wniosek"),
        help_text=gettext_lazy("PDF, JPG albo PNG, najwyżej 10 MB."),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )

    def clean_scan(self) -> Scan | None:
        file = self.cleaned_data["scan"]
        return read_scan(file) if file else None


class SupplementForm(ScanForm):
    """What was missing: a scan, a word, or both."""

    note = forms.CharField(
        label=gettext_lazy("Wyjaśnienie"),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_note(self) -> str:
        return clean_lines(self.cleaned_data["note"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("scan") and not data.get("note"):
            raise forms.ValidationError(_("Dodaj plik albo wyjaśnienie."), code="empty")
        return data


def clean_lines(text: str, limit: int = NOTE_LENGTH) -> str:
    """Lines of text without what is no text: PostgreSQL refuses some of it outright."""
    lines = (clean_text(line, 200) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:limit]

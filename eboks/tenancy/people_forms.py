"""Forms of people and of the company's data. They check; what is done stands in the services."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.form_fields import DateInput
from eboks.listing import clean_text
from eboks.phones import normalise_mobile
from eboks.tenancy.company_data import CONTACT_FIELDS, contact_values
from eboks.tenancy.mandates import MOST_NAMED, Mandate, Named, find_named
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.people import Invitee, why_not_invited
from eboks.tenancy.rights import Role

_SHOWN_UNKNOWN = 10
ROLE_HINTS = {
    Role.OWNER: gettext_lazy("widzi wszystko, podpisuje, zaprasza osoby"),
    Role.SIGNATORY: gettext_lazy("widzi umowy i finanse, podpisuje dyspozycje"),
    Role.FINANCE: gettext_lazy("umowy, faktury, rozrachunki i raporty"),
    Role.FLEET: gettext_lazy("umowy, pojazdy i polisy, bez faktur"),
    Role.INSURANCE: gettext_lazy("umowy, pojazdy, polisy i szkody, bez faktur"),
    Role.ACCOUNTANT: gettext_lazy("umowy, faktury, rozrachunki i raporty, bez pojazdów"),
    Role.DRIVER: gettext_lazy("tylko wskazane pojazdy, bez umów i kwot"),
    Role.READ_ONLY: gettext_lazy("umowy, faktury i pojazdy, bez raportów"),
}


class _KeyedForm(forms.Form):
    """Carries a key made when the page was: sent twice, it is one instruction (SEC-59)."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class MandateForm(_KeyedForm):
    """Role, limits and time of a person of `company`."""

    role = forms.ChoiceField(
        label=gettext_lazy("Rola"),
        choices=[(role.value, role.label) for role in Role],
        widget=forms.RadioSelect,
    )
    is_limited = forms.BooleanField(label=gettext_lazy("Tylko wybrane umowy"), required=False)
    named = forms.CharField(
        label=gettext_lazy("Wybrane umowy lub pojazdy"),
        help_text=gettext_lazy(
            "Numery umów albo numery rejestracyjne, każdy w nowym wierszu. Kierowcy wpisz pojazdy."
        ),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Dostęp od"),
        required=False,
        widget=DateInput(),
        input_formats=["%Y-%m-%d"],
    )
    valid_to = forms.DateField(
        label=gettext_lazy("Dostęp do"),
        help_text=gettext_lazy("Puste: bezterminowo."),
        required=False,
        widget=DateInput(),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        self.fields["role"] = forms.ChoiceField(
            label=_("Rola"),
            choices=[
                (role.value, f"{str(role.label).capitalize()}: {hint}")
                for role, hint in ROLE_HINTS.items()
            ],
            widget=forms.RadioSelect,
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("valid_from"), data.get("valid_to")
        if since and until and until < since:
            self.add_error("valid_to", _("Koniec ważności nie może być przed początkiem."))
        if "role" in data and "named" in data:
            data["found"] = self._named(Role(data["role"]), bool(data.get("is_limited")))
        return data

    def _named(self, role: Role, limited: bool) -> Named | None:
        """What the limits name; None when the role or the choice needs none."""
        if role == Role.OWNER and limited:
            self.add_error("is_limited", _("Administrator widzi wszystkie umowy firmy."))
            return None
        if role != Role.DRIVER and not limited:
            return None
        text = _clean_lines(self.cleaned_data["named"])
        if not text:
            self.add_error("named", _("Wpisz co najmniej jedną umowę lub pojazd."))
            return None
        found = find_named(company=self.company, text=text)
        if found.unknown:
            shown = ", ".join(found.unknown[:_SHOWN_UNKNOWN])
            if len(found.unknown) > _SHOWN_UNKNOWN:
                shown += "…"
            self.add_error("named", _("Nie znamy w tej firmie: %s.") % shown)
        elif role == Role.DRIVER and not found.assets:
            self.add_error("named", _("Te umowy nie mają jeszcze pojazdów."))
        elif len(found.assets if role == Role.DRIVER else found.contracts) > MOST_NAMED:
            self.add_error("named", _("Za dużo pozycji: najwyżej %d.") % MOST_NAMED)
        return found

    @property
    def mandate(self) -> Mandate:
        """Of a valid form."""
        data = self.cleaned_data
        role, found = Role(data["role"]), data["found"]
        driver = role == Role.DRIVER
        limited = found is not None and not driver
        labels: tuple[str, ...] = ()
        if found is not None:
            labels = found.asset_labels if driver else found.contract_labels
        return Mandate(
            role=role,
            is_limited=limited,
            contracts=found.contracts if limited else (),
            assets=found.assets if found is not None and driver else (),
            labels=labels,
            valid_from=data["valid_from"],
            valid_to=data["valid_to"],
        )


class InviteForm(MandateForm):
    """A new person. Says nothing of whether the address has an account somewhere else."""

    first_name = forms.CharField(label=gettext_lazy("Imię"), max_length=100)
    last_name = forms.CharField(label=gettext_lazy("Nazwisko"), max_length=150)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Telefon komórkowy"),
        help_text=gettext_lazy("Na ten numer przyjdzie hasło jednorazowe i kody SMS."),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    field_order = (
        *("first_name", "last_name", "email", "phone"),
        *("role", "is_limited", "named", "valid_from", "valid_to", "form_key"),
    )

    def clean_first_name(self) -> str:
        return _some_text(self.cleaned_data["first_name"], 100)

    def clean_last_name(self) -> str:
        return _some_text(self.cleaned_data["last_name"], 150)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        refusal = why_not_invited(company=self.company, email=email)
        if refusal:
            raise forms.ValidationError(refusal)
        return email

    def clean_phone(self) -> str:
        return normalise_mobile(self.cleaned_data["phone"])

    @property
    def invitee(self) -> Invitee:
        """Of a valid form."""
        data = self.cleaned_data
        return Invitee(**{name: data[name] for name in INVITEE_FIELDS})


INVITEE_FIELDS = ("first_name", "last_name", "email", "phone")


class ContactForm(_KeyedForm):
    """Correspondence address and contact of a company."""

    mail_street = forms.CharField(
        label=gettext_lazy("Ulica i numer albo skrytka pocztowa"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    mail_postcode = forms.RegexField(
        r"\A\d{2}-\d{3}\Z",
        label=gettext_lazy("Kod pocztowy"),
        required=False,
        max_length=6,
        error_messages={"invalid": gettext_lazy("Podaj kod jak 00-950.")},
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    mail_city = forms.CharField(
        label=gettext_lazy("Miejscowość"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    contact_name = forms.CharField(
        label=gettext_lazy("Osoba do kontaktu"), required=False, max_length=120
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail firmy"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.RegexField(
        r"\A\+?[0-9][0-9 -]{5,18}\Z",
        label=gettext_lazy("Telefon firmy"),
        required=False,
        max_length=20,
        error_messages={"invalid": gettext_lazy("Podaj numer jak +48 22 123 45 67.")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("mail_street", "mail_city", "contact_name"):
            if name in data:
                data[name] = clean_text(data[name], self.fields[name].max_length)  # type: ignore[attr-defined]
        address = [data.get(name) for name in ("mail_street", "mail_postcode", "mail_city")]
        if any(address) and not all(address) and not self.errors:
            self.add_error(None, _("Podaj cały adres: ulicę, kod i miejscowość, albo nic."))
        if not self.errors and self.values == contact_values(self.company):
            self.add_error(None, _("Nic się nie zmieniło. Popraw dane, które chcesz zmienić."))
        return data

    @property
    def values(self) -> dict[str, str]:
        """Of a valid form."""
        return {name: self.cleaned_data[name] for name in CONTACT_FIELDS}


def mandate_initial(mandate: Mandate) -> dict[str, Any]:
    """What a form about `mandate` begins with."""
    return {
        "role": mandate.role.value,
        "is_limited": mandate.is_limited,
        "named": "\n".join(mandate.labels),
        "valid_from": mandate.valid_from,
        "valid_to": mandate.valid_to,
    }


def person_initial(membership: Membership) -> dict[str, Any]:
    return mandate_initial(Mandate.of(membership))


def _some_text(value: str, limit: int) -> str:
    text = clean_text(value, limit)
    if not text:
        raise forms.ValidationError(_("To pole jest wymagane."))
    return text


def _clean_lines(text: str) -> str:
    """Typed lines without what is no text: PostgreSQL refuses some of it outright."""
    lines = (clean_text(line, 100) for line in text.splitlines())
    return "\n".join(line for line in lines if line)

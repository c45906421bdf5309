"""New name, legal form or seat of the company, by an extract of the register (domain 4.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.form_fields import LineField, TextField
from eboks.tenancy.company_data import change_registry, registry_values
from eboks.tenancy.models import Company, CompanyChange
from eboks.tenancy.rights import Right
from eboks.ui.words import short_date
from requests_app.catalogue import About, Files, Group, RequestError, RequestType, Subject
from requests_app.forms import RequestForm
from requests_app.models import Request

LABELS = {
    "name": gettext_lazy("Nazwa firmy"),
    "legal_form": gettext_lazy("Forma prawna"),
    "street": gettext_lazy("Ulica i numer siedziby"),
    "postcode": gettext_lazy("Kod pocztowy"),
    "city": gettext_lazy("Miejscowość"),
}
_polish_postcode = RegexValidator(r"\A\d{2}-\d{3}\Z", gettext_lazy("Podaj kod jak 00-950."))


class CompanyDataForm(RequestForm):
    name = LineField(label=LABELS["name"], max_length=200)
    legal_form = LineField(label=LABELS["legal_form"], required=False, max_length=60)
    street = LineField(label=LABELS["street"], max_length=120)
    postcode = LineField(label=LABELS["postcode"], max_length=10)
    city = LineField(label=LABELS["city"], max_length=80)
    reason = TextField(
        label=gettext_lazy("Skąd zmiana"),
        help_text=gettext_lazy("Np. wpis do KRS z dnia, uchwała, przeprowadzka."),
        rows=3,
        max_length=500,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = registry_values(self.about.company)
        for name, value in self.now.items():
            self.fields[name].initial = value

    def clean_postcode(self) -> str:
        value: str = self.cleaned_data["postcode"]
        if self.about.company.country == "PL":
            _polish_postcode(value)
        return value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.now.keys() <= data.keys() and not _changes(self):
            raise ValidationError(_("Nic się nie zmieniło. Popraw to, co ma być inne."))
        return data


def _changes(form: RequestForm) -> dict[str, str]:
    """What is to be different, by column."""
    now = registry_values(form.about.company)
    data: dict[str, Any] = form.cleaned_data
    return {name: data[name] for name, value in now.items() if data[name] != value}


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    now = registry_values(form.about.company)
    lines = [
        (str(LABELS[name]), _arrow(now[name], value)) for name, value in _changes(form).items()
    ]
    lines.append((_("Skąd zmiana"), form.cleaned_data["reason"]))
    return lines


def _arrow(now: str, new: str) -> str:
    return _("%(now)s → %(new)s") % {"now": now or _("brak"), "new": new or _("brak")}


def _facts(form: RequestForm) -> dict[str, Any]:
    changes = _changes(form)
    now = registry_values(form.about.company)
    return {"values": changes, "before": {name: now[name] for name in changes}}


def _basis(about: About, facts: dict[str, Any]) -> dict[str, Any]:
    return dict(registry_values(about.company))


def _write(request: Request, at: dt.datetime, actor: User | None) -> None:
    """The new data stand at once and above the feed until the core has taken them over."""
    company = Company.objects.get(pk=request.company_id)
    values: dict[str, str] = request.facts["values"]
    now = registry_values(company)
    for name, before in request.facts["before"].items():
        if now[name] not in {before, values[name]}:
            raise RequestError(
                _("Dane firmy zmieniły się po złożeniu wniosku (%s). Odeślij go do uzupełnienia.")
                % LABELS[name]
            )
    change_registry(
        company=company,
        values=values,
        actor=request.author,
        reference=request.instruction.reference if request.instruction else request.reference,
        at=at,
    )


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    company = Company.objects.get(pk=request.company_id)
    now = registry_values(company)
    lines = [
        (_("Teraz: %s") % str(LABELS[name]).lower(), now[name] or _("brak"))
        for name in request.facts["values"]
    ]
    registers = (("NIP", company.nip), ("KRS", company.krs), ("REGON", company.regon))
    lines += [(label, value) for label, value in registers if value]
    waiting = CompanyChange.objects.filter(company=company, settled_at=None)
    lines += [
        (_("Czeka na system główny"), f"{change.reference}, {short_date(change.made_at)}")
        for change in waiting.order_by("made_at", "pk")
    ]
    return lines


def _contact_elsewhere() -> SafeString:
    return format_html(
        '{} <a href="{}">{}</a>',
        _("Adres do korespondencji, e-mail i telefon zmienisz od razu tutaj:"),
        reverse("tenancy:company_data"),
        _("dane do kontaktu"),
    )


TYPE = RequestType(
    name="company-data",
    title=gettext_lazy("Zmiana danych firmy"),
    summary=gettext_lazy("Nowa nazwa, forma prawna albo adres siedziby"),
    group=Group.COMPANY,
    form=CompanyDataForm,
    subject=Subject.COMPANY,
    right=Right.SIGN,
    signed=True,
    exclusive=True,
    fee_code="company_data",
    files=Files.NEEDED,
    files_hint=gettext_lazy("Wyciąg z KRS albo CEIDG lub inne pismo, z którego wynika zmiana."),
    needed=(lazy(_contact_elsewhere, SafeString)(),),
    next_step=gettext_lazy(
        "Porównamy dane z rejestrem. Po zgodzie zobaczysz je od razu w portalu."
    ),
    lines=_lines,
    facts=_facts,
    basis=_basis,
    effect=_write,
    office=_office,
)

"""Cesja: another firm takes over the contract (domain 4.1). People decide, three parties sign."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Contract
from contracts.positions import standing
from eboks.form_fields import LineField, TextField
from eboks.money import ZERO
from eboks.phones import normalise_mobile
from eboks.tenancy.identifiers import clean_nip
from eboks.tenancy.rights import Right
from requests_app.catalogue import Files, Group, RequestType
from requests_app.forms import RequestForm
from requests_app.models import Request


class AssignmentForm(RequestForm):
    nip = LineField(
        label=gettext_lazy("NIP nowego korzystającego"),
        help_text=gettext_lazy("10 cyfr, mogą być z kreskami."),
        max_length=20,
    )
    name = LineField(label=gettext_lazy("Nazwa nowego korzystającego"), max_length=200)
    person = LineField(label=gettext_lazy("Osoba do kontaktu po jego stronie"), max_length=120)
    email = LineField(
        label=gettext_lazy("E-mail tej osoby"), max_length=120, validators=[EmailValidator()]
    )
    phone = LineField(label=gettext_lazy("Telefon komórkowy tej osoby"), max_length=20)
    reason = TextField(label=gettext_lazy("Dlaczego przekazujesz umowę"), max_length=1000)
    knows = forms.BooleanField(
        label=gettext_lazy(
            "Nowy korzystający wie o tym wniosku i zgadza się, że podaję jego dane leasingodawcy,"
            " aby ocenił jego zdolność."
        ),
        error_messages={
            "required": gettext_lazy("Bez zgody nowego korzystającego nie możemy zacząć.")
        },
    )

    def clean_nip(self) -> str:
        typed = clean_nip(self.cleaned_data["nip"])
        if typed == self.about.company.nip:
            raise ValidationError(
                _("To NIP obecnego korzystającego. Podaj firmę, która przejmie umowę.")
            )
        return typed

    def clean_phone(self) -> str:
        return normalise_mobile(self.cleaned_data["phone"])


def _lines(form: RequestForm) -> list[tuple[str, str]]:
    typed = form.cleaned_data
    return [
        (_("Nowy korzystający"), typed["name"]),
        (_("NIP"), typed["nip"]),
        (_("Osoba do kontaktu"), f"{typed['person']}, {typed['email']}, {typed['phone']}"),
        (_("Powód"), typed["reason"]),
        (
            _("Oświadczenie"),
            _(
                "Nowy korzystający wie o tym wniosku i zgadza się na podanie jego danych"
                " leasingodawcy, aby ocenił jego zdolność."
            ),
        ),
        (
            _("Do podpisania umowy cesji"),
            _("Umowa i wszystkie płatności pozostają po stronie obecnego korzystającego."),
        ),
    ]


def _facts(form: RequestForm) -> dict[str, Any]:
    names = ("nip", "name", "person", "email", "phone")
    about = form.about
    own = Contract.objects.filter(pk=about.contract.pk if about.contract else 0)
    placed = standing(own, on=about.on).first()
    capital = (placed.left_now if placed else None) or ZERO
    return {name: form.cleaned_data[name] for name in names} | {"capital": str(capital)}


def _office(request: Request, at: dt.datetime) -> list[tuple[str, str]]:
    return [
        (
            _("Po zgodzie"),
            _(
                "Przygotuj umowę trójstronną i zwolnienie zabezpieczeń. Po jej podpisaniu przenieś"
                " umowę w systemie głównym i zamknij wniosek."
            ),
        )
    ]


TYPE = RequestType(
    name="assignment",
    title=gettext_lazy("Cesja umowy"),
    summary=gettext_lazy("Inna firma przejmuje umowę i dalsze raty"),
    group=Group.CONTRACT,
    form=AssignmentForm,
    right=Right.SIGN,
    signed=True,
    is_financial=True,
    costly=True,
    fee_code="assignment",
    working_days=10,
    exclusive=True,
    files=Files.NEEDED,
    files_hint=gettext_lazy(
        "Dokumenty nowego korzystającego: wyciąg z KRS albo CEIDG i ostatnie sprawozdanie finansowe"
        " albo KPiR."
    ),
    needed=(gettext_lazy("NIP, nazwa i kontakt do nowego korzystającego"),),
    next_step=gettext_lazy(
        "Ocenimy zdolność nowego korzystającego. Po zgodzie umowę cesji podpisują trzy strony:"
        " Twoja firma, nowy korzystający i leasingodawca. Do tego czasu płacisz raty jak dotąd."
    ),
    lines=_lines,
    facts=_facts,
    amount=lambda facts: Decimal(facts["capital"]),
    closes_itself=False,
    office=_office,
)

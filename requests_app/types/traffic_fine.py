"""A letter of an authority about a vehicle: the lessee names who used it (domain 4.1, last part).

The lessor owes the authority an answer: to whom the vehicle was entrusted (art. 78 ust. 4 Prawo o
ruchu drogowym). It names the lessee; the lessee, by its own statement, who drove. The request is
opened by staff (`requests_app.inquiries`), never by the client.

Address and other data of the person named are in the form until the letter is made, and then in
the letter alone. The signed summary therefore holds the name; the rest is bound to the signature
by the digest of what was typed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import LesseePeriod
from eboks import clock
from eboks.accounts.models import User
from eboks.form_fields import LineField
from eboks.tenancy.rights import Right
from eboks.ui.words import short_date
from requests_app import inquiries
from requests_app.catalogue import About, Group, Paper, RequestType, Subject, Verdict
from requests_app.enums import FeeState, Status
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.models.inquiries import AuthorityInquiry

_PERSONAL = ("address", "other")


class NamingForm(RequestForm):
    """Who used the vehicle at the moment of the offence; the register's proposal stands in it."""

    was_ours = forms.BooleanField(
        label=gettext_lazy("Potwierdzam: w chwili z pisma pojazdem dysponowała nasza firma."),
        help_text=gettext_lazy(
            "Jeśli pojazd był wtedy skradziony albo ktoś użył go wbrew woli firmy, nie wypełniaj"
            " formularza. Napisz do nas w wiadomościach do tej sprawy."
        ),
    )
    first_name = LineField(label=gettext_lazy("Imię osoby, która używała pojazdu"), max_length=60)
    last_name = LineField(label=gettext_lazy("Nazwisko"), max_length=80)
    street = LineField(label=gettext_lazy("Ulica i numer"), max_length=120)
    postcode = LineField(label=gettext_lazy("Kod pocztowy"), max_length=12)
    city = LineField(label=gettext_lazy("Miejscowość"), max_length=80)
    country = LineField(
        label=gettext_lazy("Kraj"),
        help_text=gettext_lazy("Tylko gdy inny niż Polska."),
        max_length=60,
        required=False,
    )
    other = LineField(
        label=gettext_lazy("Inne dane, o które pyta organ"),
        help_text=gettext_lazy("Na przykład data urodzenia. Podaj tylko to, o co pyta pismo."),
        max_length=160,
        required=False,
    )
    is_true = forms.BooleanField(
        label=gettext_lazy(
            "Oświadczam w imieniu firmy, że tej osobie powierzyliśmy wtedy pojazd i że dane są"
            " prawdziwe (art. 78 ust. 4 i 5 Prawa o ruchu drogowym)."
        )
    )

    def __init__(self, *args: Any, about: About, **kwargs: Any) -> None:
        super().__init__(*args, about=about, **kwargs)
        inquiry = inquiries.of_request(about.request)
        if inquiry is None or self.is_bound:
            return
        user = inquiries.proposed_user(
            asset=inquiry.asset, company=about.company, at=inquiry.offence_at
        )
        if user is not None:
            self.initial["first_name"] = user.first_name
            self.initial["last_name"] = user.last_name

    @property
    def user(self) -> str:
        return f"{self.cleaned_data['first_name']} {self.cleaned_data['last_name']}"

    @property
    def address(self) -> str:
        data = self.cleaned_data
        parts = (data["street"], f"{data['postcode']} {data['city']}", data["country"])
        return ", ".join(part for part in parts if part)


def _lines(form: NamingForm) -> Sequence[tuple[str, str]]:
    inquiry = inquiries.of_request(form.about.request)
    return [
        *(inquiries.lines_of(inquiry) if inquiry else ()),
        (_("Pojazd był wtedy u nas"), _("tak")),
        (_("Pojazdu używał(a)"), form.user),
        (_("Adres i inne dane tej osoby"), _("trafią tylko do pisma do organu")),
        (_("Oświadczenie"), _("dane są prawdziwe")),
    ]


def _facts(form: NamingForm) -> dict[str, Any]:
    return {"user": form.user, "address": form.address, "other": form.cleaned_data["other"]}


def _sms(about: About) -> str:
    inquiry = inquiries.of_request(about.request)
    return _("wskazanie, kto używał pojazdu, pismo %s") % (inquiry.letter_no if inquiry else "–")


def _waived(about: About) -> bool:
    inquiry = inquiries.of_request(about.request)
    return inquiry is not None and inquiries.is_free(inquiry, on=about.on)


def _note_answer(request: Request, at: dt.datetime, actor: User | None) -> None:
    if not request.facts.get("user"):  # the lessor answers alone
        return
    AuthorityInquiry.objects.filter(request=request, answered_at=None).update(answered_at=at)
    inquiry = inquiries.of_request(request)
    if inquiry is not None and inquiries.is_free(inquiry, on=clock.today(at)):
        request.fee_state = FeeState.WAIVED


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    inquiry = inquiries.of_request(request)
    if inquiry is None:
        return ()
    return [
        Paper(
            template="traffic_fine.html",
            title=_("Odpowiedź na pismo organu"),
            version="2026-11",
            valid_from=clock.today(at),
            about=[(_("Pismo"), inquiry.letter_no)],
            context={"inquiry": inquiry, "offence_on": clock.today(inquiry.offence_at)},
        )
    ]


def _forget(request: Request) -> None:
    """The letter holds them now; here only the name stays (domain 7: store minimal data)."""
    facts = {name: value for name, value in request.facts.items() if name not in _PERSONAL}
    if facts == request.facts and not request.typed:
        return
    Request.objects.filter(pk=request.pk).update(facts=facts, typed={})
    request.facts, request.typed = facts, {}


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    inquiry = inquiries.of_request(request)
    if inquiry is None:
        return ()
    late = request.status == Status.NEEDS_CUSTOMER and inquiry.deadline < clock.today(at)
    deadline = short_date(inquiry.deadline)
    found = [
        (_("Umowa w chwili zdarzenia"), inquiry.contract.number),
        (
            _("Termin odpowiedzi organowi"),
            _("%s – minął, klient nie odpowiedział") % deadline if late else deadline,
        ),
    ]
    periods = LesseePeriod.objects.filter(contract=inquiry.contract).order_by("from_on", "pk")
    days = [short_date(period.from_on) for period in periods[1:]]
    if days:
        found.append(
            (
                _("Zmiana korzystającego"),
                _("wiadoma z danych na: %s. Dzień cesji sprawdź w systemie głównym.")
                % ", ".join(days),
            )
        )
    return found


TYPE = RequestType(
    name=inquiries.KIND,
    title=gettext_lazy("Pismo organu w sprawie pojazdu"),
    summary=gettext_lazy("Policja lub inny organ pyta, kto używał pojazdu"),
    group=Group.VEHICLE,
    form=NamingForm,
    subject=Subject.VEHICLE,
    contracts=lambda rows, on: rows,
    right=Right.SIGN,
    signed=True,
    fee_code="traffic_fine",
    begun_by_lessor=True,
    closes_itself=False,
    next_step=gettext_lazy("Od razu przygotujemy odpowiedź i wyślemy ją organowi."),
    lines=_lines,  # type: ignore[arg-type]
    facts=_facts,  # type: ignore[arg-type]
    sms=_sms,
    waived=_waived,
    decide=lambda request, at: Verdict(True),
    effect=_note_answer,
    papers=_papers,
    after_papers=_forget,
    office=_office,
)

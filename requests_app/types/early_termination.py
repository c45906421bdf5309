"""Early end of a contract at a price of one day, accepted with an SMS code (domain 4.1 and 4.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import ContractStatus
from eboks import clock
from eboks.accounts.models import User
from eboks.form_fields import LineField, TextField, day_field
from eboks.money import format_money
from eboks.tenancy.identifiers import clean_nip
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from requests_app import quoting
from requests_app.catalogue import (
    About,
    Group,
    Paper,
    RequestError,
    RequestType,
    Verdict,
)
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.models.settlements import SettlementQuote

_LESSEE, _THIRD = "lessee", "third_party"


class TerminationForm(RequestForm):
    settle_on = day_field(
        gettext_lazy("Dzień rozliczenia"),
        error_messages={"required": gettext_lazy("Podaj dzień, na który mamy rozliczyć umowę.")},
    )
    buyer = forms.ChoiceField(
        label=gettext_lazy("Kto kupuje przedmiot"),
        choices=[
            (_LESSEE, gettext_lazy("moja firma")),
            (_THIRD, gettext_lazy("inna firma")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Zaznacz, kto kupuje przedmiot.")},
    )
    buyer_name = LineField(
        label=gettext_lazy("Nazwa tej firmy"),
        help_text=gettext_lazy("Tylko gdy kupuje inna firma."),
        max_length=150,
        required=False,
    )
    buyer_nip = LineField(
        label=gettext_lazy("NIP tej firmy"),
        help_text=gettext_lazy("Tylko gdy kupuje inna firma."),
        max_length=20,
        required=False,
    )
    reason = TextField(label=gettext_lazy("Powód"), max_length=500, rows=3, required=False)

    quote: quoting.Quote

    def __init__(self, *args: Any, about: About, **kwargs: Any) -> None:
        super().__init__(*args, about=about, **kwargs)
        if about.contract is not None:
            address = reverse("requests_app:settlement", args=[about.contract.public_id])
            self.fields["settle_on"].help_text = format_html(
                '{} <a href="{}">{}</a>',
                _("Od jutra, najdalej za 60 dni."),
                address,
                _("Porównaj ceny w różnych dniach"),
            )

    def clean_settle_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["settle_on"]
        try:
            quoting.check_day(day, on=self.about.on)
        except RequestError as error:
            raise ValidationError(str(error)) from error
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("buyer") == _THIRD:
            self._clean_buyer(data)
        else:
            data["buyer_name"] = data["buyer_nip"] = ""
        if not self.errors and self.about.contract is not None:
            try:
                ground = quoting.ground_of(self.about.contract, on=self.about.on)
                self.quote = quoting.quote(ground, settle=data["settle_on"])
                if self.quote.gross <= 0:
                    raise RequestError(
                        _("Wpłacono już więcej, niż kosztuje rozliczenie. Napisz do nas.")
                    )
            except RequestError as error:
                self.add_error(None, str(error))
        return data

    def _clean_buyer(self, data: dict[str, Any]) -> None:
        if not data.get("buyer_name"):
            self.add_error("buyer_name", _("Podaj nazwę firmy, która kupuje."))
        try:
            data["buyer_nip"] = clean_nip(data.get("buyer_nip", ""))
        except ValidationError as error:
            self.add_error("buyer_nip", error)


def _form(form: RequestForm) -> TerminationForm:
    return cast("TerminationForm", form)


def _lines(form: RequestForm) -> list[tuple[str, str]]:
    own = _form(form)
    data = own.cleaned_data
    lines = [(row.label, row.value) for row in own.quote.rows()]
    if own.quote.meanwhile:
        lines.append(
            (_("Do tego dnia płatne jak dotąd, brutto"), format_money(own.quote.meanwhile))
        )
    if own.quote.needs_expert:
        lines.append((_("Wycena rzeczoznawcy"), _("potrzebna, zamówimy ją")))
    if data["buyer"] == _THIRD:
        lines.append((_("Kupuje"), f"{data['buyer_name']}, NIP {data['buyer_nip']}"))
    else:
        lines.append((_("Kupuje"), own.about.company.name))
    if data["reason"]:
        lines.append((_("Powód"), data["reason"]))
    return lines


def _facts(form: RequestForm) -> dict[str, Any]:
    own = _form(form)
    data = own.cleaned_data
    return {
        "quote": own.quote.data(),
        "rows": [row._asdict() for row in own.quote.rows()],
        "buyer": data["buyer"],
        "buyer_name": data["buyer_name"],
        "buyer_nip": data["buyer_nip"],
        "reason": data["reason"],
    }


def _sms(about: About) -> str:
    quote = about.facts["quote"]
    words = {"contract": quote["contract"], "gross": quote["gross"]}
    return _("Koniec umowy %(contract)s, brutto %(gross)s PLN") % words


def _keep_quote(request: Request, at: dt.datetime) -> Verdict:
    """Runs in the transaction of filing: what was accepted is kept beside the request. After a
    supplement it is the newly accepted one."""
    quote = request.facts["quote"]
    SettlementQuote.objects.update_or_create(
        request=request,
        defaults={
            "rule_id": quote["rule"],
            "made_at": at,
            "settle_on": dt.date.fromisoformat(quote["settle_on"]),
            "valid_until": dt.date.fromisoformat(quote["valid_until"]),
            "discount_pct": Decimal(quote["discount_pct"]),
            "rows": request.facts["rows"],
            **{name: Decimal(quote[name]) for name in ("net", "vat", "gross")},
        },
    )
    return Verdict(False, _("cenę potwierdza pracownik i przygotowuje dokumenty sprzedaży"))


def _still_possible(request: Request, at: dt.datetime, actor: User | None) -> None:
    """The client accepted in time; the price holds for its day and for no later one."""
    quote = request.settlement_quote
    if clock.today(at) > quote.settle_on:
        raise RequestError(
            _("Dzień rozliczenia minął %s. Poproś klienta o uzupełnienie: wybierze nowy dzień.")
            % long_date(quote.settle_on)
        )


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    """The accepted price beside the price of the same day as the books stand now."""
    quote = SettlementQuote.objects.filter(request=request).first()
    if quote is None or request.contract is None:
        return ()
    try:
        ground = quoting.ground_of(request.contract, on=clock.today(at))
        gross = format_money(quoting.quote(ground, settle=quote.settle_on).gross)
    except RequestError as error:
        gross = str(error)
    return (
        (_("Cena przyjęta przez klienta, brutto"), format_money(quote.gross)),
        (_("Ta sama data policzona dziś, brutto"), gross),
        (_("Dzień rozliczenia"), long_date(quote.settle_on)),
        (
            _("Wycena rzeczoznawcy"),
            _("potrzebna") if request.facts["quote"]["needs_expert"] else _("niepotrzebna"),
        ),
    )


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    quote = request.settlement_quote
    with translation.override(request.language):  # the rows were written in it
        title = _("Rozliczenie wcześniejszego zakończenia umowy")
        about = [
            (_("Umowa"), request.contract.number if request.contract else ""),
            (_("Dzień rozliczenia"), long_date(quote.settle_on)),
        ]
    return [
        Paper(
            template="early_termination.html",
            title=title,
            version="1",
            languages=(request.language,),
            valid_from=clock.today(quote.made_at),
            valid_to=quote.settle_on,
            about=about,
            context={"quote": quote, "rule": quote.rule},
        )
    ]


TYPE = RequestType(
    name=quoting.KIND,
    title=gettext_lazy("Wcześniejsze zakończenie umowy"),
    summary=gettext_lazy("Cena od ręki na wybrany dzień z najbliższych 60, z całym rachunkiem"),
    group=Group.CONTRACT,
    form=TerminationForm,
    contracts=lambda rows, on: rows.filter(status=ContractStatus.ACTIVE, handover_on__lte=on),
    right=Right.SIGN,
    signed=True,
    is_financial=True,
    costly=True,
    fee_code="early_termination",
    working_days=3,
    exclusive=True,
    needed=[
        gettext_lazy("dzień rozliczenia"),
        gettext_lazy("nazwa i NIP firmy, jeśli kupuje ktoś inny"),
    ],
    next_step=gettext_lazy(
        "Potwierdzimy cenę i przyślemy dokument z rachunkiem. "
        "Potem zapłacisz, a my wystawimy fakturę i przeniesiemy własność."
    ),
    lines=_lines,
    facts=_facts,
    sms=_sms,
    basis=lambda about, facts: {"quote": facts["quote"]},
    amount=lambda facts: Decimal(facts["quote"]["gross"]),
    decide=_keep_quote,
    effect=_still_possible,
    papers=_papers,
    closes_itself=False,
    office=_office,
)

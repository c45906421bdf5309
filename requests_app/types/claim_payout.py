"""An authorisation to collect a claim payout after a partial damage (domain 4.1 and 5).

After a total loss or a theft the lease expires and is settled, so that there is nothing to collect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.money import ZERO, format_money
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from invoicing.filters import clean_amount
from requests_app.arrears import arrears_of
from requests_app.catalogue import About, Files, Group, Paper, RequestType, Subject, Verdict
from requests_app.forms import LineField, RequestForm, day_field
from requests_app.models import Request

_LARGEST = Decimal("99999999.99")


class PayoutForm(RequestForm):
    claim_number = LineField(label=gettext_lazy("Numer szkody"), max_length=60)
    insurer = LineField(label=gettext_lazy("Ubezpieczyciel, który wypłaca"), max_length=120)
    damaged_on = day_field(gettext_lazy("Dzień szkody"))
    amount = LineField(
        label=gettext_lazy("Kwota odszkodowania, zł"),
        help_text=gettext_lazy("Jeśli ubezpieczyciel już ją podał."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def clean_amount(self) -> Decimal | None:
        typed = "".join(self.cleaned_data["amount"].split())
        if not typed:
            return None
        amount = clean_amount(typed)
        if amount is None or not ZERO < amount <= _LARGEST:
            raise forms.ValidationError(_("Podaj kwotę, na przykład 1234,56."))
        return amount

    def clean_damaged_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["damaged_on"]
        contract = self.about.contract
        if day > self.about.on:
            raise forms.ValidationError(_("Dzień szkody nie może być w przyszłości."))
        began = (contract.handover_on or contract.signed_on) if contract else None
        if began is not None and day < began:
            raise forms.ValidationError(_("Wtedy umowa leasingu tego pojazdu jeszcze nie trwała."))
        return day


def _amount(facts: dict[str, Any]) -> Decimal | None:
    return Decimal(facts["amount"]) if facts["amount"] else None


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    typed = form.cleaned_data
    lines = [
        (_("Numer szkody"), typed["claim_number"]),
        (_("Ubezpieczyciel"), typed["insurer"]),
        (_("Dzień szkody"), long_date(typed["damaged_on"])),
    ]
    if typed["amount"] is not None:
        lines.append((_("Kwota odszkodowania"), format_money(typed["amount"])))
    return lines


def _facts(form: RequestForm) -> dict[str, Any]:
    typed = form.cleaned_data
    return {
        "claim_number": typed["claim_number"],
        "insurer": typed["insurer"],
        "damaged_on": typed["damaged_on"].isoformat(),
        "amount": "" if typed["amount"] is None else str(typed["amount"]),
    }


def _decide(request: Request, at: dt.datetime) -> Verdict:
    """Staff decide; the rule is that there are no arrears (domain 4.1)."""
    if arrears_of(request.company, on=clock.today(at)).exists():
        return Verdict(
            False, _("Są zaległości. Upoważnienie dajemy z zasady, gdy wszystko jest zapłacone.")
        )
    return Verdict(False)


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    """Without a last day: no rule names one, and it serves a single claim."""
    return [
        Paper(
            template="claim_payout.html",
            title=_("Upoważnienie do odbioru odszkodowania"),
            version="2026-11",
            valid_from=clock.today(request.decided_at or at),
            about=[
                (_("Pojazd"), str(request.asset)),
                (_("Numer szkody"), request.facts["claim_number"]),
            ],
            context={
                "damaged_on": dt.date.fromisoformat(request.facts["damaged_on"]),
                "amount": _amount(request.facts),
            },
        )
    ]


def _sms(about: About) -> str:
    sign = about.asset.sign if about.asset else ""
    return _("upoważnienie do odszkodowania za pojazd %s") % sign


TYPE = RequestType(
    name="claim-payout",
    title=gettext_lazy("Upoważnienie do odbioru odszkodowania"),
    summary=gettext_lazy("Po naprawie: odszkodowanie dostaniesz od ubezpieczyciela bez nas"),
    group=Group.VEHICLE,
    form=PayoutForm,
    subject=Subject.VEHICLE,
    vehicles_only=True,
    right=Right.SIGN,
    signed=True,
    is_financial=True,
    fee_code="payout_letter",
    files=Files.WELCOME,
    files_hint=gettext_lazy("Faktura za naprawę, jeśli już jest."),
    needed=(
        gettext_lazy("numer szkody i nazwa ubezpieczyciela"),
        gettext_lazy("faktura za naprawę, jeśli już jest"),
        gettext_lazy("brak zaległości: taka jest zasada"),
        gettext_lazy("dotyczy szkody częściowej; przy całkowitej i kradzieży napisz do nas"),
    ),
    next_step=gettext_lazy("Sprawdzimy wniosek. Po zgodzie upoważnienie pobierzesz tutaj."),
    lines=_lines,
    facts=_facts,
    sms=_sms,
    amount=_amount,
    decide=_decide,
    papers=_papers,
)

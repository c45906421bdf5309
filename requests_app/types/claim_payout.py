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
from eboks.accounts.models import User
from eboks.form_fields import LineField, day_field
from eboks.money import ZERO, format_money
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date, short_date
from insurance.claim_errors import ClaimError
from insurance.claims import authorise, withhold
from insurance.enums import ClaimStatus
from insurance.models import Claim
from invoicing.filters import clean_amount
from requests_app.arrears import arrears_of
from requests_app.catalogue import (
    About,
    Files,
    Group,
    Paper,
    RequestError,
    RequestType,
    Subject,
    Verdict,
)
from requests_app.forms import RequestForm
from requests_app.models import Request

_LARGEST = Decimal("99999999.99")
_FROM_CLAIM = ("claim_number", "insurer", "damaged_on")


class PayoutForm(RequestForm):
    """Of an own open partial claim the rest is known; any other is typed by hand."""

    claim = forms.ChoiceField(
        label=gettext_lazy("Szkoda zgłoszona w portalu"),
        help_text=gettext_lazy("Numer, ubezpieczyciela i dzień weźmiemy ze zgłoszenia."),
        required=False,
    )
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.claims = payable_claims(self.about)
        if not self.claims:
            del self.fields["claim"]
            return
        field: Any = self.fields["claim"]
        field.choices = [
            ("", _("inna, wpiszę dane sam(a)")),
            *((str(claim.public_id), _said_of(claim)) for claim in self.claims),
        ]
        if len(self.claims) == 1:
            field.initial = str(self.claims[0].public_id)
        for name in _FROM_CLAIM:
            self.fields[name].required = False
            self.fields[name].help_text = _("Tylko gdy szkody nie ma na liście.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = cleaned.get("claim")
        cleaned["own_claim"] = found = next(
            (claim for claim in self.claims if str(claim.public_id) == chosen), None
        )
        if found is not None and found.insurer is not None:
            for name in _FROM_CLAIM:
                self.errors.pop(name, None)
            cleaned |= {
                "claim_number": found.insurer_number,
                "insurer": found.insurer.name,
                "damaged_on": clock.today(found.happened_at),
            }
            return cleaned
        for name in _FROM_CLAIM:
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, self.fields[name].error_messages["required"])
        typed = str(cleaned.get("claim_number") or "").casefold()
        cleaned["own_claim"] = next(
            (claim for claim in self.claims if claim.insurer_number.casefold() == typed), None
        )
        return cleaned

    def clean_amount(self) -> Decimal | None:
        typed = "".join(self.cleaned_data["amount"].split())
        if not typed:
            return None
        amount = clean_amount(typed)
        if amount is None or not ZERO < amount <= _LARGEST:
            raise forms.ValidationError(_("Podaj kwotę, na przykład 1234,56."))
        return amount

    def clean_damaged_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["damaged_on"]
        contract = self.about.contract
        if day is None:
            return None
        if day > self.about.on:
            raise forms.ValidationError(_("Dzień szkody nie może być w przyszłości."))
        began = (contract.handover_on or contract.signed_on) if contract else None
        if began is not None and day < began:
            raise forms.ValidationError(_("Wtedy umowa leasingu tego pojazdu jeszcze nie trwała."))
        return day


def payable_claims(about: About) -> list[Claim]:
    """Open partial claims about the vehicle that the author may see, the newest first."""
    if about.asset is None or about.contract is None:
        return []
    rows = Claim.objects.for_user(about.user).filter(
        asset=about.asset,
        company=about.company,
        status__in=[ClaimStatus.PARTIAL, ClaimStatus.WITHHELD],
        insurer__isnull=False,
    )
    rows = rows.exclude(insurer_number="").select_related("insurer")
    return list(rows.order_by("-happened_at", "-pk"))


def _said_of(claim: Claim) -> str:
    day = short_date(clock.today(claim.happened_at))
    return f"{claim.insurer_number}, {claim.insurer}, {day} ({claim.reference})"


def _amount(facts: dict[str, Any]) -> Decimal | None:
    return Decimal(facts["amount"]) if facts["amount"] else None


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    typed = form.cleaned_data
    lines = [
        (_("Numer szkody"), typed["claim_number"]),
        (_("Ubezpieczyciel"), typed["insurer"]),
        (_("Dzień szkody"), long_date(typed["damaged_on"])),
    ]
    if typed["own_claim"] is not None:
        lines.insert(0, (_("Szkoda w portalu"), typed["own_claim"].reference))
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
        "claim": str(typed["own_claim"].public_id) if typed["own_claim"] else "",
    }


def _decide(request: Request, at: dt.datetime) -> Verdict:
    """Staff decide; the rule is that there are no arrears (domain 4.1)."""
    if arrears_of(request.company, on=clock.today(at)).exists():
        return Verdict(
            False, _("Są zaległości. Upoważnienie dajemy z zasady, gdy wszystko jest zapłacone.")
        )
    return Verdict(False)


def _claim_of(request: Request) -> Claim | None:
    """The claim that the request is about; None for one typed by hand."""
    public_id = request.facts.get("claim")
    if not public_id:
        return None
    rows = Claim.objects.filter(company=request.company, public_id=public_id)
    return rows.select_related("company", "author", "asset").first()


def _effect(request: Request, at: dt.datetime, actor: User | None) -> None:
    """The claim is authorised together with the request, and never with arrears."""
    claim = _claim_of(request)
    if claim is None:
        return
    try:
        authorise(claim=claim, actor=actor, at=at)
    except ClaimError as error:
        raise RequestError(str(error)) from error


def _refused(request: Request, at: dt.datetime, actor: User | None) -> None:
    """A refusal while there are arrears withholds the authorisation of the claim."""
    claim = _claim_of(request)
    if claim is None or claim.status != ClaimStatus.PARTIAL:
        return
    if not arrears_of(request.company, on=clock.today(at)).exists():
        return
    try:
        withhold(claim=claim, actor=actor, at=at)
    except ClaimError as error:
        raise RequestError(str(error)) from error


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    claim = _claim_of(request)
    if claim is None:
        return [(_("Szkoda w portalu"), _("nie wskazano, numer wpisany ręcznie"))]
    return [(_("Szkoda w portalu"), f"{claim.reference}, {claim.get_status_display()}")]


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
    effect=_effect,
    refused=_refused,
    office=_office,
    papers=_papers,
)

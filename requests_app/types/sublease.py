"""A vehicle given to a third party: used for free, or subleased (domain 4.1; issue item 2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum.pl import nip, pesel

from contracts.models import Contract
from eboks.accounts.models import User
from eboks.form_fields import LineField, day_field
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from requests_app import vehicle_uses
from requests_app.catalogue import About, Files, Group, Paper, RequestError, RequestType, Subject
from requests_app.eligibility import live_leases
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.models.vehicle_uses import Purpose, UserKind

_SHOWN_OF_PESEL = 4
_WHO = {
    UserKind.PERSON: gettext_lazy("osoba"),
    UserKind.COMPANY: gettext_lazy("firma, także jednoosobowa"),
}


class SubleaseForm(RequestForm):
    user_kind = forms.ChoiceField(
        label=gettext_lazy("Kto będzie używać pojazdu"),
        choices=list(_WHO.items()),
        widget=forms.RadioSelect,
    )
    user_name = LineField(label=gettext_lazy("Imię i nazwisko albo nazwa firmy"), max_length=120)
    identifier = LineField(
        label=gettext_lazy("PESEL osoby albo NIP firmy"),
        help_text=gettext_lazy(
            "Z numeru PESEL po złożeniu widać, a po decyzji zostają tylko cztery ostatnie cyfry."
        ),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Na jakich zasadach"), choices=Purpose.choices, widget=forms.RadioSelect
    )
    from_on = day_field(gettext_lazy("Od kiedy"))
    to_on = day_field(
        gettext_lazy("Do kiedy, włącznie"),
        help_text=gettext_lazy("Najpóźniej do końca umowy leasingu."),
    )
    insured = forms.BooleanField(
        label=gettext_lazy("Polisa pojazdu pozwala oddać go tej osobie albo firmie."),
        error_messages={
            "required": gettext_lazy("Sprawdź polisę. Bez jej zgody nie oddawaj pojazdu.")
        },
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("user_kind") and values.get("identifier"):
            self._check_identifier(values["user_kind"], values["identifier"])
        from_on, to_on = values.get("from_on"), values.get("to_on")
        if from_on and from_on < self.about.on:
            self.add_error("from_on", _("Wpisz dziś albo późniejszy dzień."))
        if to_on and self.about.contract and to_on > self.about.contract.end_on:
            end_on = long_date(self.about.contract.end_on)
            self.add_error("to_on", _("Umowa kończy się %s. Wpisz wcześniejszy dzień.") % end_on)
        if from_on and to_on and to_on < from_on:
            self.add_error("to_on", _("Koniec nie może być przed początkiem."))
        if from_on and to_on and not self.errors:
            self._check_free(from_on, to_on)
        return values

    def _check_identifier(self, kind: str, value: str) -> None:
        if kind == UserKind.PERSON:
            if not pesel.is_valid(value):
                self.add_error("identifier", _("To nie jest poprawny PESEL: potrzeba 11 cyfr."))
        elif not nip.is_valid(value):
            self.add_error("identifier", _("To nie jest poprawny NIP: potrzeba 10 cyfr."))
        elif nip.compact(value) == self.about.company.nip:
            self.add_error("identifier", _("To NIP Twojej firmy. Ona nie potrzebuje tej zgody."))

    def _check_free(self, from_on: dt.date, to_on: dt.date) -> None:
        if self.about.asset is None:
            return
        try:
            vehicle_uses.check_free(
                asset=self.about.asset, company=self.about.company, from_on=from_on, to_on=to_on
            )
        except RequestError as error:
            self.add_error("from_on", str(error))


def _identifier(typed: dict[str, Any]) -> str:
    """What is shown and kept: the NIP, or the PESEL with its last four digits alone."""
    if typed["user_kind"] == UserKind.COMPANY:
        return str(nip.compact(typed["identifier"]))
    number = str(pesel.compact(typed["identifier"]))
    hidden = len(number) - _SHOWN_OF_PESEL
    return "•" * hidden + number[hidden:]


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    typed = form.cleaned_data
    label = "PESEL" if typed["user_kind"] == UserKind.PERSON else "NIP"
    return [
        (_("Kto będzie używać"), typed["user_name"]),
        (label, _identifier(typed)),
        (_("Zasady"), str(Purpose(typed["purpose"]).label)),
        (_("Od"), long_date(typed["from_on"])),
        (_("Do, włącznie"), long_date(typed["to_on"])),
        (_("Polisa"), _("pozwala oddać pojazd")),
    ]


def _facts(form: RequestForm) -> dict[str, Any]:
    typed = form.cleaned_data
    return {
        "user_kind": typed["user_kind"],
        "user_name": typed["user_name"],
        "identifier": _identifier(typed),
        "purpose": typed["purpose"],
        "from_on": typed["from_on"].isoformat(),
        "to_on": typed["to_on"].isoformat(),
    }


def _days(facts: dict[str, Any]) -> tuple[dt.date, dt.date]:
    return dt.date.fromisoformat(facts["from_on"]), dt.date.fromisoformat(facts["to_on"])


def _basis(about: About, facts: dict[str, Any]) -> dict[str, Any]:
    return {"end_on": about.contract.end_on.isoformat() if about.contract else ""}


def _enter(request: Request, at: dt.datetime, actor: User | None) -> None:
    """Enters the user into the register, if the contract still covers the period."""
    from_on, to_on = _days(request.facts)
    own = Contract.objects.filter(pk=request.contract_id or 0, company=request.company_id)
    contract = own.live().first()
    if contract is None or contract.end_on < to_on:
        raise RequestError(_("Umowa leasingu nie obejmuje już całego okresu z wniosku."))
    who = vehicle_uses.ThirdParty(
        kind=UserKind(request.facts["user_kind"]),
        name=request.facts["user_name"],
        identifier=request.facts["identifier"],
        purpose=Purpose(request.facts["purpose"]),
    )
    vehicle_uses.enter(request=request, who=who, from_on=from_on, to_on=to_on, at=at)


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    use = request.vehicle_use
    if use.ended_on is not None or request.asset is None:  # given up before the paper was made
        return []
    return [
        Paper(
            template="sublease.html",
            title=_("Zgoda na oddanie pojazdu osobie trzeciej"),
            version="2026-11",
            valid_from=use.from_on,
            valid_to=use.to_on,
            about=[(_("Pojazd"), str(request.asset))],
            context={"use": use},
        )
    ]


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    """What staff do not see in the summary: that the vehicle has another user by now."""
    use = getattr(request, "vehicle_use", None)
    if use is not None or request.asset is None or not request.facts:
        return []
    from_on, to_on = _days(request.facts)
    try:
        vehicle_uses.check_free(
            asset=request.asset, company=request.company, from_on=from_on, to_on=to_on
        )
    except RequestError as error:
        return [(_("Rejestr użytkowników"), str(error))]
    return [(_("Rejestr użytkowników"), _("pojazd jest w tym czasie wolny"))]


def _sms(about: About) -> str:
    sign = about.asset.sign if about.asset else ""
    return _("oddanie pojazdu %s osobie trzeciej") % sign


TYPE = RequestType(
    name="sublease",
    title=gettext_lazy("Pojazd dla osoby trzeciej"),
    summary=gettext_lazy("Zgoda na użyczenie albo podnajem pojazdu osobie lub firmie"),
    group=Group.VEHICLE,
    form=SubleaseForm,
    subject=Subject.VEHICLE,
    contracts=live_leases,
    vehicles_only=True,
    right=Right.SIGN,
    signed=True,
    fee_code="sublease",
    files=Files.WELCOME,
    files_hint=gettext_lazy("Umowa z użytkownikiem, jeśli już jest."),
    needed=(
        gettext_lazy("nazwisko i PESEL osoby albo nazwa i NIP firmy"),
        gettext_lazy("polisa pojazdu, żeby sprawdzić, czy pozwala go oddać"),
    ),
    next_step=gettext_lazy("Sprawdzimy wniosek. Po zgodzie dokument pobierzesz tutaj."),
    lines=_lines,
    facts=_facts,
    sms=_sms,
    basis=_basis,
    effect=_enter,
    papers=_papers,
    papers_with_contract=True,
    private=("identifier",),
    office=_office,
)

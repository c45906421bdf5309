"""Consent to take a vehicle abroad, with a paper for police and border guards (domain 4.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import ContractStatus
from contracts.models import Asset, Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.form_fields import LineField, day_field
from eboks.ui.words import long_date
from insurance.territory import Reach
from requests_app import trip_cover
from requests_app.arrears import arrears_of
from requests_app.catalogue import (
    Group,
    Paper,
    RequestError,
    RequestType,
    Subject,
    Verdict,
)
from requests_app.countries import country_name, day_in, in_order, language_name, rules_on
from requests_app.eligibility import live_leases
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.models.countries import PAPER_LANGUAGES, CountryGroup, CountryRule

TEXT_VERSION = "2026-1"  # of papers/travel_*.html and of the words below
_LONGEST_MONTHS = 12  # domain 4.2
_USUAL_LANGUAGES = ("pl", "en")
_COMPANY, _PERSON = "company", "person"

# Words of the papers, as literal as their templates: no catalogue of the portal has German.
_TITLES = {
    "pl": "Zgoda na wyjazd pojazdu za granicę",
    "en": "Consent to take a vehicle abroad",
    "de": "Genehmigung zur Fahrt ins Ausland",
    "uk": "Дозвіл на виїзд транспортного засобу за кордон",
}
_ABOUT = {
    "pl": ("Pojazd", "Kraje"),
    "en": ("Vehicle", "Countries"),
    "de": ("Fahrzeug", "Länder"),
    "uk": ("Транспортний засіб", "Країни"),
}
_QR_TITLES = {
    "pl": "Kod QR do sprawdzenia dokumentu",
    "en": "QR code to check this document",
    "de": "QR-Code zur Prüfung dieses Dokuments",
    "uk": "QR-код для перевірки документа",
}


class CountryBoxes(forms.CheckboxSelectMultiple):
    """A box a country, under the heading of its group, in columns."""

    template_name = "requests_app/country_boxes.html"


class TravelForm(RequestForm):
    countries = forms.MultipleChoiceField(
        label=gettext_lazy("Kraje, do których jedzie pojazd"),
        help_text=gettext_lazy("Zaznacz też kraje, przez które tylko przejeżdża."),
        widget=CountryBoxes,
        error_messages={"required": gettext_lazy("Zaznacz co najmniej jeden kraj.")},
    )
    first_day = day_field(gettext_lazy("Od"))
    last_day = day_field(
        gettext_lazy("Do"),
        help_text=gettext_lazy("Najwyżej 12 miesięcy i nie dłużej niż do końca umowy."),
    )
    driver = forms.ChoiceField(
        label=gettext_lazy("Kto prowadzi"),
        choices=[
            (_COMPANY, gettext_lazy("każdy, komu firma powierzy pojazd")),
            (_PERSON, gettext_lazy("jedna wskazana osoba")),
        ],
        widget=forms.RadioSelect,
        initial=_COMPANY,
    )
    first_name = LineField(
        label=gettext_lazy("Imię kierowcy"),
        help_text=gettext_lazy("Tylko gdy prowadzi wskazana osoba. Tak, jak w prawie jazdy."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_name = LineField(
        label=gettext_lazy("Nazwisko kierowcy"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Języki dokumentu"),
        help_text=gettext_lazy("Dla każdego języka powstanie osobny dokument."),
        choices=lambda: [(code, language_name(code)) for code in PAPER_LANGUAGES],
        widget=forms.CheckboxSelectMultiple,
        initial=_USUAL_LANGUAGES,
        error_messages={"required": gettext_lazy("Zaznacz co najmniej jeden język.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries: Any = self.fields["countries"]
        countries.choices = _offered(rules_on(self.about.on))
        for name in ("first_day", "last_day"):
            self.fields[name].widget.attrs["min"] = self.about.on.isoformat()

    def clean_first_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["first_day"]
        if day < self.about.on:
            raise ValidationError(_("Pierwszy dzień wyjazdu już minął."))
        return day

    def clean_countries(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["countries"]))

    def clean_languages(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["languages"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_period(cleaned.get("first_day"), cleaned.get("last_day"))
        if cleaned.get("driver") == _PERSON:
            for name, text in (
                ("first_name", _("Podaj imię kierowcy.")),
                ("last_name", _("Podaj nazwisko kierowcy.")),
            ):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, text)
        if {"countries", "languages", "first_day"} <= cleaned.keys():
            self._check_languages(cleaned)
        return cleaned

    def _check_period(self, first: dt.date | None, last: dt.date | None) -> None:
        if first is None or last is None:
            return
        contract = self.about.contract
        if last < first:
            self.add_error("last_day", _("Ostatni dzień nie może być przed pierwszym."))
        elif contract is not None and last > contract.end_on:
            self.add_error(
                "last_day", _("Umowa kończy się wcześniej: %s.") % long_date(contract.end_on)
            )
        # After the end of the contract, for 12 months from a day of the year 9999 are no date.
        elif last >= clock.add_months(first, _LONGEST_MONTHS):
            self.add_error("last_day", _("Zgodę wydajemy najwyżej na 12 miesięcy."))

    def _check_languages(self, cleaned: dict[str, Any]) -> None:
        rules = rules_on(cleaned["first_day"])
        for code in cleaned["countries"]:
            rule = rules.get(code)
            if rule and rule.languages and not set(rule.languages) & set(cleaned["languages"]):
                names = ", ".join(language_name(one) for one in rule.languages)
                words = {"country": country_name(code), "languages": names}
                self.add_error(
                    "languages", _("%(country)s wymaga dokumentu w języku: %(languages)s.") % words
                )


def _offered(rules: Mapping[str, CountryRule]) -> list[tuple[Any, Any]]:
    """Countries in the order of their names, under what choosing one of the group means."""
    heads = {
        CountryGroup.FREE: _("Zgoda od razu, jeśli nic nie stoi na przeszkodzie"),
        CountryGroup.GREEN_CARD: _("Najpierw sprawdzimy zakres polisy"),
        CountryGroup.EXCLUDED: _("Uwaga: rozpatrzy pracownik i może odmówić"),
    }
    shelves = []
    for group, head in heads.items():
        codes = in_order([code for code, rule in rules.items() if rule.group == group])
        if codes:
            shelves.append((head, [(code, country_name(code)) for code in codes]))
    return shelves


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    typed = form.cleaned_data
    codes = in_order(typed["countries"])
    rules = rules_on(typed["first_day"])
    period = f"{long_date(typed['first_day'])} – {long_date(typed['last_day'])}"
    lines = [
        (_("Kraje"), ", ".join(map(country_name, codes))),
        (_("Okres"), period),
        (_("Kierowca"), _driver(typed) or _("każdy, komu firma powierzy pojazd")),
        (_("Języki dokumentu"), ", ".join(map(language_name, typed["languages"]))),
    ]
    notes = [
        f"{country_name(code)}: {rules[code].note}"
        for code in codes
        if code in rules and rules[code].note
    ]
    if notes:
        lines.append((_("Warto wiedzieć"), "\n".join(notes)))
    reasons = _country_reasons(codes, rules)
    if form.about.asset is not None:
        first, last = typed["first_day"], typed["last_day"]
        reach = trip_cover.cover_of_trip(form.about.asset, codes, rules, first=first, last=last)
        reasons += filter(None, [trip_cover.not_covered(reach)])
    if reasons:
        lines.append((_("Uwaga: zgody nie będzie od razu"), "\n".join(reasons)))
    return lines


def _facts(form: RequestForm) -> dict[str, Any]:
    typed = form.cleaned_data
    return {
        "countries": sorted(typed["countries"]),
        "first_day": typed["first_day"].isoformat(),
        "last_day": typed["last_day"].isoformat(),
        "driver": _driver(typed),
        "languages": [code for code in PAPER_LANGUAGES if code in typed["languages"]],
    }


def _driver(typed: Mapping[str, Any]) -> str:
    """Empty: whoever the company lets drive. A name typed for nobody is not kept."""
    if typed["driver"] != _PERSON:
        return ""
    return f"{typed['first_name']} {typed['last_name']}"


def _country_reasons(codes: Iterable[str], rules: Mapping[str, CountryRule]) -> list[str]:
    """Why a person has to look at these countries, each under its gravest reason; nothing when the
    portal may agree by itself."""
    texts = {
        "excluded": _("Kraje zwykle wyłączone, pracownik może odmówić: %s."),
        "unknown": _("Nie mamy zasad dla krajów: %s."),
        "ac": _("Sprawdzimy, czy trzeba rozszerzyć autocasco: %s."),
        "policy": _("Sprawdzimy zakres polisy: %s."),
    }
    found: dict[str, list[str]] = {reason: [] for reason in texts}
    for code in codes:
        if reason := _reason(rules.get(code)):
            found[reason].append(country_name(code))
    return [texts[reason] % ", ".join(names) for reason, names in found.items() if names]


def _reason(rule: CountryRule | None) -> str:
    if rule is None:
        return "unknown"
    if rule.group == CountryGroup.EXCLUDED:
        return "excluded"
    if rule.ac_extension:
        return "ac"
    return "policy" if rule.group == CountryGroup.GREEN_CARD else ""


def _decide(request: Request, at: dt.datetime) -> Verdict:
    """At once for group A, an active contract, a plate and no arrears. Anything that may leave the
    scope of a usual policy goes to staff, and so does a trip that the one in the portal lacks.
    """
    contract, asset = _subject(request)
    first, _last = _period(request)
    reasons = []
    if arrears_of(request.company, on=clock.today(at)).exists():
        reasons.append(_("Firma ma płatności po terminie."))
    if contract.status != ContractStatus.ACTIVE:
        reasons.append(_("Umowa nie jest teraz aktywna."))
    if not asset.plate:
        reasons.append(_("Pojazd nie ma jeszcze numeru rejestracyjnego."))
    reasons += _country_reasons(in_order(request.facts["countries"]), rules_on(first))
    if missing := trip_cover.not_covered(_reach(request)):
        reasons.append(missing)
    return Verdict(not reasons, " ".join(reasons))


def _effect(request: Request, at: dt.datetime, actor: User | None) -> None:
    """Nothing changes but the paper; one that is no longer true is not issued."""
    contract, asset = _subject(request)
    _first, last = _period(request)
    if last < clock.today(at):
        raise RequestError(_("Okres wyjazdu już minął."))
    if last > contract.end_on:
        raise RequestError(_("Umowa kończy się przed końcem wyjazdu."))
    if not asset.plate:
        raise RequestError(_("Pojazd nie ma jeszcze numeru rejestracyjnego."))


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    _contract, asset = _subject(request)
    first, last = _period(request)
    papers = []
    for language in request.facts["languages"]:
        codes = in_order(request.facts["countries"], language)
        names = ", ".join(country_name(code, language) for code in codes)
        vehicle, countries = _ABOUT[language]
        papers.append(
            Paper(
                template=f"travel_{language}.html",
                title=_TITLES[language],
                version=TEXT_VERSION,
                languages=(language,),
                valid_from=first,
                valid_to=last,
                about=((vehicle, asset.plate), (countries, names)),
                qr_title=_QR_TITLES[language],
                context={
                    "countries": names,
                    "driver": request.facts["driver"],
                    "first_day": day_in(first, language),
                    "last_day": day_in(last, language),
                },
            )
        )
    return papers


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    """The policy, if known, and what the rules say of each country on the first day of the trip."""
    first, _last = _period(request)
    rules = rules_on(first)
    return [
        *trip_cover.said_of(_reach(request)),
        *(
            (country_name(code), _said_of(rules.get(code)))
            for code in in_order(request.facts["countries"])
        ),
    ]


def _reach(request: Request) -> Reach:
    _contract, asset = _subject(request)
    first, last = _period(request)
    codes = request.facts["countries"]
    return trip_cover.cover_of_trip(asset, codes, rules_on(first), first=first, last=last)


def _said_of(rule: CountryRule | None) -> str:
    if rule is None:
        return _("nie ma zasady na pierwszy dzień wyjazdu")
    said = [str(rule.get_group_display())]
    asked = (
        (rule.green_card, _("Zielona Karta")),
        (rule.notary, _("poświadczenie notariusza")),
        (rule.legalisation, _("legalizacja")),
        (rule.ac_extension, _("AC może nie obejmować")),
    )
    said += [text for wanted, text in asked if wanted]
    if rule.languages:
        said.append(_("dokument w języku: %s") % ", ".join(map(language_name, rule.languages)))
    if rule.note:
        said.append(rule.note)
    said.append(_("podstawa: %s") % rule.basis)
    return "; ".join(said)


def _subject(request: Request) -> tuple[Contract, Asset]:
    if request.contract is None or request.asset is None:
        raise RequestError(_("Ten wniosek nie wskazuje pojazdu."))
    return request.contract, request.asset


def _period(request: Request) -> tuple[dt.date, dt.date]:
    days = (request.facts[name] for name in ("first_day", "last_day"))
    first, last = map(dt.date.fromisoformat, days)
    return first, last


TYPE = RequestType(
    name="travel-consent",
    bulk=True,
    title=gettext_lazy("Wyjazd pojazdem za granicę"),
    summary=gettext_lazy("Zgoda leasingodawcy na papierze, po polsku i w obcym języku"),
    group=Group.VEHICLE,
    form=TravelForm,
    subject=Subject.VEHICLE,
    contracts=live_leases,
    vehicles_only=True,
    fee_code="travel_letter",
    needed=(
        gettext_lazy("Kraje i dni wyjazdu, także przejazd"),
        gettext_lazy("Imię i nazwisko kierowcy, jeśli ma być na zgodzie"),
    ),
    next_step=gettext_lazy("Sprawdzimy kraje i polisę. Zgoda pojawi się tutaj."),
    lines=_lines,
    facts=_facts,
    decide=_decide,
    effect=_effect,
    papers=_papers,
    papers_with_contract=True,
    office=_office,
)

"""An opinion on how the client pays, for a bank or a partner (domain 4.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.feeds.selectors import freshness
from eboks.form_fields import LineField
from eboks.ui.words import moment, number, short_date
from requests_app.catalogue import Group, Paper, RequestType, Subject, Verdict
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.payment_history import History, doubt, history

PERIODS = {
    "12": gettext_lazy("ostatnie 12 miesięcy"),
    "24": gettext_lazy("ostatnie 24 miesiące"),
    "36": gettext_lazy("ostatnie 36 miesięcy"),
    "whole": gettext_lazy("cały okres współpracy"),
}
LANGUAGES = {"pl": gettext_lazy("polski"), "en": gettext_lazy("angielski")}
_TEXT_VERSION = "1"


class OpinionForm(RequestForm):
    period = forms.ChoiceField(label=gettext_lazy("Za jaki okres"), choices=PERIODS, initial="12")
    language = forms.ChoiceField(
        label=gettext_lazy("Język dokumentu"), choices=LANGUAGES, initial="pl"
    )
    purpose = LineField(
        label=gettext_lazy("Dla kogo lub po co"),
        help_text=gettext_lazy("Np. dla banku. Wpiszemy to do dokumentu jako Twoje słowa."),
        required=False,
        max_length=120,
    )


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    data = form.cleaned_data
    lines = [
        (_("Okres"), str(PERIODS[data["period"]])),
        (_("Język dokumentu"), str(LANGUAGES[data["language"]])),
    ]
    if data["purpose"]:
        lines.append((_("Dla kogo lub po co"), data["purpose"]))
    return lines


def _facts(form: RequestForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("period", "language", "purpose")}


def _decide(request: Request, at: dt.datetime) -> Verdict:
    reason = doubt(company=request.company, on=clock.today(at), at=at)
    return Verdict(not reason, reason)


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    """The figures are those of the day of issue, whenever it was asked for."""
    on, language = clock.today(at), request.facts["language"]
    found = _history(request, on=on, at=at)
    with translation.override(language):
        return [
            Paper(
                template="opinion.html",
                title=_("Opinia o historii płatności"),
                version=_TEXT_VERSION,
                languages=[language],
                valid_from=on,
                about=[
                    (_("Okres"), _period(found)),
                    (_("Stan na"), short_date(on)),
                    (_("Język dokumentu"), str(LANGUAGES[language])),
                ],
                context={"history": found, "period": _period(found)},
            )
        ]


def _history(request: Request, *, on: dt.date, at: dt.datetime) -> History:
    period = request.facts["period"]
    months = None if period == "whole" else int(period)
    return history(company=request.company, months=months, on=on, at=at)


def _period(found: History) -> str:
    """Invoices are counted whose due date is over on the day of the statement."""
    until = short_date(found.on - dt.timedelta(days=1))
    if found.since is None:
        return _("cały okres współpracy, do %s") % until
    return _("od %(since)s do %(until)s") % {"since": short_date(found.since), "until": until}


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    fresh = freshness(at=at)
    contracts = request.company.contracts.exclude(status="draft")
    disputed = request.company.items.filter(is_disputed=True).exclude(open_amount=0)
    return [
        (_("Umów"), number(contracts.count())),
        (_("Należności spornych"), number(disputed.count())),
        (
            _("Dane z"),
            moment(fresh.at) if fresh.at else _("nie było jeszcze danych"),
        ),
        (
            _("Wpłaty zaksięgowane do"),
            short_date(fresh.booked_on) if fresh.booked_on else _("nie ma wpłat"),
        ),
    ]


TYPE = RequestType(
    name="opinion",
    bulk=True,
    title=gettext_lazy("Opinia o historii płatności"),
    summary=gettext_lazy("Zaświadczenie dla banku lub kontrahenta, po polsku lub po angielsku"),
    group=Group.MONEY,
    form=OpinionForm,
    subject=Subject.COMPANY,
    is_financial=True,
    fee_code="opinion",
    needed=(
        gettext_lazy("Nic. Jeśli nie masz zaległości ani spornych faktur, dokument jest od razu."),
    ),
    next_step=gettext_lazy("Bez zaległości dokument jest od razu. Inaczej sprawdzimy i odpowiemy."),
    lines=_lines,
    facts=_facts,
    decide=_decide,
    papers=_papers,
    office=_office,
)

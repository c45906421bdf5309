"""A complaint (reklamacja): answered in writing, by the term that the lessor has entered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.form_fields import LineField, TextField
from eboks.ui.words import short_date
from requests_app.catalogue import Files, Group, Paper, RequestError, RequestType, Subject
from requests_app.enums import Status
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.models.complaints import ComplaintTerm, term_of

# What the portal itself promises where the lessor has entered no term.
_WORKING_DAYS = 10


class Topic(models.TextChoices):
    INVOICE = "invoice", gettext_lazy("faktura")
    SETTLEMENT = "settlement", gettext_lazy("rozliczenie lub wpłata")
    SERVICE = "service", gettext_lazy("obsługa")
    DOCUMENT = "document", gettext_lazy("dokument")
    OTHER = "other", gettext_lazy("coś innego")


class ComplaintForm(RequestForm):
    topic = forms.ChoiceField(label=gettext_lazy("Czego dotyczy reklamacja"), choices=Topic.choices)
    contract_number = LineField(
        label=gettext_lazy("Numer umowy"),
        help_text=gettext_lazy("Jeśli reklamacja dotyczy jednej umowy."),
        max_length=40,
        required=False,
    )
    text = TextField(label=gettext_lazy("Co się stało"), rows=8)
    wanted = TextField(label=gettext_lazy("Czego oczekujesz"), rows=4)

    def clean_contract_number(self) -> str:
        """As it stands on the contract; other firms' contracts look like ones that do not exist."""
        typed: str = self.cleaned_data["contract_number"]
        if not typed:
            return ""
        own = Contract.objects.for_user(self.about.user).for_company(self.about.company)
        found = own.filter(number__iexact=typed).first()
        if found is None:
            raise forms.ValidationError(
                _("Nie mamy takiej umowy z tą firmą. Sprawdź numer albo zostaw puste pole.")
            )
        return str(found.number)


def _filed_on(request: Request, on: dt.date) -> dt.date:
    """The clock of a complaint starts once: completing it later does not start it again."""
    return clock.today(request.submitted_at) if request.submitted_at else on


def _answer_by(request: Request, on: dt.date) -> dt.date | None:
    """The last calendar day of the term; it does not move when it is no working day."""
    filed_on = _filed_on(request, on)
    term = term_of(request.company, on=filed_on)
    return filed_on + dt.timedelta(days=term.calendar_days) if term else None


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    values = form.cleaned_data
    lines = [(_("Czego dotyczy"), str(Topic(values["topic"]).label))]
    if values["contract_number"]:
        lines.append((_("Umowa"), values["contract_number"]))
    lines += [(_("Co się stało"), values["text"]), (_("Oczekiwanie"), values["wanted"])]
    return [*lines, (_("Czas na odpowiedź"), _time(term_of(form.about.company, on=form.about.on)))]


def _time(term: ComplaintTerm | None) -> str:
    if term is None:
        return ngettext(
            "%d dzień roboczy od złożenia", "%d dni roboczych od złożenia", _WORKING_DAYS
        ) % (_WORKING_DAYS,)
    return ngettext(
        "%d dzień kalendarzowy od złożenia",
        "%d dni kalendarzowych od złożenia",
        term.calendar_days,
    ) % (term.calendar_days,)


def _facts(form: RequestForm) -> dict[str, Any]:
    return {"topic": form.cleaned_data["topic"], "contract": form.cleaned_data["contract_number"]}


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    on = clock.today(request.submitted_at or request.created_at)
    term = term_of(request.company, on=on)
    if term is None:
        missing = _("W zapleczu nie ma terminu z przepisów, więc liczymy dni robocze portalu.")
        return [(_("Termin odpowiedzi"), f"{_time(None)}. {missing}")]
    until = on + dt.timedelta(days=term.calendar_days)
    return [
        (_("Termin odpowiedzi"), f"{_time(term)}: {short_date(until)}"),
        (_("Podstawa"), term.basis),
        (_("Brak odpowiedzi w terminie"), term.unanswered_means),
    ]


def _effect(request: Request, at: dt.datetime, actor: User | None) -> None:
    """A complaint is answered in writing, also when the client is right."""
    if not request.answer:
        raise RequestError(gettext_lazy("Napisz odpowiedź: klient dostanie ją jako dokument."))


def _papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    decided = clock.today(request.decided_at or at)
    return [
        Paper(
            template="complaint.html",
            title=_("Odpowiedź na reklamację"),
            version="1",
            valid_from=decided,
            context={
                "is_accepted": request.status != Status.REJECTED,
                "filed_on": _filed_on(request, decided),
                "decided_on": decided,
            },
        )
    ]


TYPE = RequestType(
    name="complaint",
    title=gettext_lazy("Reklamacja"),
    summary=gettext_lazy("Gdy coś zrobiliśmy źle: odpowiemy na piśmie"),
    group=Group.COMPANY,
    form=ComplaintForm,
    subject=Subject.COMPANY,
    files=Files.WELCOME,
    working_days=_WORKING_DAYS,
    term_text=gettext_lazy("Termin odpowiedzi zobaczysz w podsumowaniu, zanim złożysz reklamację."),
    next_step=gettext_lazy("Odpowiemy na piśmie. Dokument znajdziesz tutaj, przy reklamacji."),
    lines=_lines,
    facts=_facts,
    answer_by=_answer_by,
    effect=_effect,
    papers=_papers,
    papers_when_refused=True,
    office=_office,
)

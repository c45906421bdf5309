"""Another schedule: an extra payment or another number of instalments (domain 4.1).

The lessor decides by credit and signs an annex; until then the figures are a simulation.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.what_if import WhatIf, Wish
from eboks.form_fields import TextField
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from requests_app.catalogue import About, Files, Group, RequestType
from requests_app.eligibility import with_schedule
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.simulating import WhatIfForm, compared, counted, saved_in_words


class ScheduleChangeForm(WhatIfForm):
    reason = TextField(
        label=gettext_lazy("Dlaczego"),
        help_text=gettext_lazy("To, co pomoże nam zdecydować, na przykład zmiana przychodów."),
        max_length=1000,
    )


def _lines(form: RequestForm) -> list[tuple[str, str]]:
    cleaned = form.cleaned_data
    result: WhatIf = cleaned["result"]
    currency = form.about.own_contract.currency
    wish = Wish(cleaned["wish"])
    lines = [(_("Zmiana"), str(wish.label))]
    if result.extra:
        lines.append((_("Dzień nadpłaty"), long_date(cleaned["extra_on"])))
    lines += counted(result, currency)
    lines += [
        (label, _("%(new)s zamiast %(old)s") % {"new": new, "old": old})
        for label, old, new in compared(result, currency)
        if new != old
    ]
    lines += [
        (_("Odsetki"), saved_in_words(result, currency)),
        (_("Skąd te kwoty"), _("Symulacja z dziś. Wiąże dopiero podpisany aneks.")),
        (_("Powód"), cleaned["reason"]),
    ]
    return lines


def _facts(form: RequestForm) -> dict[str, Any]:
    result: WhatIf = form.cleaned_data["result"]
    return {
        "wish": form.cleaned_data["wish"],
        "kept": result.kept,
        "extra": str(result.extra),
        "capital": str(result.balance),
        "count": result.new.count,
        "payment": str(result.new.payment),
        "last_on": result.new.last_on.isoformat(),
        "interest_saved": str(result.interest_saved),
    }


def _basis(about: About, facts: dict[str, Any]) -> dict[str, Any]:
    """The schedule in force and what the engine made of it."""
    version = about.own_contract.schedule_versions.filter(is_current=True).first()
    return {"schedule": version.pk if version else None, "result": facts}


def _office(request: Request, at: dt.datetime) -> list[tuple[str, str]]:
    return [
        (
            _("Po zgodzie"),
            _(
                "Przygotuj aneks i po jego podpisaniu zmień harmonogram w systemie głównym."
                " Potem zamknij wniosek."
            ),
        )
    ]


TYPE = RequestType(
    name="schedule-change",
    title=gettext_lazy("Zmiana harmonogramu"),
    summary=gettext_lazy("Nadpłata, niższa rata albo inny okres, z symulacją przed złożeniem"),
    group=Group.CONTRACT,
    form=ScheduleChangeForm,
    contracts=with_schedule,
    right=Right.SIGN,
    signed=True,
    is_financial=True,
    costly=True,
    fee_code="schedule_change",
    refused_fee_code="request_examined",
    fee_when_refused=gettext_lazy(
        "To opłata za rozpatrzenie. Po zgodzie należy się opłata za zmianę, także gdy nie"
        " podpiszesz aneksu."
    ),
    working_days=10,
    exclusive=True,
    files=Files.WELCOME,
    files_hint=gettext_lazy("Dokumenty finansowe firmy: bilans, rachunek wyników albo KPiR."),
    needed=(
        gettext_lazy("Kwota i dzień nadpłaty albo liczba rat"),
        gettext_lazy("Dokumenty finansowe firmy, jeśli rata lub okres mają się zmienić znacznie"),
    ),
    next_step=gettext_lazy(
        "Ocenimy zdolność kredytową. Po zgodzie dostaniesz aneks do podpisu; nowy harmonogram"
        " zobaczysz w portalu, gdy aneks zacznie obowiązywać. Nadpłatę wpłać dopiero wtedy."
    ),
    lines=_lines,
    facts=_facts,
    basis=_basis,
    amount=lambda facts: Decimal(facts["capital"]),
    closes_itself=False,
    office=_office,
)

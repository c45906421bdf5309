"""What it costs to end a contract early, before anything is filed: any day, side by side."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contracts.models import Contract
from eboks import clock
from eboks.form_fields import day_field
from eboks.http import PortalRequest
from eboks.onboarding.limits import too_often
from eboks.tenancy.access import has_right_in, scoped_or_404
from eboks.tenancy.rights import Right
from requests_app import quoting
from requests_app.catalogue import RequestError
from requests_app.quoting import Quote


class DayForm(forms.Form):
    dzien = day_field(
        gettext_lazy("Dzień rozliczenia"),
        help_text=gettext_lazy("Od jutra, najdalej za 60 dni."),
        error_messages={
            "required": gettext_lazy("Podaj dzień, na który mamy policzyć cenę."),
            "invalid": gettext_lazy("Podaj dzień, na który mamy policzyć cenę."),
        },
    )


@dataclass(frozen=True, slots=True)
class Column:
    """One day of the comparison."""

    name: str | Promise
    quote: Quote


@require_GET
def settlement(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/wnioski/rozliczenie/<contract>/?dzien=`: the price of that day, of tomorrow, of the next
    due date and of the last possible day, each line of the arithmetic."""
    limited = too_often(request, "schedule_counted", reads=True)
    if limited is not None:
        return limited
    rows = Contract.objects.select_related("company")
    contract = scoped_or_404(rows, request.user, public_id=public_id)
    if not has_right_in(request, contract.company_id, Right.VIEW_FINANCE):
        raise PermissionDenied
    today = clock.today(timezone.now())
    form = DayForm(request.GET if "dzien" in request.GET else None)
    columns: list[Column] = []
    refusal = ""
    try:
        columns = _columns(quoting.ground_of(contract, on=today), form)
    except RequestError as error:
        refusal = str(error)
    chosen = columns[0].quote if columns else None
    context = {
        "contract": contract,
        "form": form,
        "columns": columns,
        "chosen": chosen,
        "lines": _lines(columns),
        "refusal": refusal,
        "may_file": has_right_in(request, contract.company_id, Right.SIGN),
        "may_ask": has_right_in(request, contract.company_id, Right.FILE_REQUESTS),
        "kind": quoting.KIND,
        "today": today,
    }
    return render(request, "requests_app/settlement.html", context)


def _columns(ground: quoting.Ground, form: DayForm) -> list[Column]:
    """The typed day first. Raises RequestError when no day can be had at all."""
    wanted: list[tuple[str | Promise, dt.date]] = []
    if form.is_bound and form.is_valid():
        wanted.append((gettext_lazy("Wybrany dzień"), form.cleaned_data["dzien"]))
    tomorrow, last = ground.on + dt.timedelta(days=1), ground.on + quoting.FURTHEST
    if ground.next_due_on is not None and ground.next_due_on <= last:
        wanted.append((gettext_lazy("Termin najbliższej raty"), ground.next_due_on))
    wanted += [(gettext_lazy("Jutro"), tomorrow), (gettext_lazy("Za 60 dni"), last)]
    found: dict[dt.date, Column] = {}
    refused: RequestError | None = None
    for place, (name, day) in enumerate(wanted):
        if day in found:
            continue
        try:
            found[day] = Column(name, quoting.quote(ground, settle=day))
        except RequestError as error:
            refused = error
            if place == 0 and form.is_bound and form.is_valid():
                form.add_error("dzien", str(error))
    if not found and refused is not None:
        raise refused
    return list(found.values())


def _lines(columns: list[Column]) -> list[tuple[quoting.Row, list[str]]]:
    """Each line with its value on each day. Days of one contract have the same lines."""
    if not columns:
        return []
    rows = [column.quote.rows() for column in columns]
    return [(row, [own[place].value for own in rows]) for place, row in enumerate(rows[0])]

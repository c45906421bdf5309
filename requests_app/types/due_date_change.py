"""Another day of the month to pay on: at once where the portal keeps the schedule (domain 4.1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.due_days import (
    LAST_DAY,
    DueDayError,
    Moved,
    change_due_day,
    current_version,
    is_kept_here,
    moved,
    open_instalments,
)
from contracts.enums import RowKind
from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date, short_date
from invoicing.issuing.mode import issued_here
from requests_app.arrears import arrears_of
from requests_app.catalogue import About, Group, RequestError, RequestType, Verdict
from requests_app.eligibility import with_schedule
from requests_app.enums import Status
from requests_app.forms import RequestForm
from requests_app.models import Request

_NAME = "due-date-change"
# How many instalments ahead the change may begin.
_OFFERED = 12
# More often than that staff look at it: each change is a new schedule to be booked.
_AT_ONCE_EVERY_MONTHS = 12
_AGREED = (Status.APPROVED, Status.PRODUCED, Status.CLOSED)


class DueDateForm(RequestForm):
    due_day = forms.TypedChoiceField(
        label=gettext_lazy("Nowy dzień płatności"),
        help_text=gettext_lazy("Dzień miesiąca od 1 do 28: ma go każdy miesiąc."),
        choices=[("", "–"), *((day, day) for day in range(1, LAST_DAY + 1))],
        coerce=int,
    )
    first = forms.TypedChoiceField(
        label=gettext_lazy("Od której raty"),
        help_text=gettext_lazy("Do wyboru są raty, których nie ma jeszcze na fakturze."),
        coerce=int,
    )

    def __init__(self, *args: Any, about: About, **kwargs: Any) -> None:
        super().__init__(*args, about=about, **kwargs)
        self.version = current_version(about.own_contract)
        rows = open_instalments(self.version, on=about.on) if self.version else []
        self.fields["first"].choices = [  # type: ignore[attr-defined]
            (row.n, _("rata %(n)s, dziś płatna %(day)s") % _named(row.n, row.nominal_due_on))
            for row in rows[:_OFFERED]
        ]
        self.fields["due_day"].help_text = _(
            "Dziś płacisz %s. dnia miesiąca. Wybierz dzień od 1 do 28: ma go każdy miesiąc."
        ) % (about.own_contract.due_day)

    def clean_due_day(self) -> int:
        day: int = self.cleaned_data["due_day"]
        if day == self.about.own_contract.due_day:
            raise forms.ValidationError(_("To jest obecny dzień płatności. Wybierz inny."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.version is None:
            raise forms.ValidationError(_("Ta umowa nie ma jeszcze harmonogramu."))
        if "due_day" in cleaned and "first" in cleaned:
            try:
                cleaned["moved"] = moved(
                    self.version,
                    due_day=cleaned["due_day"],
                    first=cleaned["first"],
                    on=self.about.on,
                    notice_days=settings.ISSUE_DAYS_BEFORE_DUE,
                )
            except DueDayError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned


def _named(n: int, day: dt.date) -> dict[str, Any]:
    return {"n": n, "day": short_date(day)}


def _lines(form: RequestForm) -> list[tuple[str, str]]:
    rows: list[Moved] = form.cleaned_data["moved"]
    instalments = [one for one in rows if one.row.kind == RowKind.INSTALMENT]
    first, last = instalments[0], instalments[-1]
    contract = form.about.own_contract
    lines = [
        (
            _("Dzień płatności"),
            _("%(new)s. dzień miesiąca zamiast %(old)s.")
            % {"new": form.cleaned_data["due_day"], "old": contract.due_day},
        ),
        (_("Pierwsza zmieniona rata"), _change(first)),
    ]
    if last is not first:
        lines.append((_("Ostatnia rata"), _change(last)))
    lines.append((_("Kwoty"), _("Kwoty rat się nie zmieniają, także ich część odsetkowa.")))
    return lines


def _change(one: Moved) -> str:
    return _("nr %(n)s: %(new)s zamiast %(old)s") % {
        "n": one.row.n,
        "new": long_date(one.due_on),
        "old": long_date(one.row.nominal_due_on),
    }


def _keeps(contract: Contract) -> bool:
    """Whether the portal both makes the schedule of `contract` and invoices by it."""
    version = current_version(contract)
    here = issued_here(Contract.objects.filter(pk=contract.pk)).exists()
    return here and version is not None and is_kept_here(version)


def _decide(request: Request, at: dt.datetime) -> Verdict:
    contract, on = request.contract, clock.today(at)
    if contract is None:
        raise ValueError("a change of the due day is of a contract")
    if not _keeps(contract):
        return Verdict(
            False,
            _("Harmonogram tej umowy prowadzi system główny leasingodawcy i tam go zmienimy."),
        )
    if arrears_of(request.company, on=on, contract=contract).exists():
        return Verdict(False, _("Na umowie jest zaległość."))
    since = at - dt.timedelta(days=365 * _AT_ONCE_EVERY_MONTHS // 12)
    agreed = Request.objects.filter(
        contract=contract, kind=_NAME, status__in=_AGREED, decided_at__gt=since
    )
    if agreed.exclude(pk=request.pk).exists():
        return Verdict(False, _("Dzień płatności tej umowy zmienił się już w ostatnim roku."))
    return Verdict(True)


def _effect(request: Request, at: dt.datetime, actor: User | None) -> None:
    """A new schedule, where it is made here; otherwise the request waits until staff have had
    the core system make it."""
    contract, facts = request.contract, request.facts
    if contract is None or not _keeps(contract):
        return
    try:
        version = change_due_day(
            contract=contract,
            due_day=facts["due_day"],
            first=facts["first"],
            on=clock.today(at),
            notice_days=settings.ISSUE_DAYS_BEFORE_DUE,
        )
    except DueDayError as error:
        raise RequestError(str(error)) from error
    request.facts = {**facts, "schedule_version": version.number}
    Request.objects.filter(pk=request.pk).update(facts=request.facts)


def _basis(about: About, facts: dict[str, Any]) -> dict[str, Any]:
    version = current_version(about.own_contract)
    return {"schedule": version.pk if version else None, "due_day": about.own_contract.due_day}


def _office(request: Request, at: dt.datetime) -> list[tuple[str, str]]:
    if request.contract is not None and _keeps(request.contract):
        return [(_("Harmonogram"), _("prowadzi portal: zgoda zapisze nową wersję"))]
    return [
        (
            _("Harmonogram"),
            _("prowadzi system główny: zmień go tam, a po zgodzie zamknij wniosek"),
        )
    ]


TYPE = RequestType(
    name=_NAME,
    title=gettext_lazy("Zmiana dnia płatności"),
    summary=gettext_lazy("Raty w innym dniu miesiąca, bez zmiany kwot"),
    group=Group.CONTRACT,
    form=DueDateForm,
    contracts=with_schedule,
    right=Right.SIGN,
    signed=True,
    is_financial=True,
    fee_code="due_date_change",
    working_days=3,
    exclusive=True,
    next_step=gettext_lazy(
        "Gdy portal prowadzi harmonogram umowy i nie ma zaległości, nowy harmonogram jest od razu. "
        "W innym razie zmieni go system główny leasingodawcy i tu go zobaczysz."
    ),
    lines=_lines,
    facts=lambda form: {
        "due_day": form.cleaned_data["due_day"],
        "first": form.cleaned_data["first"],
    },
    basis=_basis,
    decide=_decide,
    effect=_effect,
    left_to_do=lambda request: "schedule_version" not in request.facts,
    office=_office,
)

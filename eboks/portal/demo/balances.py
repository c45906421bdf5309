"""Balances of the demo to be confirmed: one that was disputed and cleared up, one that waits; and
the messages about instalments that have changed."""

from __future__ import annotations

import datetime as dt

from contracts.rate_change_messages import notify_changes
from eboks import clock
from eboks.accounts.models import User
from eboks.portal.demo.people import BACK_OFFICE, OWNER_COMPANY
from eboks.tenancy.models import Company
from invoicing.balance_confirmations import DAYS_TO_ANSWER, answer, ask, handle
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation

_DAY = dt.timedelta(days=1)


def load_balances(*, at: dt.datetime, on: dt.date) -> None:
    """Everybody is asked as at the end of last month; TRANS-ŻUK was asked in the quarter before."""
    own = Company.objects.get(source_id=OWNER_COMPANY)
    _cleared_up(own, at=at, on=on)
    last_month = on.replace(day=1) - _DAY
    answer_by = on + DAYS_TO_ANSWER * _DAY
    ask(as_of=last_month, answer_by=answer_by, at=at)
    if not BalanceConfirmation.objects.filter(company=own, as_of=last_month).exists():
        ask(as_of=on - _DAY, answer_by=answer_by, at=at, companies=[own.pk])
    while notify_changes(at=at):
        pass


def _cleared_up(company: Company, *, at: dt.datetime, on: dt.date) -> None:
    """Asked three months ago, answered a week later with a remark, cleared up the day after."""
    as_of = clock.add_months(on.replace(day=1), -3) - _DAY
    asked_at = at - dt.timedelta(days=80)
    day = clock.today(asked_at)
    if as_of > day:
        return
    ask(
        as_of=as_of,
        answer_by=day + DAYS_TO_ANSWER * _DAY,
        at=asked_at,
        companies=[company.pk],
    )
    row = BalanceConfirmation.objects.filter(
        company=company, as_of=as_of, answer=ConfirmationAnswer.WAITING
    ).first()
    if row is None:
        return
    answer(
        confirmation_id=row.pk,
        actor=User.objects.get(username="demo-podpis"),
        agrees=False,
        explanation="Ostatnią fakturę z tej listy zapłaciliśmy przelewem w dniu, na który "
        "potwierdzacie saldo. Prosimy o sprawdzenie.",
        at=asked_at + 7 * _DAY,
    )
    handle(
        confirmation_id=row.pk,
        staff=User.objects.get(username=BACK_OFFICE),
        text="Przelew wpłynął następnego dnia roboczego i został zaksięgowany. Salda są zgodne.",
        at=asked_at + 8 * _DAY,
    )

"""What the back office sees of requests: queues, counts, times, and what a decision rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import ContractStatus
from eboks import clock
from eboks.money import format_money
from eboks.ui.words import number, short_date
from requests_app.arrears import arrears_of
from requests_app.catalogue import types
from requests_app.enums import OPEN, WITH_STAFF, FeeState, Status
from requests_app.models import Request

QUEUES = {
    "": gettext_lazy("do zrobienia"),
    "moje": gettext_lazy("moje"),
    "wolne": gettext_lazy("niczyje"),
    "po-terminie": gettext_lazy("po terminie"),
    "druga-osoba": gettext_lazy("czekają na drugą osobę"),
    "klient": gettext_lazy("czekają na klienta"),
    "zgody": gettext_lazy("po zgodzie, do zamknięcia"),
    "oplaty": gettext_lazy("opłaty do naliczenia w systemie głównym"),
    "wszystkie": gettext_lazy("wszystkie"),
}
ANSWERS = (
    gettext_lazy("Prosimy o czytelny skan: na obecnym nie widać całego dokumentu."),
    gettext_lazy("Prosimy o dokument, który potwierdza prawo do reprezentowania firmy."),
    gettext_lazy("Na umowie jest zaległość. Wrócimy do sprawy, gdy wpłata będzie zaksięgowana."),
)
_DAYS_MEASURED = 90


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: good, warn or bad."""

    title: str
    text: str
    state: str


@dataclass(frozen=True, slots=True)
class HandlingTime:
    """Requests of a kind decided by people in the last 90 days, and hours from filing to it."""

    title: str
    count: int
    hours: int
    in_time: int  # percent


def queue(rows: QuerySet[Request], name: str, *, user: Any, at: dt.datetime) -> QuerySet[Request]:
    """Those of `rows` that stand in the queue `name`; all of them under any other name."""
    found = _conditions(user=user, at=at).get(name)
    return rows if found is None else rows.filter(found)


def _conditions(*, user: Any, at: dt.datetime) -> dict[str, Q]:
    waiting, with_client = Q(status__in=WITH_STAFF), Q(status=Status.NEEDS_CUSTOMER)
    return {
        "": waiting,
        "moje": waiting & Q(assignee=user.pk),
        "wolne": waiting & Q(assignee=None),
        # Those with the client have a day only where the lessor owes somebody else an answer.
        "po-terminie": (waiting | with_client) & Q(answer_by__lt=clock.today(at)),
        "druga-osoba": waiting & Q(proposed_by__isnull=False),
        "klient": with_client,
        "zgody": Q(status__in=[Status.APPROVED, Status.PRODUCED]),
        "oplaty": Q(fee_state=FeeState.CORE),
    }


def counts(*, user: Any, at: dt.datetime) -> list[tuple[str, Any, int]]:
    """(queue, its name, how many), of requests that somebody still has to do with. One query."""
    conditions = _conditions(user=user, at=at)
    asked = {f"n{place}": Count("pk", filter=one) for place, one in enumerate(conditions.values())}
    undone = Q(status__in=[*OPEN, Status.PRODUCED]) | Q(fee_state=FeeState.CORE)
    found = Request.objects.filter(undone).aggregate(**asked)
    return [(name, QUEUES[name], found[f"n{place}"]) for place, name in enumerate(conditions)]


def handling_times(*, at: dt.datetime) -> list[HandlingTime]:
    """How long people took, kind by kind; what the portal decided by itself does not count."""
    since = at - dt.timedelta(days=_DAYS_MEASURED)
    took = ExpressionWrapper(F("decided_at") - F("submitted_at"), output_field=DurationField())
    rows = (
        _decided_by_people(since)
        .values("kind")
        .annotate(count=Count("pk"), took=Avg(took))
        .order_by("kind")
    )
    late = _late_by_kind(since)
    return [
        HandlingTime(
            str(types()[row["kind"]].title),
            row["count"],
            round(row["took"].total_seconds() / 3600),
            100 - round(100 * late.get(row["kind"], 0) / row["count"]),
        )
        for row in rows
        if row["kind"] in types()
    ]


def _decided_by_people(since: dt.datetime) -> QuerySet[Request]:
    return Request.objects.filter(
        decided_at__gte=since, decided_by__isnull=False, submitted_at__isnull=False
    )


def _late_by_kind(since: dt.datetime) -> dict[str, int]:
    """Decided after the working days that the kind promises. Rows are days, not requests: as many
    however many requests there are."""
    days = (
        _decided_by_people(since)
        .annotate(filed_on=TruncDate("submitted_at"), decided_on=TruncDate("decided_at"))
        .values("kind", "filed_on", "decided_on")
        .annotate(count=Count("pk"))
        .order_by("kind", "filed_on", "decided_on")
    )
    late: dict[str, int] = {}
    for row in days:
        kind = types().get(row["kind"])
        if kind is not None:
            by = clock.add_working_days(row["filed_on"], kind.working_days)
            late[kind.name] = late.get(kind.name, 0) + row["count"] * (row["decided_on"] > by)
    return late


def findings(row: Request, *, at: dt.datetime) -> Sequence[Finding]:
    """What every decision looks at: the state of the contract and arrears of the client."""
    today = clock.today(at)
    found = [_arrears(row, on=today)]
    if row.contract is not None:
        contract = row.contract
        state = "good" if contract.status == ContractStatus.ACTIVE else "warn"
        found.append(Finding(_("Stan umowy"), str(contract.get_status_display()), state))
        ending = contract.end_on < today + dt.timedelta(days=90)
        found.append(
            Finding(_("Koniec umowy"), short_date(contract.end_on), "warn" if ending else "good")
        )
        if contract.company_id != row.company_id:
            found.append(Finding(_("Korzystający"), _("umowa ma już innego"), "bad"))
    return found


def _arrears(row: Request, *, on: dt.date) -> Finding:
    title = _("Zaległości klienta")
    late = (
        arrears_of(row.company, on=on)
        .values("currency")
        .annotate(count=Count("pk"), total=Sum("open_amount"))
        .order_by("currency")
    )
    texts = [
        _("%(count)s pozycji, %(total)s")
        % {"count": number(one["count"]), "total": format_money(one["total"], one["currency"])}
        for one in late
    ]
    return Finding(title, "; ".join(texts), "bad") if texts else Finding(title, _("nie ma"), "good")


def history(row: Request, most: int = 10) -> list[Request]:
    """Other requests of the same client, the newest first."""
    others = Request.objects.filter(company=row.company).exclude(pk=row.pk)
    filed = others.left_author().select_related("contract")
    return list(filed.order_by("-changed_at", "-pk")[:most])

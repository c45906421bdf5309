"""What the client and staff are told about required risks that nobody covers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from contracts.readers import people_with, reach
from eboks.audit.events import Group, add_event
from eboks.jobs import notices
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import Notice, notify_many
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from insurance import alerts
from insurance.enums import LapseState
from insurance.models import Lapse

MISSING, CHANGED = "cover_missing", "cover_changed"
QUEUE = "cover_queue"  # to staff
_NAMED = 10


def register() -> None:
    """Called once, when the app is ready."""
    for name, title in (
        (alerts.ENDING, _("Kończące się polisy")),
        (alerts.ENDED, _("Polisy, które się skończyły")),
        (MISSING, _("Brak wymaganego ubezpieczenia")),
    ):
        registry.add_kind(
            MessageKind(name=name, title=title, channels=(Channel.EMAIL, Channel.SMS, Channel.BELL))
        )
    registry.add_kind(
        MessageKind(
            name=CHANGED,
            title=_("Decyzje w sprawie brakującego ubezpieczenia"),
            channels=(Channel.EMAIL, Channel.BELL),
        )
    )
    notices.add_operator_kind(QUEUE, _("Przedmioty bez wymaganego ubezpieczenia"))
    for name, text in (
        ("lapse_waiting", _("dał(a) czas na ubezpieczenie: %(object)s, do %(until)s")),
        ("lapse_insured", _("ubezpieczył(a) na koszt klienta: %(object)s, polisa %(number)s")),
        ("lapse_closed", _("zamknął(ęła) sprawę braku ubezpieczenia: %(object)s")),
    ):
        add_event(name, text, group=Group.STAFF)


def tell_missing(lapses: Sequence[int], *, company: int, on: dt.date, at: dt.datetime) -> None:
    """People of `company`: which of its risks nobody covers, in one message each."""
    rows = list(_rows().filter(pk__in=lapses).order_by("uncovered_from", "pk"))
    found = []
    for person in people_with(Right.VIEW_INSURANCE, [company], on).get(company, []):
        allowed = reach(person)
        mine = [row for row in rows if allowed is None or row.contract_id in allowed]
        if not mine:
            continue
        with translation.override(person.user.language):
            facts = {
                "company": person.company.name,
                "count": len(mine),
                "sign": mine[0].asset.sign,
                "risks": str(mine[0].get_risk_display()),
                "lines": [_line(row) for row in mine[:_NAMED]],
                "more": max(len(mine) - _NAMED, 0),
            }
        key = f"{MISSING}:{company}:{person.user_id}:{on}"
        found.append(
            Notice(
                user=person.user,
                company=person.company,
                key=key,
                facts=facts,
                url=reverse("insurance:list"),
            )
        )
    notify_many(kind=MISSING, notices=found, at=at)


def tell_changed(lapse: Lapse, *, step: int, on: dt.date, at: dt.datetime) -> None:
    """People of the company: what the lessor has decided about the lapse (`step` is its id)."""
    found = []
    for person in people_with(Right.VIEW_INSURANCE, [lapse.company_id], on).get(
        lapse.company_id, []
    ):
        allowed = reach(person)
        if allowed is not None and lapse.contract_id not in allowed:
            continue
        with translation.override(person.user.language):
            facts = {
                **_line(lapse),
                "company": person.company.name,
                "state": lapse.state,
                "until": long_date(lapse.wait_until) if lapse.wait_until else "",
                "number": lapse.replacement.number if lapse.replacement else "",
                "insurer": lapse.replacement.insurer.name if lapse.replacement else "",
            }
        found.append(
            Notice(
                user=person.user,
                company=person.company,
                key=f"{CHANGED}:{step}:{person.user_id}",
                facts=facts,
                url=reverse("insurance:list"),
            )
        )
    notify_many(kind=CHANGED, notices=found, at=at)


def tell_staff(*, on: dt.date, at: dt.datetime) -> None:
    """One mail a day to the operator while lapses wait for a decision."""
    counts = Lapse.objects.filter(state=LapseState.OPEN).aggregate(
        waiting=Count("pk"), new=Count("pk", filter=Q(found_at=at))
    )
    if not counts["waiting"]:
        return
    path = reverse("admin:insurance_lapse_changelist")
    page = f"{settings.SITE_URL.rstrip('/')}{path}?state__exact={LapseState.OPEN.value}"
    facts = {**counts, "page": page}
    notices.tell_operator(kind=QUEUE, key=f"{QUEUE}:{on}", facts=facts, at=at)


def _rows() -> Any:
    return Lapse.objects.select_related("asset", "replacement__insurer")


def _line(lapse: Lapse) -> dict[str, str]:
    asset = lapse.asset
    return {
        "asset": f"{asset.make} {asset.model} {asset.sign}".strip(),
        "risk": str(lapse.get_risk_display()),
        "since": long_date(lapse.uncovered_from),
    }

"""Alerts of policies that end: some days before, and after (`POLICY_ALERT_DAYS`).

One message for a person, company and day lists all that ends. It is silent about what goes on: a
checked policy of that risk that begins without a gap, a contract that is over or has another
lessee, a policy that was withdrawn or replaced. What is sent is told by keys, so that a run may
break and be repeated. A day that was missed is caught up with: of the alerts of one policy that
were missed, the nearest one is sent.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.urls import reverse
from django.utils import translation

from contracts.enums import LIVE_STATUSES, ContractStatus
from contracts.readers import people_with, reach
from eboks.jobs import leases
from eboks.jobs.models import JobRun, JobState
from eboks.notifications.services import Notice, notify_many
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from insurance.enums import RENEWS_ITSELF, Placement, Risk, Verification
from insurance.models import PolicyCover

JOB = "policy_alerts"
ENDING, ENDED = "policy_ending", "policy_ended"
_MOST_MISSED = 7  # days; older alerts would come after the next ones
_NAMED = 10  # policies named in a message
_COMPANIES = 200  # whose people are read, and told, at a time
_SMS_RISKS = 30  # characters
_ONE_DAY = dt.timedelta(days=1)
_LAST_DAY = Least("policy__valid_to", Coalesce("policy__terminated_on", "policy__valid_to"))
_WANTED = (
    *("policy_id", "risk", "last_on", "policy__company_id", "policy__contract_id"),
    *("policy__number", "policy__insurer__name", "policy__placement", "policy__terminated_on"),
    *("policy__asset__make", "policy__asset__model", "policy__asset__plate"),
    *("policy__asset__vin", "policy__asset__serial_number"),
)


def send_policy_alerts(*, on: dt.date, at: dt.datetime) -> int:
    """Queue the alerts of `on` and of the days missed before it; returns how many messages.

    Messages leave by the channels that each person has chosen. Nothing is sent twice.
    """
    sent = 0
    for day in _days(on):
        try:
            lease = leases.take(job=JOB, business_on=day, at=at)
        except (leases.AlreadyDoneError, leases.AlreadyRunningError):
            continue
        sent += _alert(lease, day, on, at)
    return sent


def offsets(day: dt.date, on: dt.date) -> list[int]:
    """Days before the end whose alerts `day` sends when it is done on `on`.

    Without those whose policies have a nearer alert on a later day up to `on`.
    """
    late = (on - day).days
    wanted: Sequence[int] = settings.POLICY_ALERT_DAYS
    return [n for n in wanted if not any(n - late <= nearer < n for nearer in wanted)]


def _days(on: dt.date) -> list[dt.date]:
    """`on`, and the days before it that no run has done, since the first run there was."""
    runs = JobRun.objects.filter(job=JOB, business_on__lte=on).order_by("business_on")
    known = dict(runs.values_list("business_on", "state"))
    if not known:
        return [on]
    first = max(min(known), on - _MOST_MISSED * _ONE_DAY)
    days = [first + n * _ONE_DAY for n in range((on - first).days + 1)]
    return [day for day in days if known.get(day) != JobState.DONE]


def _alert(lease: leases.Lease, day: dt.date, on: dt.date, at: dt.datetime) -> int:
    sent = 0
    for companies in _companies(day, on, after=int(lease.position or 0)):
        people = people_with(Right.VIEW_INSURANCE, companies, on)
        rows = ending(day, on).filter(policy__company__in=companies)
        rows = rows.order_by("policy__company_id", "last_on", "policy_id", "risk", "pk")
        notices: dict[str, list[Notice]] = {ENDING: [], ENDED: []}
        for company, own in groupby(rows.values(*_WANTED), lambda row: row["policy__company_id"]):
            policies = _policies(own)
            for person in people.get(company, []):
                for kind, notice in _notices(person, policies, day, on):
                    notices[kind].append(notice)
        with lease.hold(at=at):
            for kind, found in notices.items():
                if found:
                    sent += notify_many(kind=kind, notices=found, at=at)
            lease.beat(at=at, position=str(companies[-1]))
    lease.finish(at=at, report={"messages": sent})
    return sent


def ending(day: dt.date, on: dt.date) -> QuerySet[Any]:
    """Risks to alert of on `day` (done on `on`), with `last_on`, the last day of their cover."""
    ends = [day + n * _ONE_DAY for n in offsets(day, on)]
    live = Q(policy__contract__status=ContractStatus.ENDED_BUYOUT_PENDING) | Q(
        policy__contract__status__in=LIVE_STATUSES, policy__contract__end_on__gte=on
    )
    goes_on: Any = Q(pk__in=[])
    for last in ends:
        follower = (
            PolicyCover.objects.annotate(last_on=_LAST_DAY)
            .filter(
                risk=OuterRef("risk"),
                policy__asset=OuterRef("policy__asset"),
                policy__company=OuterRef("policy__company"),
                policy__verification=Verification.VERIFIED,
                policy__valid_from__lte=last + _ONE_DAY,
                last_on__gt=last,
            )
            .exclude(policy=OuterRef("policy"))
        )
        goes_on |= Q(last_on=last) & Exists(follower)
    found: QuerySet[Any] = (
        PolicyCover.objects.filter(
            # Both columns, so that the index of the end is used.
            Q(policy__valid_to__in=ends) | Q(policy__terminated_on__in=ends),
            live,
            policy__verification=Verification.VERIFIED,
            policy__replaced_by=None,
            policy__company=F("policy__contract__company"),
        )
        .annotate(last_on=_LAST_DAY)
        .filter(~goes_on, last_on__in=ends)
    )
    return found


def _companies(day: dt.date, on: dt.date, *, after: int) -> Iterator[list[int]]:
    """Ids of the companies to alert, ascending, some at a time."""
    while True:
        rows = ending(day, on).filter(policy__company__gt=after).order_by("policy__company_id")
        found = list(rows.values_list("policy__company_id", flat=True).distinct()[:_COMPANIES])
        if not found:
            return
        yield found
        after = found[-1]


def _policies(rows: Any) -> list[dict[str, Any]]:
    """One entry for each policy, with all of its risks that end."""
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(row["policy_id"], {**row, "risks": []})
        entry["risks"].append(Risk(row["risk"]))
    return list(found.values())


def _notices(
    person: Membership, policies: list[dict[str, Any]], day: dt.date, on: dt.date
) -> Iterator[tuple[str, Notice]]:
    """What one person is told about those of `policies` that they may see, by kind."""
    allowed = reach(person)
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for policy in policies:
        if allowed is None or policy["policy__contract_id"] in allowed:
            told[ENDED if policy["last_on"] < on else ENDING].append(policy)
    for kind, about in sorted(told.items()):
        yield (
            kind,
            Notice(
                user=person.user,
                company=person.company,
                key=f"{kind}:{person.company_id}:{person.user_id}:{day}",
                facts=_facts(person, about),
                url=reverse("insurance:list"),
            ),
        )


def _facts(person: Membership, policies: list[dict[str, Any]]) -> dict[str, Any]:
    renews = [any(_renews(row, risk) for risk in row["risks"]) for row in policies]
    needs = [not all(_renews(row, risk) for risk in row["risks"]) for row in policies]
    with translation.override(person.user.language):
        return {
            "company": person.company.name,
            "count": len(policies),
            "day": long_date(policies[0]["last_on"]),
            "sign": _sign(policies[0]),
            "risks": _risks(policies[0], most=_SMS_RISKS),
            "lines": [_line(row) for row in policies[:_NAMED]],
            "more": max(len(policies) - _NAMED, 0),
            "renews": any(renews),
            "needs": any(needs),
            "by_lessor": any(row["policy__placement"] == Placement.LESSOR for row in policies),
            "own": any(row["policy__placement"] == Placement.OWN for row in policies),
        }


def _renews(row: dict[str, Any], risk: Risk) -> bool:
    return risk in RENEWS_ITSELF and row["policy__terminated_on"] is None


def _sign(row: dict[str, Any]) -> str:
    names = ("policy__asset__plate", "policy__asset__vin", "policy__asset__serial_number")
    return next((row[name] for name in names if row[name]), "")


def _risks(row: dict[str, Any], *, most: int = 0) -> str:
    names = [str(risk.label) for risk in row["risks"]]
    joined = ", ".join(names)
    return f"{names[0]} +{len(names) - 1}" if most and len(joined) > most else joined


def _line(row: dict[str, Any]) -> dict[str, str]:
    return {
        "asset": f"{row['policy__asset__make']} {row['policy__asset__model']} {_sign(row)}".strip(),
        "risks": _risks(row),
        "day": long_date(row["last_on"]),
        "insurer": row["policy__insurer__name"],
        "number": row["policy__number"],
    }

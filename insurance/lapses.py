"""Required risks that nobody covers: found each day, told to the client and to staff, closed when
a checked policy comes.

`uncovered` asks the database alone. What is done about a lapse stands in `deciding_lapses`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from contracts.enums import BEFORE_HANDOVER_STATUSES, LIVE_STATUSES
from contracts.models import Asset
from eboks.jobs import leases
from insurance import lapse_messages
from insurance.enums import LapseState, Risk, Verification
from insurance.models import Lapse, LapseStep, PolicyCover, Requirement

JOB = "cover_lapses"
UNSETTLED = (LapseState.OPEN, LapseState.WAITING)
_AT_ONCE = 500
_ONE_DAY = dt.timedelta(days=1)
_LAST_DAY = Least("policy__valid_to", Coalesce("policy__terminated_on", "policy__valid_to"))


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A required risk of an asset without a checked policy, from the day `uncovered_from` on."""

    asset_id: int
    contract_id: int
    company_id: int
    risk: Risk
    uncovered_from: dt.date
    last_policy_id: int | None


def look_after_cover(*, on: dt.date, at: dt.datetime) -> int:
    """Closes lapses that a policy covers, opens new ones, once a day; returns how many opened.

    Safe to run at any time and by several at once.
    """
    close_covered(on=on, at=at)
    _close_of_ended(at=at)
    _end_waiting(on=on, at=at)
    try:
        lease = leases.take(job=JOB, business_on=on, at=at)
    except (leases.AlreadyDoneError, leases.AlreadyRunningError):
        return 0
    opened = 0
    rows = sorted(uncovered(on), key=lambda row: (row.company_id, row.asset_id, row.risk))
    for company, found in groupby(rows, key=lambda row: row.company_id):
        with lease.hold(at=at):
            opened += _open(company, list(found), on=on, at=at)
    lapse_messages.tell_staff(on=on, at=at)
    lease.finish(at=at, report={"opened": opened})
    return opened


def uncovered(on: dt.date) -> Iterator[Uncovered]:
    """Required risks without a checked policy on `on` and on the day before it.

    Of contracts that live and whose asset has been handed over, by policies of their lessee; one
    day later than the pages call the risk missing (`cover.cover_of`), so that a policy may be
    written down late. One query for each kind of asset and risk that is required of anybody; rows
    stream.
    """
    valid = Requirement.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on
    )
    asked = valid.filter(is_waived=False).order_by("category", "risk")
    general = set(valid.filter(contract=None).values_list("category", "risk"))
    for category, risk in asked.values_list("category", "risk").distinct():
        since = Requirement.objects.filter(category=category, risk=risk, is_waived=False)
        first = since.aggregate(day=Min("valid_from"))["day"]
        own = valid.filter(contract=OuterRef("contract"), category=category, risk=risk)
        rows = _assets(on, category, risk).annotate(
            is_waived=Subquery(own.order_by("-valid_from", "-pk").values("is_waived")[:1])
        )
        if (category, risk) in general:
            rows = rows.filter(Q(is_waived=None) | Q(is_waived=False))
        else:
            rows = rows.filter(is_waived=False)
        wanted = ("pk", "contract_id", "company_id", "handover", "last_policy", "last_on")
        for pk, contract, company, handover, policy, last in rows.values_list(*wanted).iterator(
            chunk_size=2000
        ):
            start = max(handover, first, last + _ONE_DAY if last else handover)
            if start < on:
                yield Uncovered(pk, contract, company, Risk(risk), start, policy)


def _assets(on: dt.date, category: str, risk: str) -> QuerySet[Asset]:
    """Assets of `category` handed over before `on` whose `risk` was covered on neither day."""
    covers = PolicyCover.objects.annotate(last_on=_LAST_DAY).filter(
        policy__asset=OuterRef("pk"),
        # What the previous lessee insured is theirs.
        policy__company=OuterRef("contract__company"),
        policy__verification=Verification.VERIFIED,
        risk=risk,
    )
    on_day, before = (
        covers.filter(policy__valid_from__lte=day, last_on__gte=day) for day in (on, on - _ONE_DAY)
    )
    # One that was ended before it began covered no day.
    last = covers.filter(last_on__lt=on, last_on__gte=F("policy__valid_from"))
    newest = last.order_by("-last_on", "-pk")
    return (
        Asset.objects.annotate(
            # As `loading.needed_days`: where nobody wrote the handover down, the signing.
            handover=Coalesce("contract__handover_on", "contract__signed_on"),
        )
        .filter(
            ~Exists(on_day),
            ~Exists(before),
            ~Q(contract__handover_on=None, contract__status__in=BEFORE_HANDOVER_STATUSES),
            category=category,
            contract__status__in=LIVE_STATUSES,
            handover__lt=on,
        )
        .annotate(
            company_id=F("contract__company_id"),
            last_policy=Subquery(newest.values("policy_id")[:1]),
            last_on=Subquery(newest.values("last_on")[:1]),
        )
        .order_by("pk")
    )


def _open(company: int, found: list[Uncovered], *, on: dt.date, at: dt.datetime) -> int:
    """Inside the holder's transaction: the new lapses of one company, and its people are told."""
    known = set(
        Lapse.objects.filter(
            Q(state__in=UNSETTLED) | Q(uncovered_from__in={row.uncovered_from for row in found}),
            company=company,
        ).values_list("asset_id", "risk", "uncovered_from", "state")
    )
    waiting = {(asset, risk) for asset, risk, _from, state in known if state in UNSETTLED}
    settled = {(asset, risk, start) for asset, risk, start, _state in known}
    new = [
        row
        for row in found
        if (row.asset_id, row.risk) not in waiting
        and (row.asset_id, row.risk, row.uncovered_from) not in settled
    ]
    lapses = Lapse.objects.bulk_create(
        (
            Lapse(
                company_id=company,
                contract_id=row.contract_id,
                asset_id=row.asset_id,
                risk=row.risk,
                policy_id=row.last_policy_id,
                uncovered_from=row.uncovered_from,
                found_at=at,
            )
            for row in new
        ),
        batch_size=_AT_ONCE,
    )
    LapseStep.objects.bulk_create(
        (LapseStep(lapse=lapse, after=LapseState.OPEN, at=at) for lapse in lapses),
        batch_size=_AT_ONCE,
    )
    if lapses:
        lapse_messages.tell_missing([lapse.pk for lapse in lapses], company=company, on=on, at=at)
    return len(lapses)


def close_covered(*, on: dt.date, at: dt.datetime, asset_id: int | None = None) -> int:
    """Unsettled lapses whose risk a checked policy covers on `on` are over; returns how many.

    `asset_id`: only of this asset, right after a policy of it was checked.
    """
    covers = (
        PolicyCover.objects.annotate(last_on=_LAST_DAY)
        .filter(
            policy__asset=OuterRef("asset"),
            policy__company=OuterRef("company"),
            risk=OuterRef("risk"),
            policy__verification=Verification.VERIFIED,
            policy__valid_from__lte=on,
            last_on__gte=on,
        )
        .order_by("policy__valid_from", "pk")
    )
    rows = Lapse.objects.filter(state__in=UNSETTLED).annotate(
        covering=Subquery(covers.values("policy_id")[:1])
    )
    if asset_id is not None:
        rows = rows.filter(asset=asset_id)
    closed = 0
    for pk, policy in list(
        rows.filter(covering__isnull=False).order_by("pk").values_list("pk", "covering")
    ):
        closed += settle(pk, to=LapseState.COVERED, at=at, replacement=policy)
    return closed


@transaction.atomic
def settle(
    pk: int,
    *,
    to: LapseState,
    at: dt.datetime,
    replacement: int | None = None,
    actor_id: int | None = None,
    note: str = "",
) -> bool:
    """Ends an unsettled lapse, with its step; False when somebody else was faster."""
    won = Lapse.objects.filter(pk=pk, state__in=UNSETTLED).update(
        state=to, settled_at=at, replacement=replacement
    )
    if won == 1:
        LapseStep.objects.create(lapse_id=pk, after=to, actor_id=actor_id, at=at, note=note)
    return won == 1


def _close_of_ended(*, at: dt.datetime) -> None:
    """Nothing is required any more of contracts that are over or have another lessee."""
    rows = Lapse.objects.filter(state__in=UNSETTLED).exclude(
        contract__status__in=LIVE_STATUSES, contract__company=F("company")
    )
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        settle(pk, to=LapseState.CLOSED, at=at)


def _end_waiting(*, on: dt.date, at: dt.datetime) -> None:
    """Lapses whose time has run out wait for a decision again."""
    rows = Lapse.objects.filter(state=LapseState.WAITING, wait_until__lt=on).order_by("pk")
    for pk in list(rows.values_list("pk", flat=True)):
        with transaction.atomic():
            late = Lapse.objects.filter(pk=pk, state=LapseState.WAITING, wait_until__lt=on)
            if late.update(state=LapseState.OPEN) == 1:
                LapseStep.objects.create(lapse_id=pk, after=LapseState.OPEN, at=at)

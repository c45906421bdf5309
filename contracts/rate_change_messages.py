"""Telling clients that instalments have changed: one message a person and company, once.

A night that reprices 49 000 contracts leaves as many rows without `notified_at`. They are taken
company by company: the claim (a conditional update) and the messages are one transaction, so a
process that dies has told nobody, and of two that run at once each company is told by one.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contracts.enums import RateChangeKind, RateChangeOutcome
from contracts.models import AllowedContract, RateChange
from contracts.words import index_name
from eboks import clock
from eboks.audit.events import Group, add_event
from eboks.money import ZERO, format_money, zloty_first
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import Notice, notify_many
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Right, roles_with
from eboks.ui.words import long_date

KIND = "rate_change"
_COMPANIES_AT_ONCE = 100
_LISTED = 5


class _TakenMeanwhileError(Exception):
    """Another process is telling one of these companies."""


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_kind(
        MessageKind(
            name=KIND,
            title=_("Zmiana rat po zmianie stopy bazowej"),
            channels=(Channel.EMAIL, Channel.BELL),
        )
    )
    add_event(
        "rate_change_downloaded",
        _("pobrał(a) zawiadomienie o zmianie oprocentowania umowy %(number)s"),
        group=Group.DOCUMENTS,
    )


def notify_changes(*, at: dt.datetime) -> int:
    """Tells about the changes of up to 100 companies. Returns how many were told; 0: all are.

    A new value that left the instalments alone is marked and not told: its page explains it. That
    the contract has another index is told whatever it did. Safe to repeat and to run twice at once.
    """
    waiting = RateChange.objects.filter(notified_at__isnull=True)
    no_news = waiting.exclude(outcome=RateChangeOutcome.CHANGED)
    no_news.filter(kind=RateChangeKind.RESET).update(notified_at=at)
    told = waiting.order_by("contract__company").values_list("contract__company", flat=True)
    companies = list(told.distinct()[:_COMPANIES_AT_ONCE])
    try:
        if companies:
            _tell(companies, at=at)
    except _TakenMeanwhileError:
        pass  # the next call sees what is left
    return len(companies)


@transaction.atomic
def _tell(companies: Sequence[int], *, at: dt.datetime) -> None:
    rows = RateChange.objects.filter(
        contract__company__in=companies, notified_at__isnull=True
    ).select_related("contract")
    changes = list(rows.order_by("contract__number", "effective_on", "pk"))
    _claim(changes, at=at)
    by_company: dict[int, list[RateChange]] = defaultdict(list)
    for change in changes:
        by_company[change.contract.company_id].append(change)
    people = (
        Membership.objects.active(clock.today(at))
        .filter(company__in=by_company, role__in=roles_with(Right.VIEW_FINANCE))
        .select_related("user", "company")
        .order_by("pk")
    )
    allowed = _allowed_contracts(companies)
    notices = []
    for membership in people:
        user = membership.user
        if user.activated_at is None and not user.has_usable_password():
            continue  # was never here: hears of it after coming in
        mine = by_company[membership.company_id]
        if membership.has_limits:
            mine = [c for c in mine if c.contract_id in allowed.get(membership.pk, ())]
        if mine:
            notices.append(_notice(membership, mine))
    notify_many(kind=KIND, notices=notices, at=at)


def _claim(changes: Sequence[RateChange], *, at: dt.datetime) -> None:
    """Marks `changes` as told; who comes second to any of them gets none, and rolls back."""
    keys = [change.pk for change in changes]
    mine = RateChange.objects.filter(pk__in=keys, notified_at__isnull=True)
    if mine.update(notified_at=at) != len(keys):
        raise _TakenMeanwhileError


def _allowed_contracts(companies: Sequence[int]) -> Mapping[int, set[int]]:
    """Contracts that members with selected contracts reach, by membership."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = AllowedContract.objects.filter(
        membership__company__in=companies, membership__is_limited=True
    )
    for membership, contract in rows.values_list("membership", "contract"):
        found[membership].add(contract)
    return found


def _notice(membership: Membership, changes: Sequence[RateChange]) -> Notice:
    first = changes[0]
    url = (
        reverse("contracts:rate_change", args=[first.contract.public_id, first.public_id])
        if len(changes) == 1
        else reverse("contracts:rate_changes")
    )
    return Notice(
        user=membership.user,
        company=membership.company,
        # Each change is claimed once, so the first of them names the message.
        key=f"{KIND}:{membership.pk}:{min(change.pk for change in changes)}",
        facts=_facts(membership, changes),
        url=url,
    )


def _facts(membership: Membership, changes: Sequence[RateChange]) -> dict[str, Any]:
    """Values for the text, in one language: amounts and days are Polish everywhere."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for change in changes:
        grown = (change.new_instalment or ZERO) - (change.old_instalment or ZERO)
        sums[change.contract.currency] += grown
    return {
        "count": len(changes),
        "company": membership.company.name,
        "since": long_date(changes[0].effective_on),
        "conversion": all(change.kind == RateChangeKind.CONVERSION for change in changes),
        "rows": [
            {
                "number": change.contract.number,
                "old": _amount(change.old_instalment, change),
                "new": _amount(change.new_instalment, change),
                "old_index": index_name(change.old_index),
                "new_index": index_name(change.new_index),
            }
            for change in changes[:_LISTED]
        ],
        "more": max(0, len(changes) - _LISTED),
        "difference": ", ".join(
            format_money(sums[currency], currency) for currency in sorted(sums, key=zloty_first)
        ),
    }


def _amount(value: Decimal | None, change: RateChange) -> str:
    return "" if value is None else format_money(value, change.contract.currency)

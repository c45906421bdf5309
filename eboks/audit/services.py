"""Writing the audit trail: in the transaction of what it tells about, or not at all."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from eboks import origin
from eboks.accounts.models import User
from eboks.audit.events import EVENTS
from eboks.audit.models import ActorKind, AuditChain, AuditEntry
from eboks.audit.sealing import clean, current_key, plain, seal
from eboks.tenancy.models import Company, Membership

PORTAL_CHAIN = "portal"

log = structlog.get_logger("ebok.audit")


class ChainMovedError(RuntimeError):
    """Somebody else added to the chain in between: the transaction must not be kept."""


def record(
    *,
    event: str,
    at: dt.datetime,
    actor: User | None = None,
    company: Company | None = None,
    subject: User | None = None,
    result: str = "ok",
    object_kind: str = "",
    object_ref: str = "",
    facts: dict[str, Any] | None = None,
) -> AuditEntry:
    """Adds one entry to the chain of `company` (of the portal, without one).

    `event` must be known to `audit.events` (else KeyError). `facts` are ids, names of fields and
    masked values, never secrets; floats raise TypeError. Address, browser and request come from
    `eboks.origin`. While a member of the staff looks through a client's eyes, the entry is theirs
    and its facts say whose eyes they were.

    The chain stays locked until the caller's transaction ends: write the entry last.
    """
    EVENTS[event]
    here = origin.current()
    noted = plain(facts or {})
    actor_id, kind = _who(actor)
    if here.viewer_id is not None:
        noted |= {"viewer": here.viewer_id, "seen_as": actor_id}
        actor_id, kind = here.viewer_id, ActorKind.STAFF
    # No savepoint: it would cost two of the five round trips, and whoever cannot write the entry
    # must not keep the work either.
    with transaction.atomic(savepoint=False):
        chain = _locked_chain(f"company:{company.pk}" if company else PORTAL_CHAIN)
        key_id, key = current_key()
        entry = AuditEntry(
            chain=chain,
            sequence=chain.last_sequence + 1,
            at=at,
            event=event,
            result=result,
            actor_id=actor_id,
            actor_kind=kind,
            company=company,
            subject=subject,
            object_kind=object_kind,
            object_ref=clean(str(object_ref))[:80],
            facts=noted,
            ip=_address(here.ip),
            agent=clean(here.agent)[:200],
            request_id=here.request_id,
            key_id=key_id,
            previous_hash=chain.last_hash,
        )
        entry.hash = seal(entry, chain_key=chain.key, key=key)
        moved = AuditChain.objects.filter(pk=chain.pk, last_sequence=chain.last_sequence).update(
            last_sequence=entry.sequence, last_hash=entry.hash
        )
        if not moved:
            raise ChainMovedError(chain.key)
        chain.last_sequence, chain.last_hash = entry.sequence, entry.hash
        entry.save(force_insert=True)
        transaction.on_commit(lambda: _log(entry), robust=True)
    return entry


@transaction.atomic
def record_for_companies(
    *,
    event: str,
    at: dt.datetime,
    user: User,
    facts: dict[str, Any] | None = None,
    result: str = "ok",
    subject: User | None = None,
    actor: User | None = None,
) -> list[AuditEntry]:
    """What a person did as a person (logged in, changed the password): one entry in the chain of
    each company that they may act for, so that each sees it and none sees the others; in the
    chain of the portal when there is none. `actor`: who did it to them, when somebody else did.
    """
    mandates = Membership.objects.active().filter(user=user)
    if event != "login":
        # A company that has invited the person learns of their account when they first come in.
        come = Q(invited_at=None) | Q(user__last_visit_at__gt=F("invited_at"))
        mandates = mandates.filter(come)
    companies = Company.objects.filter(pk__in=mandates.values("company"))
    return record_in_each(
        companies=list(companies) or [None],
        event=event,
        at=at,
        actor=actor or user,
        facts=facts,
        result=result,
        subject=subject,
    )


@transaction.atomic
def record_in_each(
    *, companies: Iterable[Company | None], event: str, at: dt.datetime, **what: Any
) -> list[AuditEntry]:
    """The same entry (see `record`) in the chain of each of `companies`: a list was taken out that
    holds rows of them all.
    """
    # Always in the same order, so that two of them never wait for each other.
    in_order = sorted(companies, key=lambda company: company.pk if company else 0)
    return [record(event=event, at=at, company=company, **what) for company in in_order]


def record_export(
    *,
    name: str,
    companies: Iterable[Company],
    only: str = "",
    actor: User,
    at: dt.datetime,
) -> list[AuditEntry]:
    """The list `name` was taken out as a file. `only` is the public id of the one company that the
    list was narrowed to.
    """
    inside = [company for company in companies if only in {"", str(company.public_id)}]
    return record_in_each(
        companies=inside, event="report_exported", at=at, actor=actor, facts={"name": name}
    )


def _locked_chain(key: str) -> AuditChain:
    """The row of the chain, held until the transaction ends.

    SQLite has no row locks; there the transaction itself is the only writer.
    """
    rows = AuditChain.objects.select_for_update().filter(key=key)
    chain = rows.first()
    if chain is None:
        AuditChain.objects.get_or_create(key=key)  # the unique key decides who makes it
        chain = rows.get()
    return chain


def _who(actor: User | None) -> tuple[int | None, ActorKind]:
    if actor is None:
        return None, ActorKind.SYSTEM
    return actor.pk, ActorKind.STAFF if actor.is_staff else ActorKind.CLIENT


def _address(ip: str | None) -> str | None:
    """The address as both databases keep it: an IPv4 one inside IPv6 unwrapped, no zone."""
    if not ip:
        return None
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _log(entry: AuditEntry) -> None:
    """The same entry for the second place (SEC-101), once it is certain."""
    log.info(
        entry.event,
        result=entry.result,
        actor_id=entry.actor_id,
        actor_kind=str(entry.actor_kind),
        company_id=entry.company_id,
        subject_id=entry.subject_id,
        object_kind=entry.object_kind,
        object_ref=entry.object_ref,
        facts=entry.facts,
        ip=entry.ip,
        request_id=entry.request_id,
        at=entry.at.isoformat(),
        chain=entry.chain.key,
        sequence=entry.sequence,
        hash=entry.hash,
    )

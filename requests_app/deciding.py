"""Deciding a request: by the portal at once, or by staff, two of them above an amount."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from invoicing import fees
from invoicing.enums import FeeBase
from requests_app import workflow
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import WITH_STAFF, By, FeeState, Status
from requests_app.models import Request
from requests_app.pricing import refused_price_of

_LONGEST = 2000


def decide_at_once(request: Request, *, at: dt.datetime) -> None:
    """Approves what the kind's rule lets the portal approve; otherwise keeps the reason for staff
    and client."""
    with translation.override(request.language):
        verdict = type_of(request).decide(request, at)
    if verdict.at_once:
        _approve(request, by=By.PORTAL, actor=None, at=at, answer="")
    elif verdict.reason:
        request.why_review = verdict.reason[:250]
        Request.objects.filter(pk=request.pk).update(why_review=request.why_review)


@transaction.atomic
def take(*, request_id: int, actor: User, at: dt.datetime) -> Request:
    """The request is `actor`'s to deal with from now on; it may be taken from a colleague."""
    request = _locked(request_id)
    if request.status not in WITH_STAFF:
        raise RequestError(workflow.not_now(Status(request.status)))
    request.assignee = actor
    if request.status == Status.SUBMITTED:
        workflow.move(request, to=Status.IN_REVIEW, by=By.STAFF, actor=actor, at=at, assignee=actor)
        return request
    Request.objects.filter(pk=request.pk).update(assignee=actor)
    _note("request_assigned", request, actor=actor, at=at)
    return request


@transaction.atomic
def ask_for_more(*, request_id: int, text: str, actor: User, at: dt.datetime) -> Request:
    """Sends the request back to its author, who reads `text` and has a set time to answer."""
    request = _locked(request_id)
    if request.status not in WITH_STAFF:
        raise RequestError(workflow.not_now(Status(request.status)))
    until = at + dt.timedelta(days=settings.REQUEST_ANSWER_DAYS)
    workflow.move(
        request,
        to=Status.NEEDS_CUSTOMER,
        by=By.STAFF,
        actor=actor,
        at=at,
        note=_said(text, _("Napisz, czego brakuje.")),
        answer_by=type_of(request).answer_by(request, clock.today(at)),
        expires_at=until,
    )
    return request


@transaction.atomic
def reject(
    *, request_id: int, text: str, actor: User, at: dt.datetime, waive: bool = False
) -> Request:
    """Refuses, with a reason for the client.

    Nothing is charged, but for kinds that say so: those cost their `refused_fee_code` by the table
    of the day of filing, unless staff `waive` it. Raises RequestError.
    """
    request = _locked(request_id)
    _check_impartial(request, actor)
    answer = _said(text, _("Napisz klientowi, dlaczego nie."))
    if request.status not in WITH_STAFF:
        raise RequestError(workflow.not_now(Status(request.status)))
    _charge_refusal(request, actor=actor, at=at, waive=waive)
    type_of(request).refused(request, at, actor)
    _decided(request, to=Status.REJECTED, by=By.STAFF, actor=actor, at=at, answer=answer)
    if type_of(request).papers_when_refused:
        _produce_later(request)
    return request


def _check_impartial(request: Request, actor: User) -> None:
    """Raises RequestError: nobody decides on what they asked for themselves (SEC-46)."""
    signed = request.instruction
    signers = {signed.user_id, signed.second_user_id} if signed else set()
    if actor.pk in {request.author_id, *signers}:
        raise RequestError(_("Własny wniosek rozpatruje inna osoba."))


def _charge_refusal(request: Request, *, actor: User, at: dt.datetime, waive: bool) -> None:
    price = None
    if request.submitted_at is not None and not waive:
        price = refused_price_of(
            type_of(request), contract=request.contract, on=clock.today(request.submitted_at)
        )
    if price is None:
        is_free = request.fee_state == FeeState.FREE
        request.fee_state = FeeState.FREE if is_free else FeeState.WAIVED
        return
    request.fee_line, request.fee_net, request.fee_gross = price.line, price.net, price.gross
    request.fee_state = FeeState.DUE
    _charge(request, actor=actor, at=at)


@transaction.atomic
def approve(
    *,
    request_id: int,
    actor: User,
    at: dt.datetime,
    text: str = "",
    fee: Decimal | None = None,
    waive: bool = False,
) -> Request:
    """Agrees. Where two people are needed the first one proposes and another one approves.

    `fee`: of a fee that is a range, the net amount agreed within it; `waive` charges nothing.
    Raises RequestError, also for the same person twice, and for whoever filed or signed it.
    """
    request = _locked(request_id)
    _check_impartial(request, actor)
    if request.status not in WITH_STAFF:
        raise RequestError(workflow.not_now(Status(request.status)))
    if needs_two(request):
        if request.proposed_by_id is None:
            Request.objects.filter(pk=request.pk).update(proposed_by=actor)
            request.proposed_by = actor
            _note("request_proposed", request, actor=actor, at=at)
            return request
        if request.proposed_by_id == actor.pk:
            raise RequestError(_("Zgodę musi zatwierdzić inna osoba niż ta, która ją proponuje."))
    if waive and request.fee_state == FeeState.DUE:
        request.fee_state = FeeState.WAIVED
    _approve(request, by=By.STAFF, actor=actor, at=at, answer=text.strip()[:_LONGEST], fee=fee)
    return request


def needs_two(request: Request) -> bool:
    """Whether what is asked is worth so much that two of the staff decide (SEC-46)."""
    limit = settings.REQUESTS_TWO_PEOPLE_FROM
    return request.amount is not None and request.amount >= limit


@transaction.atomic
def close(*, request_id: int, actor: User, at: dt.datetime, text: str = "") -> Request:
    """Done: what was agreed on has happened. Raises RequestError."""
    request = _locked(request_id)
    workflow.move(
        request,
        to=Status.CLOSED,
        by=By.STAFF,
        actor=actor,
        at=at,
        note=text.strip()[:_LONGEST],
    )
    return request


@transaction.atomic
def note_core_fee(*, request_id: int, actor: User, at: dt.datetime) -> Request:
    """The fee has been charged in the core system, which invoices the contract."""
    request = _locked(request_id)
    won = Request.objects.filter(pk=request.pk, fee_state=FeeState.CORE).update(
        fee_state=FeeState.CORE_DONE
    )
    if won != 1:
        raise RequestError(_("Ta opłata nie czeka na naliczenie."))
    request.fee_state = FeeState.CORE_DONE
    _note("request_fee_noted", request, actor=actor, at=at)
    return request


def _approve(
    request: Request,
    *,
    by: By,
    actor: User | None,
    at: dt.datetime,
    answer: str,
    fee: Decimal | None = None,
) -> None:
    kind = type_of(request)
    if not kind.begun_by_lessor and not request.has_own_contract:
        raise RequestError(contract_gone())
    request.answer = answer
    with translation.override(request.language):
        kind.effect(request, at, actor)
    _charge(request, actor=actor, at=at, fee=fee)
    _decided(request, to=Status.APPROVED, by=by, actor=actor, at=at, answer=answer)
    _produce_later(request)


def _decided(
    request: Request, *, to: Status, by: By, actor: User | None, at: dt.datetime, answer: str
) -> None:
    """Writes the decision and what became of the fee."""
    workflow.move(
        request,
        to=to,
        by=by,
        actor=actor,
        at=at,
        note=answer,
        answer=answer,
        answer_by=None,
        decided_by=actor,
        decided_at=at,
        fee_line=request.fee_line,
        fee_state=request.fee_state,
        fee_net=request.fee_net,
        fee_gross=request.fee_gross,
        charge=request.charge,
    )


def contract_gone() -> str:
    return _("Tej umowy ta sprawa już nie dotyczy: zmienił się jej stan.")


def _produce_later(request: Request) -> None:
    from requests_app import tasks  # noqa: PLC0415 -- tasks import the services

    # Robust: the decision stands; papers that fail are made by the sweeper.
    transaction.on_commit(partial(tasks.produce.delay, request_id=request.pk), robust=True)


def _charge(
    request: Request, *, actor: User | None, at: dt.datetime, fee: Decimal | None = None
) -> None:
    """Puts the fee that was accepted on the next invoice; by the table of the day of filing.

    Whoever leases the contract by now pays nothing for the one who asked.
    """
    line = request.fee_line
    if line is None or request.fee_state != FeeState.DUE:
        return
    base: Decimal | None = None
    if line.base == FeeBase.RANGE:
        base = fee if fee is not None else request.fee_net
        if base > request.fee_net:
            raise RequestError(_("Opłata nie może być wyższa niż ta, na którą zgodził się klient."))
        request.fee_gross -= request.fee_net - base
        request.fee_net = base
    contract = request.contract if request.has_own_contract else None
    try:
        fees.check_invoiced_here(contract)
    except fees.FeeError:
        request.fee_state = FeeState.CORE
        return
    try:
        request.charge = fees.charge(
            key=f"request:{request.public_id}",
            company=request.company,
            contract=contract,
            line=line,
            on=clock.today(at),
            at=at,
            description=f"{line.title}, {request.reference}",
            base=base,
            actor=actor,
        )
    except fees.FeeError as error:
        raise RequestError(str(error)) from error
    request.fee_state = FeeState.CHARGED


def _locked(request_id: int) -> Request:
    rows = Request.objects.select_related("company", "contract", "asset", "author", "fee_line")
    found: Request = rows.select_for_update(of=("self",)).get(pk=request_id)
    return found


def _said(text: str, missing: str) -> str:
    text = text.strip()[:_LONGEST]
    if not text:
        raise RequestError(missing)
    return text


def _note(event: str, request: Request, *, actor: User, at: dt.datetime) -> None:
    record(
        event=event,
        at=at,
        actor=actor,
        company=request.company,
        object_kind="request",
        object_ref=request.reference,
        facts={"reference": request.reference},
    )

"""Renewal offers: made by staff, accepted once by signature, turned into a policy, or declined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.authorisation.models import Instruction
from eboks.money import ZERO
from eboks.tenancy.models import LessorProfile
from insurance import policy_messages
from insurance.enums import OfferState, Placement, Risk, Verification
from insurance.models import Insurer, Policy, RenewalOffer
from insurance.own_policies import PORTAL, write_parts
from insurance.policy_fields import Cover, instalments


class OfferError(Exception):
    """Why an offer cannot be made, answered or issued; the text is for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """What staff typed. Amounts in `currency`."""

    asset: Asset
    policy: Policy | None
    insurer: Insurer
    valid_from: dt.date
    valid_to: dt.date
    premium: Decimal
    instalment_count: int
    covers: Sequence[Cover]
    currency: str
    territory: str
    note: str
    answer_by: dt.date


@transaction.atomic
def make(*, new: NewOffer, actor: User, at: dt.datetime) -> RenewalOffer:
    """An offer that the client may accept until `answer_by`; who deals with insurance is told.

    `new.asset` comes with its contract and company. Raises OfferError while another offer for the
    same asset and day is going, and for a day to answer that is past or after the cover begins.
    """
    if not clock.today(at) <= new.answer_by <= new.valid_from:
        raise OfferError(
            _("Dzień decyzji musi być od dziś i najpóźniej w dniu, od którego jest ochrona.")
        )
    contract = new.asset.contract
    try:
        with transaction.atomic():
            offer = RenewalOffer.objects.create(
                company=contract.company,
                contract=contract,
                asset=new.asset,
                # An earlier lessee's policy is not for this one to compare with.
                policy=new.policy
                if new.policy and new.policy.company_id == contract.company_id
                else None,
                insurer=new.insurer,
                valid_from=new.valid_from,
                valid_to=new.valid_to,
                premium=new.premium,
                currency=new.currency,
                instalment_count=new.instalment_count,
                territory=new.territory,
                covers=[_stored(cover) for cover in new.covers],
                note=new.note,
                answer_by=new.answer_by,
                made_by=actor,
                made_at=at,
            )
    except IntegrityError:
        text = _("Na ten przedmiot jest już oferta od tego dnia. Najpierw ją wycofaj.")
        raise OfferError(text) from None
    policy_messages.of_offer(offer, at=at)
    _note("renewal_made", offer, actor=actor, at=at)
    return offer


@transaction.atomic
def withdraw(*, offer: RenewalOffer, actor: User, at: dt.datetime) -> None:
    """Staff take back an offer that nobody has answered, or whose contract has gone to another
    company since. Raises OfferError otherwise."""
    gone = offer.state == OfferState.ACCEPTED and not is_theirs(offer)
    source = OfferState.ACCEPTED if gone else OfferState.OPEN
    _move(offer, source=source, to=OfferState.WITHDRAWN)
    _note("renewal_withdrawn", offer, actor=actor, at=at)


@transaction.atomic
def decline(*, offer: RenewalOffer, actor: User, at: dt.datetime) -> None:
    """The client does not want it. Raises OfferError unless it waits for an answer."""
    _move(offer, source=OfferState.OPEN, to=OfferState.DECLINED, answered_at=at)
    _note("renewal_declined", offer, actor=actor, at=at)


@transaction.atomic
def accept(*, offer: RenewalOffer, actor: User, instruction: Instruction, at: dt.datetime) -> None:
    """The signed answer, once. Raises OfferError after `answer_by` and when it is answered."""
    check_open(offer, on=clock.today(at))
    _move(
        offer,
        source=OfferState.OPEN,
        to=OfferState.ACCEPTED,
        answered_at=at,
        instruction=instruction,
    )
    _note("renewal_accepted", offer, actor=actor, at=at)


@transaction.atomic
def issue(*, offer: RenewalOffer, number: str, actor: User, at: dt.datetime) -> Policy:
    """An accepted offer becomes a checked policy of the lessor, with its risks and instalments;
    the client is told. Raises OfferError without a number, unless it is accepted, and once the
    contract has gone to another company."""
    if not number.strip():
        raise OfferError(_("Wpisz numer polisy."))
    if not is_theirs(offer):
        raise OfferError(_("Umowa przeszła na inną firmę. Wycofaj tę ofertę."))
    _move(offer, source=OfferState.ACCEPTED, to=OfferState.ISSUED)
    lessor = LessorProfile.objects.order_by("pk").first()
    name = lessor.name if lessor else ""
    policy = Policy.objects.create(
        source_system=PORTAL,
        source_id=f"renewal:{offer.public_id}",
        as_of=clock.today(at),
        company=offer.company,
        contract=offer.contract,
        asset=offer.asset,
        insurer=offer.insurer,
        number=number.strip()[:40],
        placement=Placement.LESSOR,
        policyholder=name,
        insured=name,
        valid_from=offer.valid_from,
        valid_to=offer.valid_to,
        premium=offer.premium,
        currency=offer.currency,
        territory=offer.territory,
        has_assignment=True,
        verification=Verification.VERIFIED,
        revision=1,
    )
    write_parts(policy, covers_of(offer), count=offer.instalment_count)
    RenewalOffer.objects.filter(pk=offer.pk).update(issued_policy=policy)
    offer.issued_policy = policy
    policy_messages.of_issue(offer, policy, at=at)
    _note("renewal_issued", offer, actor=actor, at=at)
    return policy


def check_open(offer: RenewalOffer, *, on: dt.date) -> None:
    """Raises OfferError unless the offer, given with its contract, may be accepted on that day."""
    if not is_theirs(offer):
        raise OfferError(_("Umowa przeszła na inną firmę, więc tej oferty nie można przyjąć."))
    if offer.state != OfferState.OPEN:
        raise OfferError(_not_now(offer))
    if on > offer.answer_by:
        raise OfferError(_("Czas na decyzję minął. Zadzwoń do nas, przygotujemy nową ofertę."))


def is_theirs(offer: RenewalOffer) -> bool:
    """False once the contract (which comes with the offer) has gone to another lessee."""
    return offer.contract.company_id == offer.company_id


def covers_of(offer: RenewalOffer) -> list[Cover]:
    """The risks of the offer, as they are stored in it."""
    return [_cover(row) for row in offer.covers]


def parts_of(offer: RenewalOffer) -> list[tuple[int, dt.date, Decimal]]:
    """(n, due, amount) of the premium."""
    return instalments(
        premium=offer.premium, count=offer.instalment_count, first_on=offer.valid_from
    )


def compared(offer: RenewalOffer) -> list[tuple[Risk, Cover | None, Any]]:
    """(risk, in the offer, in the policy that ends): what stays, comes and goes. One query."""
    new = {cover.risk: cover for cover in covers_of(offer)}
    old = {}
    if offer.policy is not None:
        old = {Risk(row.risk): row for row in offer.policy.covers.order_by("pk")}
    return [(risk, new.get(risk), old.get(risk)) for risk in Risk if risk in new or risk in old]


def _stored(cover: Cover) -> dict[str, str]:
    return {
        "risk": cover.risk.value,
        "sum_insured": "" if cover.sum_insured is None else str(cover.sum_insured),
        "vat_basis": cover.vat_basis,
        "deductible": str(cover.deductible),
        "gap_kind": cover.gap_kind,
    }


def _cover(row: Mapping[str, str]) -> Cover:
    amount = row.get("sum_insured")
    return Cover(
        risk=Risk(row["risk"]),
        sum_insured=Decimal(amount) if amount else None,
        vat_basis=row.get("vat_basis", ""),
        deductible=Decimal(row.get("deductible") or ZERO),
        gap_kind=row.get("gap_kind", ""),
    )


def _move(offer: RenewalOffer, *, source: OfferState, to: OfferState, **values: Any) -> None:
    won = RenewalOffer.objects.filter(pk=offer.pk, state=source).update(state=to, **values)
    if won != 1:
        offer.refresh_from_db(fields=["state"])
        raise OfferError(_not_now(offer))
    for name, value in {"state": to, **values}.items():
        setattr(offer, name, value)


def _not_now(offer: RenewalOffer) -> str:
    return _("Tego nie można teraz zrobić: oferta jest w stanie „%s”.") % offer.get_state_display()


def _note(event: str, offer: RenewalOffer, *, actor: User, at: dt.datetime) -> None:
    record(
        event=event,
        at=at,
        actor=actor,
        company=offer.company,
        object_kind="renewal_offer",
        object_ref=str(offer.public_id),
        facts={"asset": str(offer.asset)},
    )

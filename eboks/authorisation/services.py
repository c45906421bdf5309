"""Preparing an instruction: everything that is shown is made here once and stored (SEC-30, 32).

Sending codes is in `sending`, checking and executing in `signing`.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import unicodedata
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.authorisation import registry
from eboks.authorisation.enums import ALLOWED_FROM, CodeState, InstructionState, Step
from eboks.authorisation.evidence import add_step, canonical, digest_of, sha256
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.authorisation.registry import Facts, Operation, Refused
from eboks.events import security_event
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Right, roles_with

# Without letters and digits that look alike; read out over the phone.
_REFERENCE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LONGEST_VALUE = 300
_LONGEST_SMS = 70
_NOT_IN_SMS = re.compile(r"[^A-Za-z0-9 .,:;/()+*=-]")


def prepare(
    *,
    operation: str,
    user: User,
    company: Company | None,
    payload: dict[str, Any],
    form_key: uuid.UUID,
    session: str,
    at: dt.datetime,
) -> Instruction:
    """Stores what is to be signed, exactly as it will be shown.

    The same `form_key` gives the earlier instruction when operation and payload are the same; one
    that differs is refused (SEC-59). Raises `Refused` with a text for the client, PermissionDenied
    when the person lacks the right.
    """
    definition = registry.operation(operation)
    facts = Facts(user=user, company=company, payload=_storable(payload))
    check_right(definition, user=user, company=company)
    instruction = _drawn(definition, facts, form_key=form_key, session=session, at=at)
    try:
        with transaction.atomic():
            instruction.save(force_insert=True)
            add_step(instruction, Step.SUMMARY, at=at, user=user, digest=instruction.digest)
    except IntegrityError:
        return _earlier(instruction)
    security_event(
        "instruction_prepared",
        result="started",
        actor_id=user.pk,
        operation=operation,
        reference=instruction.reference,
    )
    return instruction


def renew(*, instruction: Instruction, session: str, at: dt.datetime) -> Instruction:
    """The same data drawn up anew, with today's prices and states; the old one can't be signed."""
    end(instruction=instruction, state=InstructionState.CANCELLED, at=at, user=instruction.user)
    return prepare(
        operation=instruction.operation,
        user=instruction.user,
        company=instruction.company,
        payload=instruction.payload,
        form_key=uuid.uuid4(),
        session=session,
        at=at,
    )


def draft_of(*, user: User, operation: str, public_id: str | None) -> dict[str, Any] | None:
    """What the person had typed into the form of an instruction of theirs that is not executed.

    None for anything else, whatever stands in the address.
    """
    try:
        wanted = uuid.UUID(str(public_id))
    except ValueError:
        return None
    found = (
        Instruction.objects.filter(user=user, public_id=wanted, operation=operation)
        .exclude(state=InstructionState.EXECUTED)
        .first()
    )
    return None if found is None else found.payload


@transaction.atomic
def end(
    *,
    instruction: Instruction,
    state: InstructionState,
    at: dt.datetime,
    user: User | None,
    text: str = "",
) -> bool:
    """Closes an instruction that was not executed, with its codes. False: somebody was faster."""
    won = Instruction.objects.filter(pk=instruction.pk, state__in=ALLOWED_FROM[state]).update(
        state=state, ended_at=at, outcome_text=text[:250]
    )
    if not won:
        return False
    OperationAuthorisation.objects.filter(instruction=instruction, state=CodeState.LIVE).update(
        state=CodeState.VOID, ended_at=at
    )
    instruction.refresh_from_db(fields=["state", "ended_at", "outcome_text"])
    add_step(instruction, Step(state.value), at=at, user=user)
    record(
        event=f"instruction_{state.value}",
        at=at,
        actor=user,
        company=instruction.company,
        object_kind="instruction",
        object_ref=instruction.reference,
        facts={"title": instruction.title, "reference": instruction.reference},
    )
    return True


def cancel_all_of(*, user: User, at: dt.datetime) -> int:
    """Withdraws everything that the person has not signed yet: the account is being frozen."""
    waiting = Instruction.objects.filter(
        user=user, state__in=ALLOWED_FROM[InstructionState.CANCELLED]
    )
    return sum(
        end(instruction=row, state=InstructionState.CANCELLED, at=at, user=user)
        for row in waiting.order_by("pk")
    )


def check_right(definition: Operation, *, user: User, company: Company | None) -> None:
    """Raises PermissionDenied unless `user` may sign this operation for `company` now."""
    if definition.right is None:
        allowed = company is None and user.is_active and user.frozen_at is None
    else:
        allowed = company is not None and may(user, company, definition.right)
    if not allowed:
        raise PermissionDenied


def may(user: User, company: Company, right: Right) -> bool:
    """Whether the person's membership carries `right` at this moment."""
    if user.frozen_at is not None:
        return False
    memberships = Membership.objects.active().filter(user=user, company=company)
    return memberships.filter(role__in=roles_with(right)).exists()


def basis_of(definition: Operation, facts: Facts, *, at: dt.datetime) -> str:
    """Digest of everything outside the payload on which the instruction rests (SEC-31)."""
    price = definition.price(facts)
    amounts = [str(price.net), str(price.vat), str(price.gross), price.version]
    codes = [[slot, number] for slot, number in needed_codes(definition, facts, at=at)]
    outside = {"basis": definition.basis(facts), "price": amounts, "codes": codes}
    return sha256(canonical(outside))


def needed_codes(definition: Operation, facts: Facts, *, at: dt.datetime) -> list[tuple[str, str]]:
    """(slot, number) of each code that the person has to give, in order.

    Raises `Refused` when the person has no number for codes.
    """
    if definition.codes is not None:
        return [(str(slot), number) for slot, number in definition.codes(facts)]
    return [("own", own_number(facts.user, costly=is_costly(definition, facts), at=at))]


def own_number(user: User, *, costly: bool, at: dt.datetime) -> str:
    """The number that the person's codes go to. Raises `Refused` when there is none."""
    device = SmsDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        raise Refused(_("Nie mamy Twojego numeru do kodów SMS. Zadzwoń do nas, a go dodamy."))
    number: str = device.number_for(costly=costly, at=at)
    return number


def is_costly(definition: Operation, facts: Facts) -> bool:
    return definition.costly or definition.price(facts).gross > 0


def facts_of(instruction: Instruction) -> Facts:
    return Facts(user=instruction.user, company=instruction.company, payload=instruction.payload)


def _drawn(
    definition: Operation,
    facts: Facts,
    *,
    form_key: uuid.UUID,
    session: str,
    at: dt.datetime,
) -> Instruction:
    price = definition.price(facts)
    seconds = dt.timedelta(seconds=settings.INSTRUCTION_SECONDS)
    with translation.override(facts.user.language):
        instruction = Instruction(
            reference=_new_reference(),
            operation=definition.name,
            user=facts.user,
            company=facts.company,
            payload=facts.payload,
            title=str(definition.title)[:120],
            lines=[
                {"label": _one_line(label), "value": _one_line(value)}
                for label, value in definition.lines(facts)
            ],
            sms_text=_for_sms(definition.sms(facts)),
            fee_net=price.net,
            fee_vat=price.vat,
            fee_gross=price.gross,
            price_version=price.version,
            basis=basis_of(definition, facts, at=at),
            language=facts.user.language,
            form_key=form_key,
            session=session,
            needs_second=bool(
                facts.company and facts.company.two_people_sign and is_costly(definition, facts)
            ),
            created_at=at,
            expires_at=at + seconds,
        )
    instruction.digest = digest_of(instruction)
    return instruction


def _earlier(instruction: Instruction) -> Instruction:
    """What the same form made before: sent twice it is one instruction."""
    earlier = Instruction.objects.get(user=instruction.user, form_key=instruction.form_key)
    if (earlier.operation, earlier.payload) != (instruction.operation, instruction.payload):
        raise Refused(_("Ten formularz był już wysłany z innymi danymi. Otwórz go jeszcze raz."))
    return earlier


def _new_reference() -> str:
    """`D-7KQ2-M9XA-4T`: 10 signs out of 32, so that it cannot be guessed or counted."""
    signs = "".join(secrets.choice(_REFERENCE_SIGNS) for _n in range(10))
    return f"D-{signs[:4]}-{signs[4:8]}-{signs[8:]}"


def _storable(value: Any) -> Any:
    """JSON values without the signs that PostgreSQL cannot keep: NUL and lone surrogates."""
    if isinstance(value, dict):
        return {key: _storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    return value


def _one_line(value: object) -> str:
    """What a person typed stays one plain line: no line breaks, no signs that turn the text."""
    text = "".join(
        " " if char.isspace() else char
        for char in str(value)
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    joined = " ".join(text.split())
    return joined if len(joined) <= _LONGEST_VALUE else f"{joined[: _LONGEST_VALUE - 1]}…"


def _for_sms(text: str) -> str:
    """Plain signs only: nothing that could look like a code line of its own (`@`, `#`)."""
    plain = unicodedata.normalize("NFKD", text.translate(str.maketrans("łŁ", "lL")))
    ascii_only = plain.encode("ascii", "ignore").decode()
    return " ".join(_NOT_IN_SMS.sub(" ", ascii_only).split())[:_LONGEST_SMS].strip()

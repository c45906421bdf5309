"""Reference rates by hand: one member of the staff proposes, another decides (docs/rates.md)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import fixing_corrections
from contracts.enums import RateProposalKind, RateProposalState, ReferenceKind
from contracts.models import IndexFixing, RateProposal, ReferenceRate
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record

_LOWEST, _HIGHEST = Decimal(-10), Decimal(50)
_NAMED = 3  # contracts in a message


class RateProposalError(Exception):
    """It cannot be done; the text is for the staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants written.

    A fixing: the `value` of `rate` on the day `on`, percent per year. A replacement: `rate` ends
    with the day `on`; contracts go over to `replaced_by` with a correction of `value` points. A
    correction: the known fixing of that day was wrong, `reason` says how; without `compound_index`
    that of the fixing stays.
    """

    kind: RateProposalKind
    rate: ReferenceRate
    on: dt.date
    value: Decimal
    source: str
    compound_index: Decimal | None = None
    replaced_by: ReferenceRate | None = None
    reason: str = ""


def check(wish: Wish, *, at: dt.datetime) -> None:
    """Raises RateProposalError when `wish` cannot be."""
    if not wish.source.strip():
        raise RateProposalError(_("Podaj źródło, np. stronę administratora stopy."))
    if wish.kind != RateProposalKind.CORRECTION and wish.reason.strip():
        raise RateProposalError(_("Powód podaje się tylko przy korekcie notowania."))
    if wish.kind == RateProposalKind.FIXING:
        _check_fixing(wish, at=at)
    elif wish.kind == RateProposalKind.CORRECTION:
        _check_correction(wish, at=at)
    else:
        _check_replacement(wish)
    same = RateProposal.objects.filter(kind=wish.kind, rate=wish.rate, on=wish.on)
    if same.filter(state=RateProposalState.OPEN).exists():
        raise RateProposalError(_("Takie zgłoszenie już czeka na drugą osobę."))


def _check_value(wish: Wish, *, at: dt.datetime) -> None:
    if wish.replaced_by is not None:
        raise RateProposalError(_("Następcę podaje się tylko przy zastąpieniu stopy."))
    if wish.rate.kind == ReferenceKind.FIXED:
        raise RateProposalError(_("Stopa stała nie ma notowań."))
    if wish.on > clock.today(at):
        raise RateProposalError(_("Notowanie jest z przyszłości."))
    if not _LOWEST <= wish.value <= _HIGHEST:
        raise RateProposalError(_("Stopa musi być w zakresie od -10 do 50 % rocznie."))
    if wish.compound_index is not None and wish.compound_index <= 0:
        raise RateProposalError(_("Indeks składany musi być dodatni."))


def _check_fixing(wish: Wish, *, at: dt.datetime) -> None:
    _check_value(wish, at=at)
    if IndexFixing.objects.filter(rate=wish.rate, on=wish.on).exists():
        raise RateProposalError(
            _("Notowanie tego dnia jest już znane. Błędne poprawia zgłoszenie „korekta notowania”.")
        )


def _check_correction(wish: Wish, *, at: dt.datetime) -> None:
    _check_value(wish, at=at)
    if not wish.reason.strip():
        raise RateProposalError(_("Podaj powód korekty: co było źle i skąd to wiadomo."))
    fixing = _fixing_of(wish.rate, wish.on)
    if wish.value == fixing.value and wish.compound_index in {None, fixing.compound_index}:
        raise RateProposalError(_("Notowanie tego dnia ma już taką wartość."))
    _check_untouched(fixing, wish.value, wish.compound_index)


def _fixing_of(rate: ReferenceRate, on: dt.date) -> IndexFixing:
    fixing = IndexFixing.objects.select_related("rate").filter(rate=rate, on=on).first()
    if fixing is None:
        raise RateProposalError(_("Nie ma notowania z tego dnia, więc nie ma czego poprawiać."))
    return fixing


def _check_untouched(fixing: IndexFixing, value: Decimal, compound_index: Decimal | None) -> None:
    numbers = fixing_corrections.contracts_resting_on(
        fixing, value=value, compound_index=compound_index
    )
    if not numbers:
        return
    raise RateProposalError(
        ngettext(
            "Tego notowania nie można poprawić w portalu: opiera się na nim oprocentowanie "
            "%(count)d umowy (%(numbers)s). Raty tej umowy trzeba przeliczyć w systemie "
            "leasingowym.",
            "Tego notowania nie można poprawić w portalu: opiera się na nim oprocentowanie umów "
            "(razem: %(count)d, na przykład %(numbers)s). Raty tych umów trzeba przeliczyć w "
            "systemie leasingowym.",
            len(numbers),
        )
        % {"count": len(numbers), "numbers": ", ".join(numbers[:_NAMED])}
    )


def _check_replacement(wish: Wish) -> None:
    following = wish.replaced_by
    if following is None:
        raise RateProposalError(_("Podaj stopę, która następuje po tej."))
    if wish.compound_index is not None:
        raise RateProposalError(_("Indeks składany podaje się tylko przy notowaniu."))
    if following == wish.rate:
        raise RateProposalError(_("Stopy nie można zastąpić nią samą."))
    if following.currency != wish.rate.currency:
        raise RateProposalError(_("Następca jest w innej walucie."))
    if wish.on < wish.rate.valid_from:
        raise RateProposalError(_("Ostatni dzień jest przed początkiem stopy."))
    if abs(wish.value) > _HIGHEST:
        raise RateProposalError(_("Korekta musi być w zakresie od -50 do 50 p.p."))


@transaction.atomic
def propose(*, wish: Wish, staff: User, at: dt.datetime) -> RateProposal:
    """Puts `wish` before another member of the staff. Raises RateProposalError."""
    check(wish, at=at)
    is_correction = wish.kind == RateProposalKind.CORRECTION
    proposal = RateProposal(
        kind=wish.kind,
        rate=wish.rate,
        on=wish.on,
        value=wish.value,
        compound_index=wish.compound_index,
        replaced_by=wish.replaced_by,
        old_value=_fixing_of(wish.rate, wish.on).value if is_correction else None,
        source=wish.source,
        reason=wish.reason.strip(),
        proposed_by=staff,
        proposed_at=at,
    )
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError as error:
        raise RateProposalError(_("Takie zgłoszenie już czeka na drugą osobę.")) from error
    _record("rate_proposed", proposal, staff=staff, at=at)
    return proposal


@transaction.atomic
def accept(*, proposal_id: int, staff: User, at: dt.datetime) -> RateProposal:
    """Does what was proposed, once. Raises RateProposalError: decided already, by its author, or
    it can be done no more."""
    proposal = _decide(proposal_id, RateProposalState.ACCEPTED, staff=staff, at=at)
    if proposal.kind == RateProposalKind.FIXING:
        _write_fixing(proposal, at=at)
    elif proposal.kind == RateProposalKind.CORRECTION:
        _write_correction(proposal, at=at)
    else:
        ReferenceRate.objects.filter(pk=proposal.rate_id).update(
            valid_to=proposal.on, replaced_by=proposal.replaced_by, spread_pp=proposal.value
        )
    _record("rate_accepted", proposal, staff=staff, at=at)
    return proposal


@transaction.atomic
def refuse(*, proposal_id: int, staff: User, at: dt.datetime) -> RateProposal:
    """Says no; nothing changes. Raises RateProposalError."""
    proposal = _decide(proposal_id, RateProposalState.REFUSED, staff=staff, at=at)
    _record("rate_refused", proposal, staff=staff, at=at)
    return proposal


def summary(proposal: RateProposal) -> str:
    """What it asks for, in one line."""
    facts = {
        "rate": proposal.rate.title,
        "on": date_format(proposal.on, "j.m.Y"),
        "value": f"{proposal.value.normalize():f}".replace(".", ","),
        "next": proposal.replaced_by.title if proposal.replaced_by else "",
    }
    if proposal.kind == RateProposalKind.FIXING:
        return _("%(rate)s z %(on)s: %(value)s %%") % facts
    if proposal.kind == RateProposalKind.CORRECTION:
        facts["old"] = f"{proposal.old_value.normalize():f}".replace(".", ",")
        facts["reason"] = proposal.reason
        return _("%(rate)s z %(on)s: %(value)s %% zamiast %(old)s %% (%(reason)s)") % facts
    return _("%(rate)s do %(on)s, potem %(next)s i korekta %(value)s p.p.") % facts


def _decide(
    proposal_id: int, state: RateProposalState, *, staff: User, at: dt.datetime
) -> RateProposal:
    """Takes the decision with one UPDATE: of two at once one wins; the author never does."""
    won = (
        RateProposal.objects.filter(pk=proposal_id, state=RateProposalState.OPEN)
        .exclude(proposed_by=staff)
        .update(state=state, decided_by=staff, decided_at=at)
    )
    if not won:
        own = RateProposal.objects.filter(pk=proposal_id, proposed_by=staff).exists()
        raise RateProposalError(
            _("Swojego zgłoszenia nie można rozstrzygnąć. Musi to zrobić inna osoba.")
            if own
            else _("To zgłoszenie jest już rozstrzygnięte.")
        )
    rows = RateProposal.objects.select_related("rate", "replaced_by", "proposed_by", "decided_by")
    return rows.get(pk=proposal_id)


def _write_fixing(proposal: RateProposal, *, at: dt.datetime) -> None:
    try:
        with transaction.atomic():
            IndexFixing.objects.create(
                rate=proposal.rate,
                on=proposal.on,
                value=proposal.value,
                compound_index=proposal.compound_index,
                source=proposal.source,
                entered_at=at,
                entered_by=proposal.proposed_by,
                accepted_by=proposal.decided_by,
            )
    except IntegrityError as error:
        raise RateProposalError(
            _("Notowanie tego dnia wczytano tymczasem z pliku; odrzuć to zgłoszenie.")
        ) from error


def _write_correction(proposal: RateProposal, *, at: dt.datetime) -> None:
    # A run that reprices by the wrong value ends before, and is seen, or begins after.
    fixing_corrections.lock_rates([proposal.rate.code])
    fixing = _fixing_of(proposal.rate, proposal.on)
    if fixing.value != proposal.old_value:
        raise RateProposalError(
            _("To notowanie poprawiono już inaczej; odrzuć to zgłoszenie i złóż nowe.")
        )
    _check_untouched(fixing, proposal.value, proposal.compound_index)
    fixing_corrections.write_correction(fixing, proposal, at=at)


def _record(event: str, proposal: RateProposal, *, staff: User, at: dt.datetime) -> None:
    record(
        event=event,
        at=at,
        actor=staff,
        object_kind="rate_proposal",
        object_ref=str(proposal.pk),
        facts={"what": summary(proposal)},
    )

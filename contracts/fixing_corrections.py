"""A wrong fixing is put right while no contract rests on it (docs/rates.md).

What it was stays as a FixingCorrection. A contract that has taken the wrong value over would have
to be repriced anew, with invoices and VAT that followed; that is not done here, but refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from django.db.models import Q

from contracts.fixing_book import FixingBook, latest_correction
from contracts.models import (
    Contract,
    FixingCorrection,
    IndexFixing,
    RateChange,
    RateProposal,
    ReferenceRate,
)
from contracts.rate_rules import RuleError

# A compound rate of six months is the longest that one fixing is part of, and a value may be taken
# over some weeks after its day; a book knows what was published this long after the fixing.
_REACH = dt.timedelta(days=300)


class FixingCorrectedError(Exception):
    """A fixing was corrected after a run had read the book: what it worked out may be wrong."""


def contracts_resting_on(
    fixing: IndexFixing, *, value: Decimal, compound_index: Decimal | None
) -> list[str]:
    """Numbers of contracts whose rate would be another one with `value` on that day (and
    `compound_index`, when it is not None), in order.

    Those that the portal gave a rate from it: as it stands, as part of a monthly mean or of a
    compound rate, whatever came of it. And those that came with the wrong value from the core
    system. `fixing.rate` has to be there.
    """
    code = fixing.rate.code
    codes = {code, *fixing.rate.compounds.values_list("code", flat=True)}
    changes = RateChange.objects.filter(
        new_index__in=codes,
        new_fixed_on__gte=fixing.on,
        new_fixed_on__lte=fixing.on + _REACH,
    )
    touched = Q(new_index=code, new_fixed_on=fixing.on)
    before = FixingBook.read(through=fixing.on + _REACH)
    after = before.corrected(code, fixing.on, value, compound_index)
    ways = changes.order_by().values_list("new_index", "contract__fixing_rule", "reset_on")
    for index, rule, reset_on in ways.distinct():
        if _differs(before, after, index, rule, reset_on):
            touched |= Q(new_index=index, contract__fixing_rule=rule, reset_on=reset_on)
    numbers = set(changes.filter(touched).values_list("contract__number", flat=True))
    came_with = Contract.objects.filter(
        index=code, index_fixed_on=fixing.on, index_value=fixing.value
    )
    return sorted(numbers | set(came_with.values_list("number", flat=True)))


def _differs(
    before: FixingBook, after: FixingBook, index: str, rule: str, reset_on: dt.date
) -> bool:
    try:
        return before.at_reset(index, rule, reset_on) != after.at_reset(index, rule, reset_on)
    except RuleError:
        return True  # nobody can tell what it rests on


def lock_rates(codes: Collection[str]) -> None:
    """Whoever corrects a value and whoever writes rates made of it wait for each other, until the
    transaction ends."""
    rows = ReferenceRate.objects.filter(Q(code__in=codes) | Q(overnight__code__in=codes))
    list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))


def check_book(book: FixingBook, codes: Collection[str]) -> None:
    """Locks the rates. Raises FixingCorrectedError when a value was corrected since `book` was
    read."""
    lock_rates(codes)
    if latest_correction() != book.last_correction:
        raise FixingCorrectedError


def write_correction(fixing: IndexFixing, proposal: RateProposal, *, at: dt.datetime) -> None:
    """The accepted value takes the place of the wrong one, which is kept. The caller holds the
    lock of the rate and has looked at the contracts."""
    assert proposal.decided_by is not None  # noqa: S101 -- accepted proposals are written
    level = proposal.compound_index
    if level is None:
        level = fixing.compound_index
    FixingCorrection.objects.create(
        fixing=fixing,
        old_value=fixing.value,
        new_value=proposal.value,
        old_compound_index=fixing.compound_index,
        new_compound_index=level,
        old_source=fixing.source,
        new_source=proposal.source,
        reason=proposal.reason,
        corrected_at=at,
        entered_by=proposal.proposed_by,
        accepted_by=proposal.decided_by,
    )
    IndexFixing.objects.filter(pk=fixing.pk).update(
        value=proposal.value, compound_index=level, source=proposal.source
    )

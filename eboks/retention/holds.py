"""Stopping the removal of documents, and letting it go on: two people each (REL-21)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents.models import Document
from eboks.retention.models import LegalHold
from eboks.retention.registry import Facts
from eboks.tenancy.models import Company


class HoldError(Exception):
    """It cannot be done; the text is for the staff."""


@transaction.atomic
def place(
    *,
    reason: str,
    staff: User,
    at: dt.datetime,
    company: Company | None = None,
    contract_number: str = "",
    person: User | None = None,
    document_key: str = "",
) -> LegalHold:
    """A hold that protects at once; somebody else confirms it. Raises HoldError."""
    if not reason.strip():
        raise HoldError(_("Podaj powód wstrzymania."))
    if not any((company, contract_number, person, document_key)):
        raise HoldError(_("Wskaż klienta, umowę, osobę albo dokument."))
    hold = LegalHold.objects.create(
        company=company,
        contract_number=contract_number,
        person=person,
        document_key=document_key,
        reason=reason.strip(),
        placed_by=staff,
        placed_at=at,
    )
    _note("legal_hold_placed", hold, staff, at)
    return hold


@transaction.atomic
def confirm(*, hold_id: int, staff: User, at: dt.datetime) -> None:
    """The second person agrees that the hold stays. Raises HoldError."""
    hold = _standing(hold_id)
    if hold.placed_by_id == staff.pk:
        raise HoldError(_("Potwierdza inna osoba niż ta, która wstrzymała usuwanie."))
    _update(hold, {"confirmed_by": None}, confirmed_by=staff)
    _note("legal_hold_confirmed", hold, staff, at)


@transaction.atomic
def ask_to_lift(*, hold_id: int, staff: User, at: dt.datetime) -> None:
    """The first of the two who lift a hold. Raises HoldError."""
    hold = _standing(hold_id)
    _update(hold, {"lift_asked_by": None}, lift_asked_by=staff)
    _note("legal_hold_lift_asked", hold, staff, at)


@transaction.atomic
def lift(*, hold_id: int, staff: User, at: dt.datetime) -> None:
    """The second of the two: from now on the hold stops nothing. Raises HoldError."""
    hold = _standing(hold_id)
    if hold.lift_asked_by_id is None:
        raise HoldError(_("Najpierw jedna osoba prosi o zwolnienie, potem druga zwalnia."))
    if hold.lift_asked_by_id == staff.pk:
        raise HoldError(_("Zwalnia inna osoba niż ta, która o to prosi."))
    _update(hold, {}, lifted_by=staff, lifted_at=at)
    _note("legal_hold_lifted", hold, staff, at)


def held(documents: Sequence[Document], facts: Mapping[int, Facts]) -> set[int]:
    """Ids of those of `documents` that a hold protects. One query."""
    holds = list(
        LegalHold.objects.filter(lifted_at=None).values_list(
            "company", "contract_number", "person", "document_key"
        )
    )
    # A hold that names something besides the company is about that alone.
    companies = {company for company, *others in holds if company and not any(others)}
    contracts = {contract for _company, contract, _person, _document in holds if contract}
    people = {person for _company, _contract, person, _document in holds if person}
    single = {document for _company, _contract, _person, document in holds if document}
    found = set()
    for row in documents:
        mine = facts.get(row.pk, Facts())
        if (
            row.company_id in companies
            or row.key in single
            or not contracts.isdisjoint(mine.contract_numbers)
            or not people.isdisjoint(mine.person_ids)
        ):
            found.add(row.pk)
    return found


def _standing(hold_id: int) -> LegalHold:
    hold = LegalHold.objects.select_related("company", "person").get(pk=hold_id)
    if hold.lifted_at is not None:
        raise HoldError(_("To wstrzymanie jest już zwolnione."))
    return hold


def _update(hold: LegalHold, expected: dict[str, object], **values: object) -> None:
    rows = LegalHold.objects.filter(pk=hold.pk, lifted_at=None, **expected)
    if rows.update(**values) != 1:
        raise HoldError(_("Ktoś zrobił to już przed chwilą."))


def _note(event: str, hold: LegalHold, staff: User, at: dt.datetime) -> None:
    """In the portal's own chain: a client is not told that documents are held for a case."""
    record(
        event=event,
        at=at,
        actor=staff,
        object_kind="legal_hold",
        object_ref=str(hold.pk),
        facts={"hold": hold.pk, "company": hold.company_id},
    )

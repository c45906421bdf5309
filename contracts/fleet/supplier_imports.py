"""Files of suppliers: checked and shown first, then stored whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.fleet import supplier_writing as writing
from contracts.fleet.enums import ImportState
from contracts.fleet.models import SupplierImport, SupplierTemplate
from contracts.fleet.supplier_files import LARGEST_BYTES, FileRefusedError
from contracts.fleet.supplier_matching import Fleet
from contracts.fleet.supplier_reading import Problem, Reading, Row
from contracts.fleet.supplier_writing import BATCH, Owned, Source, key_of, known_keys
from contracts.fleet.targets import columns_of
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.events import Group, add_event
from eboks.audit.services import record
from eboks.documents import storage
from eboks.documents.names import clean_file_name
from eboks.documents.services import add_owner

APPLIED = "fleet_file_applied"
PROBLEMS_TAKEN = "fleet_problems_taken"
LONGEST_CODE = 21  # „supplier:” and the code are at most 30 characters
FIRST_ROWS = 20
KEPT_DAYS = 7  # of a file that nobody applied
_OPEN = (ImportState.PREVIEW, ImportState.REFUSED)
_CHUNK = 1 << 20
# What `SupplierImport.counts` counts, as people read it.
COUNTS = {
    "rows": gettext_lazy("wiersze"),
    "new": gettext_lazy("nowe"),
    "known": gettext_lazy("już znane"),
    "skipped": gettext_lazy("pominięte (bez numeru i daty)"),
    "errors": gettext_lazy("błędy"),
    "readings": gettext_lazy("odczyty licznika"),
}


class SupplierImportError(Exception):
    """It cannot be done. Its text is for the person."""


class _BrokenError(Exception):
    """Rolls the writing back; the problems are kept by the caller."""


class Checked(NamedTuple):
    """What a file holds: problems, and counts as `SupplierImport.counts` keeps them."""

    problems: list[Problem]
    counts: dict[str, int]


def register() -> None:
    """Called once, when the app is ready."""
    add_event(
        APPLIED,
        gettext_lazy("wczytał(a) plik dostawcy %(file)s: nowe %(new)s, znane %(known)s"),
        group=Group.STAFF,
    )
    add_event(
        PROBLEMS_TAKEN,
        gettext_lazy("pobrał(a) błędy z pliku dostawcy %(file)s"),
        group=Group.STAFF,
    )
    add_owner(lambda name: SupplierImport.objects.filter(storage_name=name).exists())


def missing_columns(template: SupplierTemplate) -> list[str]:
    """Titles of required columns that the template does not map yet."""
    return [
        str(column.title)
        for column in columns_of(template.target)
        if column.required and not template.columns.get(column.name)
    ]


def check(*, template: SupplierTemplate, file: BinaryIO, at: dt.datetime) -> Checked:
    """Reads the whole file and stores nothing. Raises SupplierImportError for a template that is
    not in use or not complete; a file that cannot be read is a problem of its own."""
    _require_usable(template)
    reading = Reading(template, today=clock.today(at))
    seen: set[str] = set()
    new = known = 0
    try:
        for batch in _batches(_owned(reading, file)):
            keys = {key_of(template.target, one.row): one.row for one in batch}
            fresh = {key: row for key, row in keys.items() if key not in seen}
            stored = known_keys(template.target, list(fresh.values()), _system(template))
            new += len(fresh) - len(stored)
            known += len(batch) - len(fresh) + len(stored)
            seen.update(fresh)
    except FileRefusedError as error:
        reading.note(0, "", "", str(error))
    counts = {
        "rows": reading.row_count,
        "new": new,
        "known": known,
        "skipped": reading.skipped,
        "errors": reading.problem_count,
    }
    return Checked(reading.problems, counts)


def preview(
    *, template: SupplierTemplate, file: BinaryIO, file_name: str, actor: User, at: dt.datetime
) -> SupplierImport:
    """Checks the file and keeps it, for `apply` or for a look at what is wrong with it.

    No record of a vehicle is stored. Raises SupplierImportError for a template that cannot be used
    and for a file that was applied already.
    """
    _require_usable(template)
    sha256, size = _fingerprint(file)
    if size > LARGEST_BYTES:
        raise SupplierImportError(_("Plik jest za duży: może mieć najwyżej 20 MB."))
    _require_new(template, sha256)
    checked = check(template=template, file=file, at=at)
    _drop_stale(at)
    file.seek(0)
    with storage.new_file() as (name, kept):
        while chunk := file.read(_CHUNK):
            kept.write(chunk)
    try:
        return SupplierImport.objects.create(
            template=template,
            file_name=clean_file_name(file_name)[:150],
            sha256=sha256,
            storage_name=name,
            size=size,
            state=ImportState.REFUSED if checked.problems else ImportState.PREVIEW,
            counts=checked.counts,
            problems=[problem.stored() for problem in checked.problems],
            author=actor,
            uploaded_at=at,
        )
    except BaseException:
        storage.delete(name)
        raise


def first_rows(row: SupplierImport, *, at: dt.datetime) -> list[Row]:
    """The first twenty rows of a kept file as the template reads them today; none when it cannot
    be read, or is no longer kept."""
    if not row.storage_name:
        return []
    reading = Reading(row.template, today=clock.today(at))
    try:
        with storage.open_file(row.storage_name) as file:
            return list(islice(reading.rows(file), FIRST_ROWS))
    except (FileRefusedError, FileNotFoundError):
        return []


def apply(*, import_id: int, at: dt.datetime, actor: User) -> SupplierImport:
    """Stores all rows of a file that was previewed, once; rows that are stored already stay.

    Raises SupplierImportError, and has stored nothing, when the file is no longer at its preview,
    was applied before, or has problems by now (then it is refused, and they are kept).
    """
    row = SupplierImport.objects.select_related("template").get(pk=import_id)
    _require_usable(row.template)
    reading = Reading(row.template, today=clock.today(at))
    try:
        with transaction.atomic():
            _claim(row, at)
            counts = _write(row, reading, at)
            if reading.problem_count:
                raise _BrokenError
            SupplierImport.objects.filter(pk=row.pk).update(counts=counts, storage_name="")
            kept = row.storage_name
            # It has whole card numbers in it, and is of no more use.
            transaction.on_commit(lambda: storage.delete(kept))
            record(
                event=APPLIED,
                at=at,
                actor=actor,
                object_kind="supplierimport",
                object_ref=str(row.public_id),
                facts={
                    "file": row.file_name,
                    "sha256": row.sha256,
                    "template": row.template_id,
                    **counts,
                },
            )
    except _BrokenError:
        SupplierImport.objects.filter(pk=row.pk, state=ImportState.PREVIEW).update(
            state=ImportState.REFUSED,
            problems=[problem.stored() for problem in reading.problems],
            counts={**row.counts, "errors": reading.problem_count},
        )
        raise SupplierImportError(
            _("W pliku są teraz błędy, więc nic z niego nie zapisano. Zobacz listę błędów.")
        ) from None
    row.refresh_from_db()
    return row


def note_problems(row: SupplierImport, *, actor: User, at: dt.datetime) -> None:
    """Writes down that the problems of a file, with plates in them, were taken as a file."""
    record(
        event=PROBLEMS_TAKEN,
        at=at,
        actor=actor,
        object_kind="supplierimport",
        object_ref=str(row.public_id),
        facts={"file": row.file_name, "count": len(row.problems)},
    )


def drop(*, import_id: int) -> None:
    """Puts aside a file that was not applied, and deletes it. Nothing happens the second time."""
    _drop(SupplierImport.objects.filter(pk=import_id))


def _claim(row: SupplierImport, at: dt.datetime) -> None:
    # One file of a supplier at a time: two with the same rows would wait for each other.
    rows = SupplierTemplate.objects.select_for_update().filter(supplier=row.template.supplier)
    list(rows.order_by("pk").values_list("pk", flat=True))
    waiting = SupplierImport.objects.filter(pk=row.pk, state=ImportState.PREVIEW)
    try:
        with transaction.atomic():
            moved = waiting.update(state=ImportState.APPLIED, applied_at=at)
    except IntegrityError as error:
        raise SupplierImportError(_applied_before()) from error
    if not moved:
        raise SupplierImportError(
            _("Tego pliku nie można wczytać: jest już wczytany, odrzucony albo porzucony.")
        )


def _write(row: SupplierImport, reading: Reading, at: dt.datetime) -> dict[str, int]:
    source = Source(_system(row.template), clock.today(at), at)
    new = readings = 0
    try:
        with storage.open_file(row.storage_name) as file:
            for batch in _batches(_owned(reading, file)):
                if reading.problem_count:
                    continue  # nothing will be kept; the rest is read for its problems
                stored, read = writing.write(row.template.target, batch, source)
                new, readings = new + stored, readings + read
    except FileRefusedError as error:
        reading.note(0, "", "", str(error))
    except FileNotFoundError:
        reading.note(0, "", "", _("Pliku już nie ma. Prześlij go jeszcze raz."))
    return {
        "rows": reading.row_count,
        "new": new,
        "known": reading.row_count - new,
        "skipped": reading.skipped,
        "errors": reading.problem_count,
        "readings": readings,
    }


def _owned(reading: Reading, file: BinaryIO) -> Iterator[Owned]:
    """Whole rows, each with whose it is; a row of nobody is a problem."""
    fleet = Fleet()
    titles = {column.name: str(column.title) for column in reading.columns}
    for row in reading.rows(file):
        plate, day = row.values.get("plate"), row.values.get("on")
        if plate is not None and day is not None:
            try:
                owner = fleet.owner(plate, day)
            except ValueError as error:
                reading.note(row.line, titles["plate"], plate, str(error))
                continue
            if row.is_whole and row.values.get("quantity") == 0:
                reading.note(row.line, titles["quantity"], "0", _("Ilość nie może być zerem."))
            elif row.is_whole:
                yield Owned(row, owner)


def _batches(rows: Iterator[Owned]) -> Iterator[list[Owned]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _system(template: SupplierTemplate) -> str:
    return f"supplier:{template.supplier}"


def _require_usable(template: SupplierTemplate) -> None:
    if not template.is_active:
        raise SupplierImportError(_("Ten szablon nie jest w użyciu."))
    if missing := missing_columns(template):
        raise SupplierImportError(
            _("Szablon nie jest gotowy. Brakuje kolumn: %s.") % ", ".join(missing)
        )


def _require_new(template: SupplierTemplate, sha256: str) -> None:
    rows = SupplierImport.objects.filter(template=template, sha256=sha256)
    if rows.filter(state=ImportState.APPLIED).exists():
        raise SupplierImportError(_applied_before())


def _applied_before() -> str:
    return _("Ten sam plik jest już wczytany. Nie trzeba wczytywać go drugi raz.")


def _fingerprint(file: BinaryIO) -> tuple[str, int]:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _drop_stale(at: dt.datetime) -> None:
    """Files that nobody applied have whole card numbers in them, too."""
    _drop(SupplierImport.objects.filter(uploaded_at__lt=at - dt.timedelta(days=KEPT_DAYS)))


def _drop(rows: Any) -> None:
    for pk, name in list(rows.filter(state__in=_OPEN).values_list("pk", "storage_name")):
        waiting = SupplierImport.objects.filter(pk=pk, state__in=_OPEN)
        if waiting.update(state=ImportState.DROPPED, storage_name=""):
            storage.delete(name)

"""Storing a file once, and giving it back only while it is what was stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from eboks.documents import storage
from eboks.documents.models import Document
from eboks.documents.names import clean_file_name
from eboks.tenancy.models import Company

logger = logging.getLogger(__name__)

_CHUNK = 1 << 20
_NAMES = 500  # asked of the database at a time


class DocumentDamagedError(Exception):
    """The stored file is missing or is not the one that was stored. Its text is for the client."""


_owners: list[Callable[[str], bool]] = []


def add_owner(owns: Callable[[str], bool]) -> None:
    """For rooms that keep files in the store without a `Document`: `owns(name)` says whether a
    file is theirs, so that `inspect_store` takes it for no orphan.
    """
    _owners.append(owns)


def store(
    *,
    company: Company,
    key: str,
    content: bytes,
    file_name: str,
    content_type: str,
    renderer: str,
    at: dt.datetime,
) -> Document:
    """Store `content` under `key` (`invoice:<uuid>`), once.

    The file is safe on the disk before its row exists. When `key` is stored already, or somebody
    stores it at the same moment, the earlier document is returned and no file is left over.
    """
    name = storage.write(content)
    try:
        with transaction.atomic():
            return Document.objects.create(
                company=company,
                key=key,
                storage_name=name,
                file_name=clean_file_name(file_name),
                content_type=content_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                renderer=renderer,
                created_at=at,
            )
    except IntegrityError:
        storage.delete(name)
        earlier = Document.objects.filter(key=key).first()
        if earlier is None:
            raise
        return earlier
    except BaseException:
        storage.delete(name)
        raise


def open_checked(document: Document) -> BinaryIO:
    """The document's file, at its beginning, after its size and SHA-256 were compared.

    Raises DocumentDamagedError, and logs an error for the operator, when it is missing or differs.
    """
    return open_stored(
        document.storage_name,
        size=document.size,
        sha256=document.sha256,
        what=f"document {document.pk}",
    )


def open_stored(name: str, *, size: int, sha256: str, what: str) -> BinaryIO:
    """A stored file that is still what was stored; see `open_checked`. `what` goes to the log."""
    try:
        file = storage.open_file(name)
    except FileNotFoundError:
        logger.error("%s: file is missing", what)
        raise DocumentDamagedError(_damaged()) from None
    if fingerprint(file) != (size, sha256):
        file.close()
        logger.error("%s: file differs from what was stored", what)
        raise DocumentDamagedError(_damaged())
    file.seek(0)
    return file


def read_checked(document: Document) -> bytes:
    """The document's bytes, read once and compared; see `open_checked`."""
    what = f"document {document.pk}"
    return read_stored(document.storage_name, sha256=document.sha256, what=what)


def read_stored(name: str, *, sha256: str, what: str) -> bytes:
    """The bytes of a stored file, in one go; see `open_stored`."""
    try:
        content = storage.read(name)
    except FileNotFoundError:
        logger.error("%s: file is missing", what)
        raise DocumentDamagedError(_damaged()) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        logger.error("%s: file differs from what was stored", what)
        raise DocumentDamagedError(_damaged())
    return content


@dataclass
class Inspection:
    """What `inspect_store` found: document ids and names in the store."""

    checked: int = 0
    missing: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.missing or self.changed or self.orphans)


def inspect_store(*, older_than: dt.datetime, delete_orphans: bool = False) -> Inspection:
    """Compare every document with its file, and find files without a document.

    A file younger than `older_than` may belong to a row that is being written, so it is no orphan.
    """
    found = Inspection()
    for document in Document.objects.order_by("pk").iterator(chunk_size=500):
        found.checked += 1
        try:
            with storage.open_file(document.storage_name) as file:
                if fingerprint(file) != (document.size, document.sha256):
                    found.changed.append(document.pk)
        except FileNotFoundError:
            found.missing.append(document.pk)
    for name, changed_at in storage.names():
        if changed_at >= older_than.timestamp():
            continue
        if not (_is_document(name) or any(owns(name) for owns in _owners)):
            found.orphans.append(name)
            if delete_orphans:
                storage.delete(name)
    return found


def sweep_orphans(*, older_than: dt.datetime) -> int:
    """Remove files that no row names and that are older: what a process left that was killed
    between writing the file and its row. Reads names only. Returns how many went."""
    swept = 0
    old = (name for name, changed_at in storage.names() if changed_at < older_than.timestamp())
    while names := list(islice(old, _NAMES)):
        known = Document.objects.filter(storage_name__in=names)
        for name in set(names) - set(known.values_list("storage_name", flat=True)):
            if not any(owns(name) for owns in _owners):
                storage.delete(name)
                swept += 1
    if swept:
        logger.warning("%s files without a document removed", swept)
    return swept


def _is_document(name: str) -> bool:
    return Document.objects.filter(storage_name=name).exists()


def fingerprint(file: BinaryIO) -> tuple[int, str]:
    """Size and SHA-256 of the rest of `file`."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _damaged() -> str:
    return _(
        "Zapisany plik nie przeszedł kontroli i nie możemy go wydać. "
        "Powiadomiliśmy obsługę; spróbuj ponownie później albo skontaktuj się z nami."
    )

"""Storing a file once, and giving it back only while it is what was stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from dataclasses import dataclass, field
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from eboks.documents import storage
from eboks.documents.models import Document
from eboks.documents.names import clean_file_name
from eboks.tenancy.models import Company

logger = logging.getLogger(__name__)

_CHUNK = 1 << 20


class DocumentDamagedError(Exception):
    """The stored file is missing or is not the one that was stored. Its text is for the client."""


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
    try:
        file = storage.open_file(document.storage_name)
    except FileNotFoundError:
        logger.error("document %s: file is missing", document.pk)
        raise DocumentDamagedError(_damaged()) from None
    if _fingerprint(file) != (document.size, document.sha256):
        file.close()
        logger.error("document %s: file differs from what was stored", document.pk)
        raise DocumentDamagedError(_damaged())
    file.seek(0)
    return file


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
                if _fingerprint(file) != (document.size, document.sha256):
                    found.changed.append(document.pk)
        except FileNotFoundError:
            found.missing.append(document.pk)
    for name, changed_at in storage.names():
        if changed_at >= older_than.timestamp():
            continue
        if not Document.objects.filter(storage_name=name).exists():
            found.orphans.append(name)
            if delete_orphans:
                storage.delete(name)
    return found


def _fingerprint(file: BinaryIO) -> tuple[int, str]:
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

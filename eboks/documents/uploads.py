"""Files that people send: kept under a name of ours, taken away again with the row they hang on."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from eboks.documents import storage
from eboks.documents.models import Document
from eboks.documents.names import clean_file_name
from eboks.documents.services import store
from eboks.onboarding.scans import Scan as Picture
from eboks.tenancy.models import Company


@dataclass(frozen=True, slots=True)
class Kept:
    """What the row of the file needs: its id is in the key of the document."""

    public_id: uuid.UUID
    name: str
    document: Document


def keep(*, company: Company, key: str, picture: Picture, file_name: str, at: dt.datetime) -> Kept:
    """Stores a file that was checked and redrawn (`onboarding.scans`) as `<key>:<id>`.

    Of the name only the stem is the sender's; the extension is of what is really in the file.
    """
    stem = clean_file_name(file_name).rpartition(".")[0] or "plik"
    name = clean_file_name(f"{stem[:100]}.{picture.extension}")
    public_id = uuid.uuid4()
    document = store(
        company=company,
        key=f"{key}:{public_id}",
        content=picture.content,
        file_name=name,
        content_type=picture.content_type,
        renderer="",
        at=at,
    )
    return Kept(public_id, name, document)


def forget(document: Document) -> None:
    """Deletes the document, and its file after the commit. Nothing may hang on it any more."""
    name = document.storage_name
    document.delete()
    transaction.on_commit(partial(storage.delete, name), robust=True)

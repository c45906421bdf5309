"""Photographs and papers of a claim, from both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents import antivirus, uploads
from eboks.documents.antivirus import Scan
from eboks.onboarding.scans import Scan as Picture
from insurance.claim_errors import ClaimError
from insurance.enums import CLAIMS_ENDED
from insurance.models import Claim, ClaimFile

KEY = "claim_file"


@transaction.atomic
def attach(
    *,
    claim: Claim,
    author: User,
    picture: Picture,
    file_name: str,
    at: dt.datetime,
    from_staff: bool,
) -> ClaimFile:
    """A file of a claim, already checked and redrawn (`onboarding.scans`); a virus scan follows.

    Raises ClaimError above `settings.CLAIM_FILES` files, and for one of a client once the matter
    has ended.
    """
    status = Claim.objects.select_for_update().get(pk=claim.pk).status
    if status in CLAIMS_ENDED and not from_staff:
        raise ClaimError(_("Ta sprawa jest zakończona. Nie można już dodać plików."))
    if claim.files.count() >= settings.CLAIM_FILES:
        raise ClaimError(
            _("Do jednej szkody można dołączyć najwyżej %d plików.") % settings.CLAIM_FILES
        )
    kept = uploads.keep(company=claim.company, key=KEY, picture=picture, file_name=file_name, at=at)
    row = ClaimFile.objects.create(
        public_id=kept.public_id,
        claim=claim,
        author=author,
        from_staff=from_staff,
        name=kept.name,
        document=kept.document,
        scan=antivirus.first_state(),
        at=at,
    )
    if settings.CLAMD_URL:
        from insurance import tasks  # noqa: PLC0415 -- tasks import the services

        transaction.on_commit(partial(tasks.scan_claim_file.delay, file_id=row.pk), robust=True)
    return row


@transaction.atomic
def attach_all(
    *,
    claim: Claim,
    author: User,
    files: Sequence[tuple[str, Picture]],
    at: dt.datetime,
    from_staff: bool,
) -> None:
    """All of `files` (name, checked content), or none. Raises ClaimError."""
    for name, picture in files:
        attach(
            claim=claim,
            author=author,
            picture=picture,
            file_name=name,
            at=at,
            from_staff=from_staff,
        )
    record(
        event="claim_file_added",
        at=at,
        actor=author,
        company=claim.company,
        object_kind="claim",
        object_ref=claim.reference,
        facts={"reference": claim.reference},
    )


def scan(*, file_id: int) -> Scan:
    """Scans one file; see `antivirus.scan`."""
    return antivirus.scan(ClaimFile.objects.select_related("document").get(pk=file_id))


def note_reading(file: ClaimFile, *, actor: User, at: dt.datetime) -> None:
    """Writes down that a file was taken, by whichever side."""
    record(
        event="claim_file_read",
        at=at,
        actor=actor,
        company=file.claim.company,
        object_kind="claim_file",
        object_ref=str(file.public_id),
        facts={"reference": file.claim.reference},
    )

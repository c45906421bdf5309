"""Messages and files about a request, from both sides."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents import antivirus, uploads
from eboks.onboarding.scans import Scan as Picture
from requests_app import telling, workflow
from requests_app.catalogue import RequestError
from requests_app.drafts import EDITABLE
from requests_app.enums import ENDED, Status
from requests_app.models import Request, RequestFile, RequestMessage

KEY = "request_file"
_LONGEST = 4000


@transaction.atomic
def write(
    *,
    request: Request,
    author: User,
    text: str,
    form_key: uuid.UUID,
    at: dt.datetime,
    from_staff: bool,
    picture: Picture | None = None,
    file_name: str = "",
) -> RequestMessage:
    """A message, with a file if there is one; the same form sent twice is one message.

    Raises RequestError for an empty one, on a draft, from a client when the matter has ended, and
    above the number of files of a request.
    """
    if request.status == Status.DRAFT:
        raise RequestError(_("Ten wniosek nie jest jeszcze złożony."))
    if request.status in ENDED and not from_staff:
        raise RequestError(workflow.not_now(Status(request.status)))
    if not text.strip():
        raise RequestError(_("Napisz wiadomość."))
    same: QuerySet[RequestMessage] = RequestMessage.objects.filter(author=author, form_key=form_key)
    earlier = same.first()
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            message = RequestMessage.objects.create(
                request=request,
                author=author,
                form_key=form_key,
                from_staff=from_staff,
                text=text.strip()[:_LONGEST],
                at=at,
            )
    except IntegrityError:  # sent twice at once
        return same.get()
    if picture is not None:
        attach(
            request=request,
            author=author,
            picture=picture,
            file_name=file_name,
            at=at,
            from_staff=from_staff,
            message=message,
        )
    if from_staff:
        telling.of_message(message, at=at)
    record(
        event="request_written",
        at=at,
        actor=author,
        company=request.company,
        object_kind="request",
        object_ref=request.reference,
        facts={"reference": request.reference},
    )
    return message


@transaction.atomic
def attach(
    *,
    request: Request,
    author: User,
    picture: Picture,
    file_name: str,
    at: dt.datetime,
    from_staff: bool = False,
    message: RequestMessage | None = None,
) -> RequestFile:
    """A file of a request, already checked and redrawn (`onboarding.scans`); a virus scan follows.

    Raises RequestError above `settings.REQUEST_FILES` files, and for one of a client that comes
    after the request was filed without a message.
    """
    status = Request.objects.select_for_update().get(pk=request.pk).status
    if message is None and not from_staff and status not in EDITABLE:
        raise RequestError(workflow.not_now(Status(status)))
    if request.files.count() >= settings.REQUEST_FILES:
        raise RequestError(
            _("Do jednego wniosku można dołączyć najwyżej %d plików.") % settings.REQUEST_FILES
        )
    kept = uploads.keep(
        company=request.company, key=KEY, picture=picture, file_name=file_name, at=at
    )
    row = RequestFile.objects.create(
        public_id=kept.public_id,
        request=request,
        message=message,
        author=author,
        from_staff=from_staff,
        name=kept.name,
        document=kept.document,
        scan=antivirus.first_state(),
        at=at,
    )
    if settings.CLAMD_URL:
        from requests_app import tasks  # noqa: PLC0415 -- tasks import the services

        transaction.on_commit(partial(tasks.scan.delay, file_id=row.pk), robust=True)
    return row


def note_reading(file: RequestFile, *, actor: User, at: dt.datetime) -> None:
    """Writes down that a file was taken, by whichever side."""
    record(
        event="request_file_read",
        at=at,
        actor=actor,
        company=file.request.company,
        object_kind="request_file",
        object_ref=str(file.public_id),
        facts={"reference": file.request.reference},
    )


@transaction.atomic
def detach(*, file: RequestFile) -> None:
    """Takes a file off a draft; the stored file goes with it. Nothing happens once it is filed."""
    Request.objects.select_for_update().get(pk=file.request_id)
    drafts = RequestFile.objects.filter(pk=file.pk, request__status=Status.DRAFT)
    if drafts.delete()[0]:
        _delete_document(file)


def forget_files(request: Request) -> None:
    """Files of what ended as a draft: they were for nobody else."""
    for file in request.files.select_related("document").order_by("pk"):
        file.delete()
        _delete_document(file)


def _delete_document(file: RequestFile) -> None:
    if file.document is not None:
        uploads.forget(file.document)

"""The application for access, as its author sees it: sent once, completed when asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents import storage
from eboks.events import security_event
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to
from eboks.onboarding.models import AccessApplication, ApplicationSource, ApplicationState
from eboks.onboarding.scans import Scan
from eboks.onboarding.services import ALPHABET

_NUMBER_LENGTH = 8
_TRIES = 5
OPEN_TO_STAFF = (ApplicationState.SUBMITTED, ApplicationState.PROPOSED)
OPEN_TO_AUTHOR = (ApplicationState.SUBMITTED, ApplicationState.NEEDS_MORE)


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """What the form asks for, cleaned: NIP in digits, phone as E.164."""

    nip: str
    client_id: str
    company_name: str
    first_name: str
    last_name: str
    email: str
    phone: str


def submit(
    *,
    data: ApplicationData,
    form_key: uuid.UUID,
    scan: Scan | None,
    language: str,
    at: dt.datetime,
    source: ApplicationSource | None = None,
    entered_by: User | None = None,
) -> AccessApplication:
    """Stores the application and tells its author by e-mail; the same form twice is one.

    Nothing is looked up about the company or the person, so the work is the same whoever asks
    (SEC-07): staff compare later.
    """
    way = ApplicationSource.UPLOAD if scan else ApplicationSource.SCREEN
    name = storage.write(scan.content) if scan else ""
    try:
        application, made = _stored(
            data=data,
            form_key=form_key,
            scan=scan,
            name=name,
            language=language,
            source=source or way,
            entered_by=entered_by,
            at=at,
        )
    except BaseException:
        _drop(name)
        raise
    if not made:
        _drop(name)
    return application


def supplement(
    *, application_id: int, scan: Scan | None, note: str, at: dt.datetime
) -> AccessApplication | None:
    """The author adds a scan or a word; the application waits for staff again.

    None when nothing may be added any more.
    """
    name = storage.write(scan.content) if scan else ""
    try:
        application, old = _supplemented(application_id, scan=scan, name=name, note=note, at=at)
    except BaseException:
        _drop(name)
        raise
    _drop(old if application is not None else name)
    return application


def read_scan_of(*, application_id: int, actor: User, at: dt.datetime) -> bytes | None:
    """The signed scan, for a member of the staff, while it is what was stored; noted first."""
    application = AccessApplication.objects.get(pk=application_id)
    if not application.scan_name:
        return None
    _note(application, "application_scan_read", at=at, actor=actor)
    try:
        with storage.open_file(application.scan_name) as file:
            content = file.read()
    except FileNotFoundError:
        return None
    whole = hashlib.sha256(content).hexdigest() == application.scan_sha256
    return content if whole else None


@transaction.atomic
def _stored(
    *,
    data: ApplicationData,
    form_key: uuid.UUID,
    scan: Scan | None,
    name: str,
    language: str,
    source: ApplicationSource,
    entered_by: User | None,
    at: dt.datetime,
) -> tuple[AccessApplication, bool]:
    for _attempt in range(_TRIES):
        number = "WD-" + "".join(secrets.choice(ALPHABET) for _ in range(_NUMBER_LENGTH))
        try:
            with transaction.atomic():
                application = AccessApplication.objects.create(
                    **asdict(data),
                    **_scan_columns(number, scan, name),
                    form_key=form_key,
                    number=number,
                    language=language,
                    source=source,
                    submitted_at=at,
                    changed_at=at,
                )
        except IntegrityError:  # the same form again, or (hardly) the same number
            earlier = AccessApplication.objects.filter(form_key=form_key).first()
            if earlier is not None:
                return earlier, False
        else:
            break
    else:
        raise RuntimeError("no free number of an application was found")
    send_to(
        kind="application_received",
        channel=Channel.EMAIL,
        address=application.email,
        at=at,
        key=f"application_received:{application.public_id}",
        language=language,
        facts={"number": number, "has_scan": scan is not None},
        secret_source="application_link",  # noqa: S106 -- a name
        secret_ref=str(application.public_id),
    )
    _note(application, "application_received", at=at, actor=entered_by, source=str(source))
    return application, True


@transaction.atomic
def _supplemented(
    application_id: int, *, scan: Scan | None, name: str, note: str, at: dt.datetime
) -> tuple[AccessApplication | None, str]:
    """The application and the name of the scan that the new one replaces."""
    application = AccessApplication.objects.select_for_update().get(pk=application_id)
    old = application.scan_name if scan else ""
    changes: dict[str, object] = {"state": ApplicationState.SUBMITTED, "changed_at": at}
    if scan:
        changes |= _scan_columns(application.number, scan, name)
    if note:
        changes["note"] = note
    rows = AccessApplication.objects.filter(pk=application_id, state__in=OPEN_TO_AUTHOR)
    if not rows.update(**changes):
        return None, ""
    application.refresh_from_db()
    _note(application, "application_completed", at=at, actor=None, scan=scan is not None)
    return application, old


def _scan_columns(number: str, scan: Scan | None, name: str) -> dict[str, str]:
    if scan is None:
        return {}
    return {
        "scan_name": name,
        "scan_file_name": f"{number}.{scan.extension}",
        "scan_type": scan.content_type,
        "scan_sha256": hashlib.sha256(scan.content).hexdigest(),
    }


def _note(
    application: AccessApplication,
    event: str,
    *,
    at: dt.datetime,
    actor: User | None,
    **facts: str | bool,
) -> None:
    actor_id = actor.pk if actor else None
    security_event(event, result="ok", actor_id=actor_id, number=application.number)
    record(
        event=event,
        at=at,
        actor=actor,
        object_kind="application",
        object_ref=application.number,
        facts=facts,
    )


def _drop(name: str) -> None:
    if name:
        storage.delete(name)

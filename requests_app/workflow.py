"""The one gate of a request's status: table of steps, conditional update, row of the log."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from requests_app import telling
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import ENDED, STEPS, By, Status
from requests_app.models import Request, RequestStep

_DECIDED = frozenset({Status.APPROVED, *ENDED})
_TOLD = frozenset(Status) - {Status.DRAFT, Status.IN_REVIEW}


@transaction.atomic
def move(
    request: Request,
    *,
    to: Status,
    by: By,
    actor: User | None,
    at: dt.datetime,
    note: str = "",
    **values: Any,
) -> None:
    """Leads `request` to the status `to`, with `values` of its other columns, once.

    Writes the log, tells the client and the audit trail in the same transaction. Raises
    RequestError when the table forbids the step, or somebody else was faster.
    """
    sources, allowed = STEPS[to]
    before = Status(request.status)
    if by not in allowed or before not in sources:
        raise RequestError(not_now(before))
    changed = {"status": to, "changed_at": at, **values}
    if to in _DECIDED and (private := type_of(request).private):
        changed["typed"] = {
            name: typed for name, typed in request.typed.items() if name not in private
        }
    if to in ENDED and request.submitted_at is None:
        changed["typed"] = {}  # nobody has ever been asked for it
    won = Request.objects.filter(pk=request.pk, status=before).update(**changed)
    if won != 1:
        request.refresh_from_db(fields=["status"])
        raise RequestError(not_now(Status(request.status)))
    for name, value in changed.items():
        setattr(request, name, value)
    RequestStep.objects.create(
        request=request, before=before, after=to, by=by, actor=actor, at=at, note=note
    )
    if to in _TOLD and not (by == By.CLIENT and before == Status.DRAFT and to == Status.WITHDRAWN):
        telling.of_status(request, at=at)
    record(
        event=f"request_{to.value}",
        at=at,
        actor=actor,
        company=request.company,
        object_kind="request",
        object_ref=request.reference,
        facts={"reference": request.reference, "kind": request.kind},
    )


def not_now(status: Status) -> str:
    return _("Tego nie można teraz zrobić: wniosek jest w stanie „%s”.") % status.label

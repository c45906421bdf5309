"""Signed kinds of requests as operations of the SMS gate: one operation for each kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.authorisation.models import Instruction
from eboks.authorisation.registry import Done, Facts, Operation, Price, Refused, add_operation
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from requests_app import filing
from requests_app.catalogue import RequestError, RequestType, types
from requests_app.drafts import about_of
from requests_app.enums import Status
from requests_app.models import Request


def operation_of(kind: RequestType) -> str:
    return f"request_{kind.name}"


def register() -> None:
    """Called once, when the app is ready."""
    for kind in types().values():
        if kind.signed:
            add_operation(_operation(kind))


def _operation(kind: RequestType) -> Operation:
    return Operation(
        name=operation_of(kind),
        title=kind.title,
        button=gettext_lazy("Złóż wniosek"),
        right=Right.SIGN,
        costly=kind.costly,
        edit_url=lambda instruction: reverse(
            "requests_app:form", args=[instruction.payload["request"]]
        ),
        lines=lambda facts: _ready(facts).lines,
        sms=partial(_sms, kind),
        basis=partial(_basis, kind),
        price=_price,
        execute=_execute,
        after=kind.next_step,
    )


def _row(facts: Facts) -> Request:
    # Who has lost the contract or the money since the summary signs nothing.
    own = Request.objects.for_user(facts.user)
    rows = own.select_related("company", "contract", "asset", "author")
    row = rows.filter(public_id=facts.payload["request"], company=facts.company).first()
    if row is None:
        raise Refused(_("Tego wniosku już nie ma."))
    return row


def _ready(facts: Facts) -> filing.Ready:
    try:
        return filing.ready(_row(facts), at=timezone.now())
    except RequestError as error:
        raise Refused(str(error)) from error


def _sms(kind: RequestType, facts: Facts) -> str:
    row = _row(facts)
    about = about_of(row, on=clock.today())
    if kind.sms is not None:
        return kind.sms(replace(about, facts=_ready(facts).facts))
    return f"{kind.title}, {row.contract.number if row.contract else row.company.client_id}"


def _basis(kind: RequestType, facts: Facts) -> dict[str, Any]:
    """What was typed, the files, the state, the price and what the kind itself rests on."""
    row = _row(facts)
    now = _ready(facts)
    about = about_of(row, on=clock.today())
    return {
        "typed": row.typed,
        "files": [str(file.public_id) for file in filing.files_of(row)],
        "status": row.status,
        "gross": str(now.price.gross),
        "refused": str(now.price.refused.gross) if now.price.refused else "",
        "version": now.price.version,
        "own": kind.basis(about, now.facts),
    }


def _price(facts: Facts) -> Price:
    row = _row(facts)
    if row.submitted_at is not None:  # paid for when it was first filed
        return Price(row.fee_net, row.fee_vat, row.fee_gross, "")
    price = _ready(facts).price
    return Price(price.net, price.vat, price.gross, price.version)


def _execute(instruction: Instruction, at: dt.datetime) -> Done:
    facts = Facts(user=instruction.user, company=instruction.company, payload=instruction.payload)
    row = _row(facts)
    if row.status not in {Status.DRAFT, Status.NEEDS_CUSTOMER}:
        raise Refused(_("Ten wniosek jest już złożony."))
    try:
        filed = filing.submit(
            request_id=row.pk, actor=instruction.user, at=at, instruction=instruction
        )
    except RequestError as error:
        raise Refused(str(error)) from error
    return Done(
        text=_("Wniosek %s jest złożony.") % filed.reference,
        next=what_next(filed),
        url=reverse("requests_app:detail", args=[filed.public_id]),
    )


def what_next(request: Request) -> str:
    """One sentence on what happens now, and by when."""
    match Status(request.status):
        case Status.DRAFT:
            return _("Dokończ i złóż wniosek. Zaczęty wniosek czeka do %s.") % (
                long_date(clock.today(request.expires_at)) if request.expires_at else "–"
            )
        case Status.SUBMITTED | Status.IN_REVIEW if request.answer_by:
            return _("Odpowiemy najpóźniej %s. Damy znać w portalu i e-mailem.") % long_date(
                request.answer_by
            )
        case Status.NEEDS_CUSTOMER if request.submitted_at is None:  # the lessor began it
            return _("Czekamy na Twoją odpowiedź do %s.") % (
                long_date(request.answer_by) if request.answer_by else "–"
            )
        case Status.NEEDS_CUSTOMER:
            return _("Czekamy na Ciebie do %s. Uzupełnij wniosek i złóż go ponownie.") % (
                long_date(clock.today(request.expires_at)) if request.expires_at else "–"
            )
        case Status.APPROVED:
            return _("Zgodziliśmy się. Przygotowujemy to, o co prosisz.")
        case Status.PRODUCED:
            return _("Dokumenty są gotowe do pobrania. Dokończymy sprawę po naszej stronie.")
        case Status.CLOSED:
            return _("Sprawa jest załatwiona. Nic nie musisz robić.")
        case Status.REJECTED:
            return _("Nie zgodziliśmy się. Powód jest poniżej; możesz złożyć nowy wniosek.")
        case Status.WITHDRAWN:
            return _("Wniosek jest wycofany. Nic się nie zmieniło.")
    return _("Czas na złożenie albo uzupełnienie minął. Możesz złożyć nowy wniosek.")

"""Filing a request: what was typed becomes what was asked, once, at the price that was shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.authorisation.models import Instruction
from eboks.documents.antivirus import Scan
from eboks.money import format_money
from requests_app import conversation, deciding, drafts, workflow
from requests_app.catalogue import Files, RequestError, type_of
from requests_app.enums import By, FeeState, Status
from requests_app.models import Request, RequestFile
from requests_app.pricing import RequestPrice, price_for


@dataclass(frozen=True, slots=True)
class Ready:
    """A request as it would be filed now."""

    facts: dict[str, Any]
    lines: list[tuple[str, str]]
    price: RequestPrice


def ready(request: Request, *, at: dt.datetime) -> Ready:
    """What filing `request` now would mean. Raises RequestError while something is missing."""
    kind, on = type_of(request), clock.today(at)
    form = drafts.form_of(request, on=on)
    if not form.is_bound or not form.is_valid():
        raise RequestError(_("Formularz nie jest jeszcze dobrze wypełniony. Popraw dane."))
    files = files_of(request)
    if kind.files == Files.NEEDED and not files:
        raise RequestError(_("Dołącz plik, którego ta sprawa wymaga."))
    if not kind.begun_by_lessor and not _still_possible(request, on):
        raise RequestError(deciding.contract_gone())
    price = price_for(request, on=on)
    lines = [(str(label), str(value)) for label, value in kind.lines(form)]
    names = [file.name for file in files]
    if names:
        lines.append((_("Pliki"), ", ".join(names)))
    # What was sent back stays under the table of the day on which it was first filed.
    first = price
    if request.submitted_at is not None:
        first = price_for(request, on=clock.today(request.submitted_at))
    lines += _price_lines(first)
    return Ready(kind.facts(form), _subject_lines(request) + lines, price)


def files_of(request: Request) -> list[RequestFile]:
    """Files that are filed with `request`."""
    return list(request.files.exclude(scan=Scan.INFECTED).order_by("pk"))


@transaction.atomic
def submit(
    *,
    request_id: int,
    actor: User,
    at: dt.datetime,
    shown_gross: str | None = None,
    instruction: Instruction | None = None,
) -> Request:
    """Files a draft, or what was sent back, and decides at once what the portal may decide.

    A signed kind needs the executed `instruction`. `shown_gross`: the price on the page that was
    confirmed; when it is another now, nothing is filed. Filed twice it is one request. Raises
    RequestError.
    """
    rows = Request.objects.select_related("company", "contract", "asset", "author")
    request = rows.select_for_update(of=("self",)).get(pk=request_id)
    kind = type_of(request)
    if request.status not in drafts.EDITABLE:
        return request
    if kind.signed and instruction is None:
        raise RequestError(_("Ten wniosek wymaga podpisu kodem SMS."))
    with translation.override(request.language):
        now = ready(request, at=at)
    if shown_gross is not None and shown_gross != str(now.price.gross):
        raise RequestError(_("Cena się zmieniła. Sprawdź wniosek jeszcze raz."))
    again = request.submitted_at is not None
    values: dict[str, Any] = {
        "facts": now.facts,
        "lines": [{"label": label, "value": value} for label, value in now.lines],
        "amount": kind.amount(now.facts),
        "answer_by": answer_by(request, on=clock.today(at)),
        "reminded": "",
        "expires_at": None,
        "instruction": instruction or request.instruction,
        "proposed_by": None,  # an earlier proposal was about what stood there before
    }
    if not again:
        values |= {
            "submitted_at": at,
            "fee_line": now.price.line,
            "fee_net": now.price.net,
            "fee_gross": now.price.gross,
            "fee_state": FeeState.DUE if now.price.net else FeeState.FREE,
        }
    try:
        with transaction.atomic():
            workflow.move(request, to=Status.SUBMITTED, by=By.CLIENT, actor=actor, at=at, **values)
    except IntegrityError as error:
        raise RequestError(
            _("Taki wniosek jest już w toku. Zobacz go na liście i poczekaj na odpowiedź.")
        ) from error
    deciding.decide_at_once(request, at=at)
    return request


@transaction.atomic
def withdraw(*, request: Request, actor: User, at: dt.datetime) -> None:
    """Takes back a draft or a request that is not decided. Raises RequestError."""
    if type_of(request).begun_by_lessor:
        raise RequestError(_("Tej sprawy nie można wycofać: czeka na nią ktoś jeszcze."))
    workflow.move(request, to=Status.WITHDRAWN, by=By.CLIENT, actor=actor, at=at)
    if request.submitted_at is None:
        conversation.forget_files(request)
    Request.objects.filter(pk=request.pk).update(fee_state=FeeState.FREE, expires_at=None)


def answer_by(request: Request, *, on: dt.date) -> dt.date:
    """The last day to answer `request` when it is filed on the day `on`."""
    kind = type_of(request)
    return kind.answer_by(request, on) or clock.add_working_days(on, kind.working_days)


def _price_lines(price: RequestPrice) -> list[tuple[str, str]]:
    """What the price alone does not say: that it may be less, and what a refusal costs."""
    lines: list[tuple[str, str]] = []
    if price.up_to:
        lines.append((_("Opłata po zgodzie"), _("najwyżej %s brutto") % format_money(price.gross)))
    if price.refused is not None:
        text = _("%(gross)s brutto (%(net)s netto), za rozpatrzenie") % {
            "gross": format_money(price.refused.gross),
            "net": format_money(price.refused.net),
        }
        lines.append((_("Opłata przy odmowie"), text))
    return lines


def _still_possible(request: Request, on: dt.date) -> bool:
    """Whether the contract is the company's still, and in a state that the kind is for."""
    if request.contract is None:
        return True
    own = Contract.objects.filter(pk=request.contract_id or 0, company=request.company_id)
    return type_of(request).contracts(own, on).exists()


def _subject_lines(request: Request) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if request.contract is not None:
        lines.append((_("Umowa"), request.contract.number))
    if request.asset is not None:
        lines.append((_("Przedmiot"), str(request.asset)))
    return lines

"""The gate on pages: check what was typed → code → confirmation. Needs no script."""

from __future__ import annotations

import io
import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from eboks import origin
from eboks.authorisation import confirming, sending, services, signing
from eboks.authorisation.enums import InstructionState, Outcome
from eboks.authorisation.forms import CodeForm
from eboks.authorisation.models import Instruction
from eboks.authorisation.registry import Refused, operation
from eboks.documents.pdf import PdfError
from eboks.documents.responses import file_response, unavailable
from eboks.http import PortalRequest
from eboks.tenancy.access import scoped_or_404
from eboks.ui.kept_errors import keep_errors, show_kept_errors
from eboks.ui.paging import paginate

_OPEN = (InstructionState.READY, InstructionState.AWAITING_SECOND)


@require_GET
def instruction_list(request: PortalRequest) -> HttpResponse:
    """`/dyspozycje/`: what waits for my signature, then everything signed or given up."""
    rows = Instruction.objects.for_user(request.user).select_related("user", "company")
    if request.company is not None:
        rows = rows.filter(company=request.company) | rows.filter(company=None)
    waiting = rows.filter(state=InstructionState.AWAITING_SECOND).exclude(user=request.user)
    page = paginate(request, rows.order_by("-created_at", "-pk"))
    context = {"page": page, "waiting": waiting.order_by("-created_at", "-pk")[:20]}
    return render(request, "authorisation/list.html", context)


@require_http_methods(["GET", "POST"])
def check(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """What will be signed; POST sends the code to it."""
    instruction = _instruction(request, public_id)
    if instruction.state not in _OPEN:
        return redirect("authorisation:confirmation", public_id)
    if instruction.state == InstructionState.AWAITING_SECOND and _is_author(request, instruction):
        return redirect("authorisation:confirmation", public_id)
    if request.method == "POST":
        return _send(request, instruction)
    definition = operation(instruction.operation)
    context = {
        "instruction": instruction,
        "edit_url": definition.edit_url(instruction) if _is_author(request, instruction) else "",
        "after": definition.after,
        "number": confirming.next_number(instruction, user=request.user, at=timezone.now()),
        "minutes": confirming.code_minutes(),
        "second": not _is_author(request, instruction),
    }
    return render(request, "authorisation/check.html", context)


@require_http_methods(["GET", "POST"])
def code(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """Where the code is typed. POST checks it, or with `resend` sends a new one, and redirects:
    what was wrong is said by the next GET, once."""
    instruction = _instruction(request, public_id)
    if request.method == "POST" and "resend" in request.POST:
        return _send(request, instruction)
    place = f"authorisation:code {public_id}"
    if request.method == "POST":
        form = CodeForm(request.POST)
        answer = _checked(request, instruction, form) if form.is_valid() else None
        if answer is None:
            keep_errors(request, form, place=place)
            answer = redirect("authorisation:code", public_id)
        return answer
    form = CodeForm()
    show_kept_errors(request, form, place=place)
    if instruction.state not in _OPEN or (
        instruction.state == InstructionState.AWAITING_SECOND and _is_author(request, instruction)
    ):
        return redirect("authorisation:confirmation", public_id)
    now = timezone.now()
    status = confirming.code_status(instruction, user=request.user, at=now)
    if status is None:
        return redirect("authorisation:check", public_id)
    context = {
        "instruction": instruction,
        "form": form,
        "status": status,
        "button": operation(instruction.operation).button,
    }
    return render(request, "authorisation/code.html", context)


@require_POST
def renew(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """Draws the same data up anew: nothing has to be typed again."""
    instruction = _own(request, public_id)
    if instruction.state in {InstructionState.EXECUTED, InstructionState.AWAITING_SECOND}:
        return redirect("authorisation:confirmation", public_id)
    return _renewed(request, instruction)


@require_POST
def cancel(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """The author gives it up, or the second person declines."""
    instruction = _instruction(request, public_id)
    second = instruction.state == InstructionState.AWAITING_SECOND
    if not (_is_author(request, instruction) or second):
        raise Http404
    services.end(
        instruction=instruction,
        state=InstructionState.CANCELLED,
        at=timezone.now(),
        user=request.user,
    )
    return redirect("authorisation:confirmation", public_id)


@require_GET
def confirmation(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """What became of it: number, what happens next, the PDF. Can be opened again at any time."""
    instruction = _instruction(request, public_id)
    if instruction.state == InstructionState.READY:
        return redirect("authorisation:check", public_id)
    definition = operation(instruction.operation)
    mine = _is_author(request, instruction)
    context = {
        "instruction": instruction,
        "steps": confirming.timeline(instruction),
        "edit_url": definition.edit_url(instruction) if mine else "",
        "mine": mine,
    }
    return render(request, "authorisation/confirmation.html", context)


@require_GET
def confirmation_pdf(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """„Potwierdzenie dyspozycji”: the evidence on paper, for what was executed."""
    instruction = _instruction(request, public_id)
    if instruction.state != InstructionState.EXECUTED:
        raise Http404
    try:
        content = confirming.pdf(instruction)
    except PdfError as error:
        return unavailable(request, str(error))
    name = f"potwierdzenie-{instruction.reference}.pdf"
    return file_response(io.BytesIO(content), file_name=name, content_type="application/pdf")


def _instruction(request: PortalRequest, public_id: uuid.UUID) -> Instruction:
    rows = Instruction.objects.select_related("user", "company", "second_user")
    return scoped_or_404(rows, request.user, public_id=public_id)


def _own(request: PortalRequest, public_id: uuid.UUID) -> Instruction:
    instruction = _instruction(request, public_id)
    if not _is_author(request, instruction):
        raise Http404
    return instruction


def _is_author(request: PortalRequest, instruction: Instruction) -> bool:
    return instruction.user_id == request.user.pk


def _send(request: PortalRequest, instruction: Instruction) -> HttpResponse:
    try:
        sent = sending.send_code(
            instruction_id=instruction.pk,
            user=request.user,
            session=origin.current().session,
            at=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("authorisation:check", instruction.public_id)
    if sent.stale and _is_author(request, instruction):
        messages.warning(request, sent.text)
        return _renewed(request, instruction)
    if not sent.ok:
        messages.warning(request, sent.text)
    return redirect("authorisation:code", instruction.public_id)


def _checked(
    request: PortalRequest, instruction: Instruction, form: CodeForm
) -> HttpResponse | None:
    """Where to go after the check; None: the form has what is wrong."""
    checked = signing.check_code(
        instruction_id=instruction.pk,
        user=request.user,
        session=origin.current().session,
        typed=form.cleaned_data["code"],
        at=timezone.now(),
    )
    outcome = checked.outcome
    if outcome == Outcome.NEXT_CODE:
        messages.success(request, str(outcome.label))
        return _send(request, instruction)
    if outcome == Outcome.STALE and _is_author(request, instruction):
        messages.warning(request, str(outcome.label))
        return _renewed(request, instruction)
    if outcome in {Outcome.EXECUTED, Outcome.AWAITS_SECOND, Outcome.REFUSED, Outcome.EXHAUSTED}:
        return redirect("authorisation:confirmation", instruction.public_id)
    text = str(outcome.label)
    if outcome in {Outcome.WRONG, Outcome.OLD_CODE} and checked.tries_left:
        left = ngettext(
            "Została %(count)d próba.", "Zostało prób: %(count)d.", checked.tries_left
        ) % {"count": checked.tries_left}
        text = f"{text} {left}"
    form.add_error("code", text)
    return None


def _renewed(request: PortalRequest, instruction: Instruction) -> HttpResponse:
    """A new summary of the same data, or what stands in the way of it."""
    try:
        fresh = services.renew(
            instruction=instruction, session=origin.current().session, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, str(refused) or _("Tej dyspozycji nie można teraz złożyć."))
        return redirect("authorisation:confirmation", instruction.public_id)
    return redirect("authorisation:check", fresh.public_id)

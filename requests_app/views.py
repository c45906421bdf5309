"""Pages of a client's requests: the list, one of them, its files and papers."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from eboks.audit.services import record
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from eboks.http import PortalRequest
from eboks.listing import clean_choice
from eboks.onboarding.scans import read_scan
from eboks.tenancy.access import has_right_in, right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.kept_errors import keep_errors, show_kept_errors
from eboks.ui.paging import paginate
from requests_app import conversation, filing
from requests_app.catalogue import RequestError, type_of, types
from requests_app.enums import ENDED, LOOKS, STEPS, Status
from requests_app.forms import MessageForm
from requests_app.gate import what_next
from requests_app.models import Request, RequestFile, RequestPaper
from requests_app.pricing import saved_so_far

_MINE = {"otwarte", "zakonczone"}


@require_GET
@right_required(Right.FILE_REQUESTS)
def request_list(request: PortalRequest) -> HttpResponse:
    """`/wnioski/`: the newest first; `?stan=otwarte|zakonczone`."""
    rows = Request.objects.for_user(request.user).for_company(request.company)
    state = clean_choice(request.GET.get("stan"), _MINE)
    shown = rows
    if state == "otwarte":
        shown = rows.exclude(status__in=ENDED)
    elif state == "zakonczone":
        shown = rows.filter(status__in=ENDED)
    page = paginate(
        request,
        shown.select_related("company", "contract", "asset").order_by("-changed_at", "-pk"),
    )
    context = {
        "page": page,
        "lines": [(row, type_of(row).title, LOOKS[Status(row.status)]) for row in page],
        "state": state,
        "saved": saved_so_far(rows),
        "several_companies": request.company is None and len(request.memberships) > 1,
        "may_file": True,
    }
    return render(request, "requests_app/list.html", context)


@require_GET
def detail(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/wnioski/<id>/`: where it stands, what is next and by when, papers, talk, steps."""
    row = _row(request, public_id)
    if row.status == Status.DRAFT:
        return redirect("requests_app:form", row.public_id)
    form = MessageForm()
    show_kept_errors(request, form, place=_place(row))
    may_file = has_right_in(request, row.company_id, type_of(row).right)
    mine = not type_of(row).begun_by_lessor and Status(row.status) in STEPS[Status.WITHDRAWN][0]
    context = {
        "row": row,
        "kind": type_of(row),
        "look": LOOKS[Status(row.status)],
        "next": what_next(row),
        "papers": row.papers.order_by("pk"),
        "files": row.files.filter(message=None).order_by("pk"),
        "talk": row.messages.prefetch_related("files")
        .select_related("author")
        .order_by("at", "pk"),
        "steps": row.steps.order_by("at", "pk"),
        "form": form,
        "why_review": row.why_review if _sees_money(request, row) else "",
        "may_file": may_file,
        "may_withdraw": may_file and mine,
        "may_write": may_file and row.status not in ENDED,
        "to_complete": may_file and row.status == Status.NEEDS_CUSTOMER,
    }
    return render(request, "requests_app/detail.html", context)


@require_POST
def write(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """A message of the client, with a file if there is one."""
    row = _row(request, public_id)
    _need_right(request, row)
    form = MessageForm(request.POST, request.FILES)
    picture = None
    if form.is_valid() and form.cleaned_data["file"]:
        try:
            picture = read_scan(form.cleaned_data["file"])
        except ValidationError as error:
            form.add_error("file", error)
    if not form.errors:
        try:
            conversation.write(
                request=row,
                author=request.user,
                text=form.cleaned_data["text"],
                form_key=form.cleaned_data["form_key"],
                at=timezone.now(),
                from_staff=False,
                picture=picture,
                file_name=form.cleaned_data["file"].name if picture else "",
            )
            messages.success(request, _("Wiadomość wysłana."))
        except RequestError as error:
            form.add_error(None, str(error))
    if form.errors:
        keep_errors(request, form, place=_place(row), values=["text"])
    return redirect(f"{_address(row)}#rozmowa")


@require_POST
def withdraw(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    row = _row(request, public_id)
    _need_right(request, row)
    was_draft = row.status == Status.DRAFT
    try:
        filing.withdraw(request=row, actor=request.user, at=timezone.now())
        messages.success(request, _("Szkic usunięty.") if was_draft else _("Wniosek wycofany."))
    except RequestError as error:
        messages.error(request, str(error))
    return redirect("requests_app:list") if was_draft else redirect(_address(row))


@require_GET
def file(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/wnioski/pliki/<id>/`: a file of the conversation, once it has been scanned."""
    found = scoped_or_404(
        RequestFile.objects.select_related("request__company", "document"),
        request.user,
        public_id=public_id,
    )
    if found.document is None or found.scan != Scan.CLEAN:
        raise Http404
    conversation.note_reading(found, actor=request.user, at=timezone.now())
    return document_response(request, found.document)


@require_GET
def paper(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/wnioski/dokumenty/<id>/`: a paper that the lessor has issued."""
    found = scoped_or_404(
        RequestPaper.objects.select_related("request__company", "document"),
        request.user,
        public_id=public_id,
    )
    if found.document is None or found.revoked_at is not None:
        raise Http404
    record(
        event="request_paper_read",
        at=timezone.now(),
        actor=request.user,
        company=found.request.company,
        object_kind="request_paper",
        object_ref=found.number,
        facts={"number": found.number},
    )
    return document_response(request, found.document)


def _row(request: PortalRequest, public_id: uuid.UUID) -> Request:
    rows = Request.objects.select_related("company", "contract", "asset", "author", "instruction")
    row: Request = scoped_or_404(rows, request.user, public_id=public_id)
    if row.kind not in types():
        raise Http404
    return row


def _need_right(request: PortalRequest, row: Request) -> None:
    if not has_right_in(request, row.company_id, type_of(row).right):
        raise PermissionDenied


def _sees_money(request: PortalRequest, row: Request) -> bool:
    """Why a person has to decide may be arrears, also on contracts beyond a limited membership."""
    return any(
        Right.VIEW_FINANCE in membership.rights and not membership.has_limits
        for membership in request.memberships
        if membership.company_id == row.company_id
    )


def _address(row: Request) -> str:
    return reverse("requests_app:detail", args=[row.public_id])


def _place(row: Request) -> str:
    return f"request:{row.public_id}"

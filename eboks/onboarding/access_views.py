"""The public page about access, and the application: form → check → sent.

Nothing here asks whether a company is a client, so no answer and no time can tell (SEC-07).
"""

from __future__ import annotations

import io
import uuid
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from eboks.clock import today
from eboks.documents.pdf import PdfError
from eboks.documents.responses import file_response, unavailable
from eboks.onboarding import applications, links, paper, paper_fees
from eboks.onboarding.applications import ApplicationData
from eboks.onboarding.forms import ApplicationForm, ScanForm, SupplementForm
from eboks.onboarding.limits import too_often
from eboks.onboarding.models import AccessApplication

_DATA = "access_application"
_FORM = "access_application_form"
_SUPPLEMENT = "supplement_key"


@login_not_required
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the portal gives, what it costs, and the ways to ask for access."""
    fees = paper_fees.in_force(on=today(timezone.now()))
    context = {"fees": fees, "most": paper_fees.saved(fees)}
    return render(request, "onboarding/about.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest) -> HttpResponse:
    """The form. What was typed waits in the person's own session for the check."""
    if request.method != "POST":
        form = ApplicationForm(initial=request.session.get(_DATA))
        return render(request, "onboarding/application.html", {"form": form})
    limited = too_often(request, "access_application")
    if limited is not None:
        return limited
    form = ApplicationForm(request.POST)
    if not form.is_valid():
        return render(request, "onboarding/application.html", {"form": form})
    typed = asdict(form.data_given())
    # The same answers are the same form, however often they are sent (SEC-59).
    if request.session.get(_DATA) != typed or _FORM not in request.session:
        request.session[_DATA], request.session[_FORM] = typed, str(uuid.uuid4())
    return redirect("onboarding:check")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Everything once more before it is sent; here a signed scan may be added."""
    data = _typed(request)
    if data is None:
        return redirect("onboarding:application")
    sent = request.method == "POST"
    form = ScanForm(request.POST, request.FILES) if sent else ScanForm()
    if sent and form.is_valid():
        limited = too_often(request, "access_application_sent", key=data.email.lower())
        if limited is not None:
            return limited
        row = applications.submit(
            data=data,
            form_key=uuid.UUID(request.session[_FORM]),
            scan=form.cleaned_data["scan"],
            language=get_language() or "pl",
            at=timezone.now(),
        )
        # The form's key stays: the same form sent again finds the same application.
        return redirect("onboarding:confirmation", row.public_id.hex)
    return render(request, "onboarding/check.html", {"form": form, "data": data})


@login_not_required
@require_safe
def confirmation(request: HttpRequest, key: str) -> HttpResponse:
    """Number and what happens next. Whoever has the address learns nothing else, ever: not who
    applied, not what became of it; so it may be kept and opened again.
    """
    request.session.pop(_DATA, None)
    request.session.pop(_FORM, None)
    row = AccessApplication.objects.filter(public_id=_uuid(key)).first()
    if row is None:
        raise Http404
    context = {"number": row.number, "days": settings.APPLICATION_DUE_DAYS}
    return render(request, "onboarding/confirmation.html", context)


@login_not_required
@require_safe
def form_pdf(request: HttpRequest) -> HttpResponseBase:
    """The form on paper: empty, or with `?wypelniony=1` filled in with what was typed."""
    limited = too_often(request, "access_pdf", reads=True)
    if limited is not None:
        return limited
    data = _typed(request) if request.GET.get("wypelniony") == "1" else None
    try:
        content = paper.form_pdf(data=data, on=today(timezone.now()))
    except PdfError as error:
        return unavailable(request, str(error))
    return file_response(
        io.BytesIO(content), file_name=paper.FILE_NAME, content_type="application/pdf"
    )


@login_not_required
@require_safe
def supplement_link(request: HttpRequest, key: str) -> HttpResponse:
    """From the mail: moves the key out of the address."""
    request.session[_SUPPLEMENT] = key
    return redirect("onboarding:supplement")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def supplement(request: HttpRequest) -> HttpResponse:
    """Adds a signed scan or an explanation to an application that waits for them."""
    row = links.application_of(str(request.session.get(_SUPPLEMENT, "")))
    if row is None:
        return render(request, "onboarding/supplement_closed.html")
    sent = request.method == "POST"
    if sent:
        limited = too_often(request, "access_application")
        if limited is not None:
            return limited
    form = SupplementForm(request.POST, request.FILES) if sent else SupplementForm()
    if sent and form.is_valid():
        done = applications.supplement(
            application_id=row.pk,
            scan=form.cleaned_data["scan"],
            note=form.cleaned_data["note"],
            at=timezone.now(),
        )
        if done is None:
            return render(request, "onboarding/supplement_closed.html")
        return redirect("onboarding:confirmation", done.public_id.hex)
    return render(request, "onboarding/supplement.html", {"form": form, "number": row.number})


def _typed(request: HttpRequest) -> ApplicationData | None:
    kept: dict[str, Any] | None = request.session.get(_DATA)
    return ApplicationData(**kept) if kept and request.session.get(_FORM) else None


def _uuid(key: str) -> uuid.UUID:
    try:
        return uuid.UUID(hex=key)
    except ValueError:
        raise Http404 from None

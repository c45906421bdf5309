"""`/rozrachunki/potwierdzenia/`: balances to be confirmed, one of them, and the answer."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from eboks import clock
from eboks.audit.services import record
from eboks.documents.pdf import PdfError
from eboks.documents.responses import file_response, unavailable
from eboks.documents.services import DocumentDamagedError
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in, right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from invoicing.balance_confirmations import LONGEST_EXPLANATION, ConfirmationError, answer
from invoicing.balance_documents import confirmation_file, file_name
from invoicing.balance_page import is_open, rows_of, totals_of
from invoicing.models import BalanceConfirmation
from invoicing.scope import scoped


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        label=gettext_lazy("Czy saldo się zgadza?"),
        choices=[
            ("agree", gettext_lazy("Tak, saldo jest zgodne z naszymi księgami")),
            ("disagree", gettext_lazy("Nie, saldo jest niezgodne")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Wybierz, czy saldo się zgadza.")},
    )
    explanation = forms.CharField(
        label=gettext_lazy("Wyjaśnienie"),
        help_text=gettext_lazy(
            "Wymagane, gdy saldo się nie zgadza: które pozycje, jakie kwoty i dlaczego."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=LONGEST_EXPLANATION,
        required=False,
    )

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("answer") == "disagree" and not data.get("explanation"):
            self.add_error("explanation", _("Napisz, co się nie zgadza."))
        return data


def _confirmation(request: PortalRequest, public_id: uuid.UUID) -> BalanceConfirmation:
    rows = BalanceConfirmation.objects.select_related("company", "answered_by", "document")
    return scoped_or_404(rows, request.user, public_id=public_id)


@require_GET
@right_required(Right.VIEW_FINANCE)
def confirmations(request: PortalRequest) -> HttpResponse:
    """The list: what waits comes with its deadline, what was answered with the answer."""
    rows = scoped(request, BalanceConfirmation.objects.all(), right=Right.VIEW_FINANCE)
    page = paginate(request, rows.select_related("company").order_by("-as_of", "-pk"))
    today = clock.today(timezone.now())
    context = {
        "page": page,
        "lines": [(row, totals_of(row), is_open(row, on=today)) for row in page.object_list],
        "several_companies": request.company is None and len(request.memberships) > 1,
        "today": today,
    }
    return render(request, "invoicing/balances.html", context)


@require_GET
def confirmation(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """One balance with its open items, and the answer when there is one."""
    row = _confirmation(request, public_id)
    return render(request, "invoicing/balance.html", _context(request, row))


def _context(request: PortalRequest, row: BalanceConfirmation) -> dict[str, object]:
    today = clock.today(timezone.now())
    return {
        "confirmation": row,
        "rows": rows_of(row),
        "totals": totals_of(row),
        "is_open": is_open(row, on=today),
        "may_answer": has_right_in(request, row.company_id, Right.SIGN),
        "today": today,
    }


@require_http_methods(["GET", "POST"])
def confirmation_answer(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """The question and the answer; what was typed stays when something is missing."""
    row = _confirmation(request, public_id)
    if not has_right_in(request, row.company_id, Right.SIGN):
        raise PermissionDenied
    at = timezone.now()
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            answer(
                confirmation_id=row.pk,
                actor=request.user,
                agrees=form.cleaned_data["answer"] == "agree",
                explanation=form.cleaned_data["explanation"],
                at=at,
            )
        except ConfirmationError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Dziękujemy, zapisaliśmy odpowiedź."))
            return redirect("invoicing:balance_confirmation", row.public_id)
    if request.method == "GET" and not is_open(row, on=clock.today(at)):
        return redirect("invoicing:balance_confirmation", row.public_id)
    return render(request, "invoicing/balance_answer.html", _context(request, row) | {"form": form})


@require_GET
def confirmation_pdf(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The document; a page that says why (503) when it cannot be given."""
    at = timezone.now()
    row = _confirmation(request, public_id)
    try:
        file = confirmation_file(confirmation=row, at=at)
    except (PdfError, DocumentDamagedError) as error:
        return unavailable(request, str(error))
    record(
        event="balance_downloaded",
        at=at,
        actor=request.user,
        company=row.company,
        object_kind="balance_confirmation",
        object_ref=str(row.public_id),
        facts={"as_of": str(row.as_of)},
    )
    return file_response(
        file, file_name=file_name(row), content_type="application/pdf", inline=True
    )

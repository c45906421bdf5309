"""Pages of claims: the list, one of them, its files."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contracts.enums import AssetCategory
from eboks import clock
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from eboks.exports.answers import answer
from eboks.http import PortalRequest
from eboks.money import zloty_first
from eboks.tenancy.access import has_right, has_right_in, right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.kept_errors import keep_errors, show_kept_errors
from eboks.ui.paging import paginate
from insurance import claim_files, claims, total_loss
from insurance.claim_errors import ClaimError
from insurance.claim_filters import STATES, ClaimFilters
from insurance.claim_forms import FilesForm
from insurance.claim_words import LOOKS, NEXT, country_name
from insurance.contacts import contact_of_claim
from insurance.enums import CLAIMS_ENDED, ClaimStatus
from insurance.models import Claim, ClaimFile

_PAYABLE = (ClaimStatus.PARTIAL, ClaimStatus.WITHHELD)


@require_GET
@right_required(Right.VIEW_INSURANCE)
def claim_list(request: PortalRequest) -> HttpResponse:
    """`/ubezpieczenia/szkody/`: the newest first; `?stan=otwarte|zakonczone`, `?q=`."""
    filters = ClaimFilters.parse(request.GET)
    mine = Claim.objects.for_user(request.user).for_company(request.company)
    rows = filters.apply(mine)
    wanted = rows.select_related("company", "asset", "contract").order_by("-happened_at", "-pk")
    page = paginate(request, wanted)
    money = _money_companies(request)
    context = {
        "page": page,
        "lines": [
            (row, LOOKS[ClaimStatus(row.status)], clock.today(row.happened_at), _sum(row, money))
            for row in page
        ],
        "filters": filters,
        "tabs": [("", _("Wszystkie"), filters.link(stan=""))]
        + [(name, title, filters.link(stan=name)) for name, title in STATES.items()],
        "totals": _totals(rows.filter(company__in=money)) if money else [],
        "sees_money": bool(money),
        "several_companies": request.company is None and len(request.memberships) > 1,
        "may_report": has_right(request, Right.HANDLE_INSURANCE),
        "export_query": filters.link(),
    }
    return render(request, "insurance/claims.html", context)


@require_GET
@right_required(Right.VIEW_INSURANCE)
def claim_list_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/ubezpieczenia/szkody/szkody.xlsx`: what the list shows with the same address, all pages."""
    return answer(request, "claim_list")


@require_GET
def claim(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/ubezpieczenia/szkody/<id>/`: where it stands, who must act, amounts, files, steps."""
    row = _row(request, public_id)
    status = ClaimStatus(row.status)
    today = clock.today(timezone.now())
    who, what = NEXT[status]
    may_handle = has_right_in(request, row.company_id, Right.HANDLE_INSURANCE)
    sees_money = has_right_in(request, row.company_id, Right.VIEW_FINANCE)
    form = FilesForm()
    show_kept_errors(request, form, place=_place(row))
    context = {
        "claim": row,
        "look": LOOKS[status],
        "who": who,
        "what": what,
        "country": country_name(row.country),
        "steps": row.steps.order_by("at", "pk"),
        "files": row.files.order_by("at", "pk"),
        "contact": contact_of_claim(row, on=today) if status not in CLAIMS_ENDED else None,
        "sees_money": sees_money,
        "may_handle": may_handle,
        "may_withdraw": may_handle and status == ClaimStatus.REPORTED,
        "may_add": may_handle and status not in CLAIMS_ENDED,
        "payable": status in _PAYABLE,
        "authorise_url": _authorise_url(request, row),
        "ends_contract": total_loss.ends_contract(row),
        "form": form,
    }
    if context["ends_contract"] and sees_money and row.has_own_contract:
        try:
            context["estimate"] = total_loss.estimate(row, today=today)
            context["no_estimate"] = ""
        except total_loss.NoEstimateError as error:
            context["estimate"], context["no_estimate"] = None, str(error)
    else:
        context["estimate"], context["no_estimate"] = None, ""
    return render(request, "insurance/claim.html", context)


@require_POST
def claim_add_files(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """Further photographs, while the matter is open."""
    row = _row(request, public_id)
    _need_right(request, row)
    form = FilesForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            claim_files.attach_all(
                claim=row,
                author=request.user,
                files=form.cleaned_data["pictures"],
                at=timezone.now(),
                from_staff=False,
            )
            messages.success(request, _("Pliki dodane."))
        except ClaimError as error:
            form.add_error("pictures", str(error))
    if form.errors:
        keep_errors(request, form, place=_place(row))
    return redirect(f"{_address(row)}#pliki")


@require_POST
def claim_withdraw(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes back what nobody has registered yet."""
    row = _row(request, public_id)
    _need_right(request, row)
    try:
        claims.withdraw(claim=row, actor=request.user, at=timezone.now())
        messages.success(request, _("Zgłoszenie wycofane."))
    except ClaimError as error:
        messages.error(request, str(error))
    return redirect(_address(row))


@require_GET
def claim_file(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/ubezpieczenia/szkody/pliki/<id>/`: a file of a claim, once it has been scanned."""
    found: ClaimFile = scoped_or_404(
        ClaimFile.objects.select_related("claim__company", "document"),
        request.user,
        public_id=public_id,
    )
    if found.document is None or found.scan != Scan.CLEAN:
        raise Http404
    claim_files.note_reading(found, actor=request.user, at=timezone.now())
    return document_response(request, found.document)


def _row(request: PortalRequest, public_id: uuid.UUID) -> Claim:
    rows = Claim.objects.select_related(
        *("company", "contract", "asset", "policy", "insurer", "author")
    )
    found: Claim = scoped_or_404(rows, request.user, public_id=public_id)
    return found


def _need_right(request: PortalRequest, row: Claim) -> None:
    if not has_right_in(request, row.company_id, Right.HANDLE_INSURANCE):
        raise PermissionDenied


def _authorise_url(request: PortalRequest, row: Claim) -> str:
    """Where an authorisation for the payout is asked for; empty for who may not, or not now."""
    rights = (Right.SIGN, Right.VIEW_FINANCE)
    possible = (
        row.status in _PAYABLE
        and row.has_own_contract
        and row.asset.category == AssetCategory.VEHICLE
        and all(has_right_in(request, row.company_id, right) for right in rights)
    )
    if not possible:
        return ""
    try:
        address = reverse("requests_app:start_claim-payout")
    except NoReverseMatch:
        return ""
    asked = {"przedmiot": row.asset.plate or row.asset.vin, "claim": str(row.public_id)}
    return f"{address}?{urlencode(asked)}"


def _money_companies(request: PortalRequest) -> list[int]:
    return [
        membership.company_id
        for membership in request.memberships
        if Right.VIEW_FINANCE in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]


def _sum(row: Claim, money: list[int]) -> Decimal | None:
    return row.payout if row.company_id in money else None


def _totals(rows: QuerySet[Claim]) -> list[tuple[str, Decimal]]:
    """Payouts of everything that was filtered by currency, złoty first. One query."""
    found = (
        rows.filter(payout__isnull=False)
        .order_by()
        .values("currency")
        .annotate(total=Sum("payout"))
        .order_by("currency")
    )
    pairs = [(row["currency"], row["total"]) for row in found]
    return sorted(pairs, key=lambda pair: zloty_first(pair[0]))


def _address(row: Claim) -> str:
    return reverse("insurance:claim", args=[row.public_id])


def _place(row: Claim) -> str:
    return f"claim:{row.public_id}"

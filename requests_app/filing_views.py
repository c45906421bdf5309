"""From the catalogue to a filed request: price first, then the form, the summary, the act."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.models import Asset, Contract
from eboks import clock, origin
from eboks.authorisation import services as gate
from eboks.authorisation.registry import Refused
from eboks.http import PortalRequest
from eboks.onboarding.limits import too_often
from eboks.onboarding.scans import read_scan
from eboks.tenancy.access import has_right, has_right_in, right_required, scoped_or_404
from eboks.tenancy.acting import choose_company
from eboks.tenancy.models import Company
from eboks.tenancy.proof import proof_missing
from eboks.tenancy.rights import Right
from requests_app import conversation, deciding, drafts, filing
from requests_app.catalogue import Files, Group, RequestError, RequestType, Subject, type_of, types
from requests_app.enums import Status
from requests_app.forms import SubjectForm, UploadForm
from requests_app.gate import operation_of
from requests_app.models import Request, RequestFile
from requests_app.pricing import RequestPrice, price_for, price_of


@require_GET
@right_required(Right.FILE_REQUESTS)
def catalogue(request: PortalRequest) -> HttpResponse:
    """`/wnioski/nowy/`: everything that can be settled here, each with its price."""
    today = clock.today(timezone.now())
    chosen = _asked_contract(request)
    shelves = []
    for group in Group:
        offered = [
            (kind, _price(kind, chosen, today))
            for kind in types().values()
            if kind.group == group and not kind.begun_by_lessor and _may(request, kind)
            and (chosen is None or kind.subject != Subject.COMPANY)
        ]  # fmt: skip
        if offered:
            shelves.append((group.label, offered))
    context = {"shelves": shelves, "contract": chosen}
    return render(request, "requests_app/catalogue.html", context)


@require_http_methods(["GET", "POST"])
def start(request: PortalRequest, name: str) -> HttpResponse:
    """`/wnioski/nowy/<kind>/`: what it costs and takes, and which contract it is about."""
    kind = types()[name]
    if not _may(request, kind):
        raise PermissionDenied
    limited = too_often(request, "request_begun")
    if limited is not None:
        return limited
    now = timezone.now()
    today = clock.today(now)
    company = _company(request, kind)
    if kind.subject == Subject.COMPANY and company is None:
        return choose_company(request, kind.right)
    own = Contract.objects.for_user(request.user).for_company(request.company)
    contracts = kind.contracts(own.filter(company__in=_companies(request, kind)), today)
    chosen = _asked_contract(request)
    initial = {"subject": _name(kind, chosen, request.GET.get("przedmiot", ""))}
    # Bound also when nothing at all was sent.
    sent = request.POST if request.method == "POST" else None
    form = SubjectForm(sent, kind=kind, contracts=contracts, initial=initial)
    price = _price(kind, chosen, today)  # None: the page says so, and takes nothing
    try:
        if price is not None and form.is_bound and form.is_valid():
            draft = _begun(request, kind, form, company)
            # What a page before this one has asked already is not typed twice.
            if not draft.typed and request.GET.keys() & kind.form.base_fields.keys():
                drafts.keep(request=draft, data=request.GET, at=now)
            return redirect("requests_app:form", draft.public_id)
    except RequestError as error:
        form.add_error(None, str(error))
    context = {
        "kind": kind,
        "form": form,
        "price": price,
        "needs_file": kind.files == Files.NEEDED,
        "has_contracts": kind.subject == Subject.COMPANY or contracts.exists(),
    }
    return render(request, "requests_app/start.html", context)


@require_http_methods(["GET", "POST"])
def form(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/wnioski/<id>/formularz/`: what the kind asks; it keeps what was typed, right or wrong."""
    row = _editable(request, public_id)
    kind = type_of(row)
    now = timezone.now()
    if row.status not in drafts.EDITABLE:
        return redirect("requests_app:detail", row.public_id)
    if not (kind.begun_by_lessor or row.has_own_contract):
        # The form would tell of the schedule and the debts of whoever leases the contract now.
        messages.error(request, deciding.contract_gone())
        return redirect("requests_app:list")
    sent = request.POST if request.method == "POST" else None
    upload = UploadForm(sent, request.FILES or None)
    if request.method == "POST":
        try:
            drafts.keep(request=row, data=request.POST, at=now)
        except RequestError as error:  # filed in another window
            messages.error(request, str(error))
            return redirect("requests_app:detail", row.public_id)
        sound = _take_file(request, row, upload)
        filled = drafts.form_of(row, on=clock.today(now))
        if "save" in request.POST and sound:
            messages.success(request, _("Zapisaliśmy szkic. Znajdziesz go na liście wniosków."))
            return redirect("requests_app:list")
        if "add_file" in request.POST and sound:
            return redirect(request.get_full_path() + "#pliki")
        if sound and filled.is_valid():
            return _on_to_the_summary(request, row, kind)
    else:
        filled = drafts.form_of(row, on=clock.today(now))
    price = _price_for(row, clock.today(now))
    context = {
        "row": row,
        "kind": kind,
        "form": filled,
        "upload": upload if kind.files != Files.NONE else None,
        "files": row.files.filter(message=None).order_by("pk"),
        "needs_file": kind.files == Files.NEEDED,
        "price": price,
        "asked": row.steps.filter(after=Status.NEEDS_CUSTOMER).order_by("-at", "-pk").first(),
    }
    return render(request, "requests_app/form.html", context)


@require_http_methods(["GET", "POST"])
def check(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/wnioski/<id>/sprawdz/`: the summary of an unsigned kind; its button files the request."""
    row = _editable(request, public_id)
    kind = type_of(row)
    if row.status not in drafts.EDITABLE:
        return redirect("requests_app:detail", row.public_id)
    if kind.signed:
        return redirect("requests_app:form", row.public_id)
    now = timezone.now()
    try:
        if request.method == "POST":
            filed = filing.submit(
                request_id=row.pk,
                actor=request.user,
                at=now,
                shown_gross=request.POST.get("gross", ""),
            )
            messages.success(request, _("Wniosek %s jest złożony.") % filed.reference)
            return redirect("requests_app:detail", filed.public_id)
        summary = filing.ready(row, at=now)
    except RequestError as error:
        messages.error(request, str(error))
        return redirect("requests_app:form", row.public_id)
    context = {"row": row, "kind": kind, "summary": summary, "again": row.status != Status.DRAFT}
    return render(request, "requests_app/check.html", context)


@require_POST
def remove_file(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a file off a draft."""
    found = scoped_or_404(
        RequestFile.objects.select_related("request", "document"), request.user, public_id=public_id
    )
    row = _editable(request, found.request.public_id)
    if row.status == Status.DRAFT:
        conversation.detach(file=found)
    return redirect("requests_app:form", row.public_id)


def _on_to_the_summary(request: PortalRequest, row: Request, kind: RequestType) -> HttpResponse:
    if not kind.signed:
        return redirect("requests_app:check", row.public_id)
    if not has_right_in(request, row.company_id, Right.SIGN):
        messages.warning(
            request, _("Ten wniosek podpisuje osoba z prawem podpisu. Szkic czeka na liście.")
        )
        return redirect("requests_app:form", row.public_id)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    try:
        instruction = gate.prepare(
            operation=operation_of(kind),
            user=request.user,
            company=row.company,
            payload={"request": str(row.public_id)},
            form_key=uuid.uuid4(),
            session=origin.current().session,
            at=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("requests_app:form", row.public_id)
    return redirect("authorisation:check", instruction.public_id)


def _take_file(request: PortalRequest, row: Request, upload: UploadForm) -> bool:
    """Whether nothing is wrong with the file that was sent, if one was."""
    if type_of(row).files == Files.NONE:
        return True
    if not upload.is_valid():
        return False
    if not upload.cleaned_data["file"]:
        return True
    try:
        picture = read_scan(upload.cleaned_data["file"])
        conversation.attach(
            request=row,
            author=request.user,
            picture=picture,
            file_name=upload.cleaned_data["file"].name,
            at=timezone.now(),
        )
    except ValidationError as error:
        upload.add_error("file", error)
    except RequestError as error:
        upload.add_error("file", str(error))
    return not upload.errors


def _begun(
    request: PortalRequest, kind: RequestType, form: SubjectForm, company: Company | None
) -> Request:
    asset = form.cleaned_data.get("subject")
    owner = asset.contract.company if asset else company
    if owner is None:
        raise PermissionDenied
    one_of_many = kind.subject == Subject.CONTRACT and _has_several(asset)
    return drafts.start(
        kind=kind,
        company=owner,
        contract=asset.contract if asset else None,
        asset=None if one_of_many else asset,
        author=request.user,
        form_key=form.cleaned_data["form_key"],
        at=timezone.now(),
    )


def _has_several(asset: Asset | None) -> bool:
    return asset is not None and asset.contract.assets.count() > 1


def _editable(request: PortalRequest, public_id: uuid.UUID) -> Request:
    """The author's own draft, or a request that came back and that the person may complete."""
    rows = Request.objects.select_related("company", "contract", "asset", "author")
    row: Request = scoped_or_404(rows, request.user, public_id=public_id)
    if row.kind not in types():
        raise Http404
    if not has_right_in(request, row.company_id, type_of(row).right):
        raise PermissionDenied
    return row


def _may(request: PortalRequest, kind: RequestType) -> bool:
    money = not kind.is_financial or has_right(request, Right.VIEW_FINANCE)
    return has_right(request, kind.right) and money


def _companies(request: PortalRequest, kind: RequestType) -> list[Company]:
    needed = {kind.right} | ({Right.VIEW_FINANCE} if kind.is_financial else set())
    return [
        membership.company
        for membership in request.memberships
        if needed <= membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]


def _company(request: PortalRequest, kind: RequestType) -> Company | None:
    """The company of a request that is about no contract; None when it must be chosen."""
    if kind.subject != Subject.COMPANY:
        return None
    whole = [
        membership.company
        for membership in request.memberships
        if not membership.has_limits and membership.company in _companies(request, kind)
    ]
    if not whole:
        raise PermissionDenied
    return whole[0] if len(whole) == 1 else None


def _asked_contract(request: PortalRequest) -> Contract | None:
    """The contract that the address names, if it is the person's own."""
    try:
        asked = uuid.UUID(request.GET.get("umowa", ""))
    except ValueError:
        return None
    found: Contract | None = Contract.objects.for_user(request.user).filter(public_id=asked).first()
    return found


def _name(kind: RequestType, contract: Contract | None, asked: str) -> str:
    if contract is None:
        return asked[:60]
    if kind.subject == Subject.VEHICLE:
        assets = list(contract.assets.order_by("pk")[:2])
        if len(assets) == 1 and assets[0].plate:
            return str(assets[0].plate)
    return contract.number


def _price(kind: RequestType, contract: Contract | None, on: Any) -> RequestPrice | None:
    try:
        return price_of(kind, contract=contract, on=on)
    except RequestError:
        return None


def _price_for(row: Request, on: Any) -> RequestPrice | None:
    try:
        return price_for(row, on=on)
    except RequestError:
        return None

"""Sending an own policy: what is required first, then the form; then files, again, withdraw."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.enums import LIVE_STATUSES
from contracts.models import Asset
from eboks import clock
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from eboks.http import PortalRequest
from eboks.listing import clean_text
from eboks.onboarding.limits import too_often
from eboks.tenancy.access import has_right_in, right_required, scoped_or_404
from eboks.tenancy.models import LessorProfile
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from insurance import checklist, own_policies
from insurance.models import Policy, PolicyFile
from insurance.own_policies import PolicyError
from insurance.own_policy_forms import FilesForm, OwnPolicyForm
from insurance.policy_fields import risks_of
from insurance.requirements import least_sum, required_of


@require_http_methods(["GET", "POST"])
@right_required(Right.HANDLE_INSURANCE)
def policy_new(request: PortalRequest) -> HttpResponse:
    """`/ubezpieczenia/nowa/?przedmiot=<id>`: an own policy of that asset; without one, which?"""
    assets = _assets(request)
    asset = _chosen(assets, request.GET.get("przedmiot") or request.POST.get("asset", ""))
    if asset is None:
        return _choose(request, assets)
    if (limited := too_often(request, "request_begun")) is not None:
        return limited
    now = timezone.now()
    lessor = LessorProfile.objects.order_by("pk").first()
    form = OwnPolicyForm(
        *((request.POST, request.FILES) if request.method == "POST" else ()),
        assets=assets,
        asset=asset,
        lessor_name=lessor.name if lessor else "",
        today=clock.today(now),
    )
    if form.is_bound and form.is_valid():
        try:
            policy = own_policies.send(
                new=form.policy(),
                files=form.cleaned_data["files"],
                author=request.user,
                form_key=form.cleaned_data["form_key"],
                at=now,
            )
        except PolicyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Polisa jest u nas. Sprawdzimy ją i damy znać."))
            return redirect(own_policies.address(policy))
    required = required_of(asset, on=clock.today(now))
    risks = list(required) or list(risks_of(asset.category))
    context = {
        "form": form,
        "asset": asset,
        "required": [(rule, least_sum(asset, rule)) for rule in required.values()],
        "points": checklist.points(risks, required),
    }
    return render(request, "insurance/policy_new.html", context)


@require_POST
def policy_add_file(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """Further files of a policy that is not checked yet."""
    policy = _policy(request, public_id)
    if (limited := too_often(request, "request_begun")) is not None:
        return limited
    form = FilesForm(request.POST, request.FILES, required=True)
    if not form.is_valid():
        return _back_with_errors(request, policy, form)
    try:
        own_policies.add_files(
            policy=policy,
            files=form.cleaned_data["files"],
            replace=form.cleaned_data["replace"],
            actor=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Plik dołączony."))
    except PolicyError as error:
        messages.error(request, str(error))
    return redirect(own_policies.address(policy))


@require_POST
def policy_send_again(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """A returned policy goes back to the check."""
    policy = _policy(request, public_id)
    form = FilesForm(request.POST, request.FILES, required=False)
    if not form.is_valid():
        return _back_with_errors(request, policy, form)
    try:
        own_policies.send_again(
            policy=policy,
            files=form.cleaned_data["files"],
            replace=form.cleaned_data["replace"],
            actor=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Polisa wysłana ponownie. Sprawdzimy ją i damy znać."))
    except PolicyError as error:
        messages.error(request, str(error))
    return redirect(own_policies.address(policy))


@require_POST
def policy_withdraw(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    policy = _policy(request, public_id)
    try:
        own_policies.withdraw(policy=policy, actor=request.user, at=timezone.now())
        messages.success(request, _("Polisa wycofana."))
    except PolicyError as error:
        messages.error(request, str(error))
    return redirect(own_policies.address(policy))


@require_GET
def policy_file(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/ubezpieczenia/pliki/<id>/`: a file of a policy, once it has been scanned."""
    found = scoped_or_404(
        PolicyFile.objects.select_related("policy__company", "document"),
        request.user,
        public_id=public_id,
    )
    if found.document is None or found.scan != Scan.CLEAN:
        raise Http404
    own_policies.note_reading(found, actor=request.user, at=timezone.now())
    return document_response(request, found.document)


def _assets(request: PortalRequest) -> QuerySet[Asset]:
    """Assets of live contracts that the person may send policies for."""
    companies = [
        membership.company_id
        for membership in request.memberships
        if Right.HANDLE_INSURANCE in membership.rights
    ]
    rows = Asset.objects.for_user(request.user).for_company(request.company)
    return rows.filter(
        contract__company__in=companies, contract__status__in=LIVE_STATUSES
    ).select_related("contract__company")


def _chosen(assets: QuerySet[Asset], asked: str) -> Asset | None:
    try:
        wanted = uuid.UUID(asked)
    except ValueError:
        return None
    return assets.filter(public_id=wanted).first()


def _choose(request: PortalRequest, assets: QuerySet[Asset]) -> HttpResponse:
    query = clean_text(request.GET.get("q"), 60)
    if query:
        squeezed = query.replace(" ", "").upper()
        assets = assets.filter(
            Q(plate__icontains=query.upper())
            | Q(plate__iexact=squeezed)
            | Q(vin__iexact=squeezed)
            | Q(serial_number__iexact=query)
            | Q(contract__number__icontains=query.upper())
            | Q(make__icontains=query)
            | Q(model__icontains=query)
        )
    page = paginate(request, assets.order_by("plate", "make", "pk"))
    several = request.company is None and len(request.memberships) > 1
    context = {"page": page, "q": query, "several_companies": several}
    return render(request, "insurance/policy_asset.html", context)


def _policy(request: PortalRequest, public_id: uuid.UUID) -> Policy:
    rows = Policy.objects.select_related("company", "contract", "asset")
    policy: Policy = scoped_or_404(rows, request.user, public_id=public_id)
    if not has_right_in(request, policy.company_id, Right.HANDLE_INSURANCE):
        raise PermissionDenied
    return policy


def _back_with_errors(request: PortalRequest, policy: Policy, form: FilesForm) -> HttpResponse:
    for texts in form.errors.values():
        for text in texts:
            messages.error(request, str(text))
    return redirect(own_policies.address(policy))

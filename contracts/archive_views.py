"""Ordering the archive of a contract."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contracts.contract_archive import KIND
from contracts.models import Contract
from eboks.exports import services
from eboks.exports.answers import too_many
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in, scoped_or_404
from eboks.tenancy.rights import Right


@require_POST
def take_all(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/zabierz/`: everything the portal has of the contract, in one archive."""
    rows = Contract.objects.select_related("company")
    contract = scoped_or_404(rows, request.user, public_id=public_id)
    if not has_right_in(request, contract.company_id, Right.EXPORT_REPORTS):
        raise PermissionDenied
    try:
        services.order(
            user=request.user,
            company=contract.company,
            kind=KIND,
            params={"contract": str(contract.public_id)},
            title=_("Archiwum umowy %s") % contract.number,
            at=timezone.now(),
        )
    except services.LimitError as error:
        return too_many(request, error)
    messages.success(
        request,
        _("Zbieramy wszystko o umowie %s. Damy znać, gdy archiwum będzie gotowe.")
        % contract.number,
    )
    return redirect("exports:list")

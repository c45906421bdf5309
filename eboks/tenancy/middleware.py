"""Whose data a request is about: the person's memberships and the company chosen in the header."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse

from eboks.http import PortalRequest
from eboks.tenancy.models import Company, Membership

SESSION_KEY = "company"


class CompanyMiddleware:
    """Sets `request.memberships` (active ones, read on each request) and `request.company`.

    `request.company` is None while the person works with all of their companies at once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        portal = cast("PortalRequest", request)
        portal.memberships, portal.company = [], None
        if request.user.is_authenticated:
            rows = Membership.objects.active().filter(user=request.user.pk)
            if (seen := getattr(request.user, "seen_company_id", None)) is not None:
                rows = rows.filter(company=seen)  # staff look at one company (`audit.viewing`)
            portal.memberships = list(
                rows.select_related("company").order_by("company__name", "pk")
            )
            portal.company = _chosen(portal)
            # What scoped rows ask of the person first (`tenancy.models.has_limits`).
            limited = any(membership.has_limits for membership in portal.memberships)
            portal.user.has_limited_memberships = limited  # type: ignore[attr-defined]
        return self.get_response(request)


def _chosen(request: PortalRequest) -> Company | None:
    companies = [membership.company for membership in request.memberships]
    if len(companies) == 1:
        return companies[0]
    wanted = request.session.get(SESSION_KEY)
    return next((company for company in companies if str(company.public_id) == wanted), None)

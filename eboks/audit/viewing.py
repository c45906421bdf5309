"""A member of the staff sees the portal through a client's eyes: to read, for a while, on record.

The session stays the staff's own; only `request.user` is the client while a page of the portal is
made. Everything that is not an allowed page is refused, so new pages stay closed until named here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone

from eboks import origin
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.events import security_event
from eboks.tenancy.models import Company, Membership

SESSION_KEY = "view_as_client"
PERMISSION = "tenancy.view_company"
# What a client reads about their business. Personal pages and those that act are not among them.
_NAMESPACES = {"contracts", "fleet", "insurance", "invoicing", "portal", "vehicles"}
# Neither shown as the client nor refused: the staff's own session, the back office, the look.
_OWN_ROUTES = {"account_logout", "extend_session", "brand_css", "brand_logo"}


def candidates(company: Company, *, on: dt.date) -> QuerySet[Membership]:
    """Memberships of `company` through which it can be looked at: in force, of no staff."""
    rows = Membership.objects.active(on).filter(company=company)
    return rows.filter(user__is_active=True, user__is_staff=False).select_related("user", "company")


def begin(
    session: SessionBase, *, staff: User, membership: Membership, reason: str, at: dt.datetime
) -> None:
    """From now on `session` shows the portal as `membership` sees it."""
    record(
        event="view_as_client_begun",
        at=at,
        actor=staff,
        company=membership.company,
        subject=membership.user,
        facts={"reason": reason},
    )
    session[SESSION_KEY] = {"membership": membership.pk, "at": at.timestamp()}


def end(session: SessionBase, *, staff: User, at: dt.datetime, why: str) -> Company | None:
    """The session is only the staff's again; the company that was looked at."""
    view = session.pop(SESSION_KEY, None)
    if view is None:
        return None
    rows = Membership.objects.select_related("user", "company")
    membership = rows.filter(pk=view["membership"]).first()
    if membership is None:
        return None
    record(
        event="view_as_client_ended",
        at=at,
        actor=staff,
        company=membership.company,
        subject=membership.user,
        facts={"why": why},
    )
    return membership.company


class ViewAsClientMiddleware:
    """Sets `request.viewer` (the staff) and `request.viewing` (the membership), None otherwise.

    Stands right above `CompanyMiddleware`: what is above it goes on dealing with the staff.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewer = request.viewing = None  # type: ignore[attr-defined]
        route = _route(request)
        if SESSION_KEY not in request.session or not _is_a_clients_page(route):
            return self.get_response(request)
        staff, at = request.user, timezone.now()
        assert isinstance(staff, User)  # noqa: S101 -- only a log-in fills the session
        membership = _still_seen(request.session, staff, at)
        if membership is None:
            company = end(request.session, staff=staff, at=at, why="time")
            return back_office(company)
        return self._shown(request, route, staff, membership, at)

    def _shown(
        self,
        request: HttpRequest,
        route: str,
        staff: User,
        membership: Membership,
        at: dt.datetime,
    ) -> HttpResponse:
        request.viewer, request.viewing = staff, membership  # type: ignore[attr-defined]
        allowed = route.partition(":")[0] in _NAMESPACES and request.method in {"GET", "HEAD"}
        if not allowed:
            security_event("permission_denied", result="refused", actor_id=staff.pk, route=route)
            raise PermissionDenied
        member = membership.user
        member.seen_company_id = membership.company_id  # type: ignore[attr-defined]
        with origin.coming_from(replace(origin.current(), viewer_id=staff.pk)):
            record(
                event="view_as_client_page",
                at=at,
                actor=member,
                company=membership.company,
                subject=member,
                facts={"path": request.path[:200]},
            )
            request.user = member
            try:
                return self.get_response(request)
            finally:
                request.user = staff


def _still_seen(session: SessionBase, staff: User, at: dt.datetime) -> Membership | None:
    """The membership looked through; None when the time is over or either side has lost access."""
    view = session[SESSION_KEY]
    over = at.timestamp() - view["at"] >= settings.VIEW_AS_CLIENT_SECONDS
    if over or not (staff.is_staff and staff.has_perm(PERMISSION)):
        return None
    rows = Membership.objects.active().filter(pk=view["membership"])
    rows = rows.filter(user__is_active=True, user__is_staff=False)
    return rows.select_related("user", "company").first()


def _is_a_clients_page(route: str) -> bool:
    return bool(route) and not route.startswith("admin:") and route not in _OWN_ROUTES


def _route(request: HttpRequest) -> str:
    """The name of the route; empty when there is none, which answers 404 by itself."""
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


def back_office(company: Company | None) -> HttpResponse:
    """To where the view was begun."""
    if company is None:
        return redirect("admin:index")
    return redirect("admin:tenancy_company_change", company.pk)

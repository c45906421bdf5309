"""Choosing the company that the person works for."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from eboks.http import PortalRequest
from eboks.tenancy.middleware import SESSION_KEY


@require_POST
def switch_company(request: PortalRequest) -> HttpResponse:
    """Keeps the choice in the session; an empty value means all companies at once.

    A company of which the person is no active member answers 404. Goes back to `next` when that
    is an address of this portal, otherwise to the start page.
    """
    wanted = request.POST.get("company", "")
    if wanted:
        mine = {str(membership.company.public_id) for membership in request.memberships}
        if wanted not in mine:
            raise Http404
        request.session[SESSION_KEY] = wanted
    else:
        request.session.pop(SESSION_KEY, None)

    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return HttpResponseRedirect(target)
    return redirect("portal:dashboard")

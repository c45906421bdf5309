"""Asking again who it is before a delicate change (SEC-27), without losing what was typed."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from eboks.http import PortalRequest

_SESSION_KEY = "kept_form"
_LONGEST = 40_000  # characters of a form that are kept


def proof_missing(request: PortalRequest) -> HttpResponse | None:
    """Where to send a person who has not proven who they are within the last five minutes.

    Holds for GET and POST alike, so that no form can be sent past the page that asks. What was
    posted waits in the session for `kept_form`.
    """
    if not reauthentication.is_reauthentication_required(request, app=""):
        return None
    if request.method == "POST":
        _keep(request)
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    url = methods[0]["url"] if methods else reverse("account_reauthenticate")
    return HttpResponseRedirect(f"{url}?{urlencode({'next': request.get_full_path()})}")


def kept_form(request: PortalRequest) -> QueryDict | None:
    """What the person had sent to this address before being asked who they are; given once."""
    kept = request.session.get(_SESSION_KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[_SESSION_KEY]
    return QueryDict(kept["data"])


def _keep(request: PortalRequest) -> None:
    data = request.POST.copy()
    data.pop("csrfmiddlewaretoken", None)
    text = data.urlencode()
    if len(text) <= _LONGEST:
        request.session[_SESSION_KEY] = {"path": request.path, "data": text}

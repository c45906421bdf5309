"""Notices in the portal, the settings of notifications, the demo inbox."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eboks.http import PortalRequest
from eboks.notifications import bell, demo, preferences
from eboks.notifications.forms import NotificationsForm
from eboks.ui.paging import paginate


@require_safe
def notice_list(request: PortalRequest) -> HttpResponse:
    """The person's notices, newest first."""
    rows = bell.notices(request.user)
    page = paginate(request, rows)
    context = {"page": page, "any_unread": rows.filter(read_at__isnull=True).exists()}
    return render(request, "notifications/list.html", context)


@require_POST
def mark_read(request: PortalRequest) -> HttpResponse:
    """Marks one notice (`notice`) or all; `open` goes on to the page that the notice is about."""
    at = timezone.now()
    if "notice" not in request.POST:
        bell.mark_all_read(user=request.user, at=at)
        return redirect("notifications:list")
    notice = get_object_or_404(bell.notices(request.user), public_id=_id(request.POST["notice"]))
    bell.mark_read(notice=notice, at=at)
    if "open" in request.POST and _is_own_path(notice.url):
        return redirect(notice.url)
    return redirect("notifications:list")


@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: PortalRequest) -> HttpResponse:
    """What the person wants to be told, how and when."""
    data = request.POST if request.method == "POST" else None
    form = NotificationsForm(data, user=request.user)
    if form.is_valid():
        preferences.save(
            user=request.user,
            wanted=form.wanted,
            quiet_from=form.cleaned_data["quiet_from"],
            quiet_to=form.cleaned_data["quiet_to"],
            digest_at=form.cleaned_data["digest_at"],
        )
        messages.success(request, _("Ustawienia powiadomień zapisane."))
        return redirect("notifications:settings")
    return render(request, "notifications/settings.html", {"form": form})


@login_not_required
@require_safe
def demo_inbox(request: HttpRequest) -> HttpResponse:
    """SMS and e-mails of the demo. Anywhere else there is no such page."""
    if not settings.DEMO:
        raise Http404
    context = {"received": demo.inbox(), "extras": demo.extras(at=timezone.now())}
    return render(request, "notifications/demo_inbox.html", context)


def _is_own_path(url: str) -> bool:
    inside = url.startswith("/") and not url.startswith("//")
    return inside and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None

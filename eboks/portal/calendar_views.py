"""`/kalendarz/`: what lies ahead, and the secret link with which a calendar program reads it."""

from __future__ import annotations

import datetime as dt
import uuid
from itertools import groupby
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from eboks import clock
from eboks.http import PortalRequest
from eboks.onboarding.limits import too_often
from eboks.portal import calendar_links
from eboks.portal.branding import lessor_profile
from eboks.portal.calendar_entries import entries
from eboks.portal.calendar_feed import ical
from eboks.portal.models import CalendarLink
from eboks.tenancy.access import scoped_or_404
from eboks.tenancy.models import Membership

AHEAD = dt.timedelta(days=90)  # on the page
_FEED_BACK, _FEED_AHEAD = dt.timedelta(days=31), dt.timedelta(days=366)
_NEW = "calendar_link"  # in the session until the page has shown it, once


class LinkForm(forms.Form):
    form_key = forms.UUIDField(widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
def calendar(request: PortalRequest) -> HttpResponse:
    """The next 90 days by day. POST makes a link, which the next page shows once."""
    at = timezone.now()
    if request.method == "POST":
        return _make(request, at)
    today = clock.today(at)
    found = entries(user=request.user, company=request.company, first=today, last=today + AHEAD)
    links = CalendarLink.objects.for_user(request.user).filter(revoked_at=None)
    token = request.session.pop(_NEW, "")
    address = (
        f"{settings.SITE_URL.rstrip('/')}{reverse('portal:calendar_feed', args=[token])}"
        if (token)
        else ""
    )
    context = {
        "days": [(day, list(rows)) for day, rows in groupby(found, key=lambda entry: entry.on)],
        "today": today,
        "until": today + AHEAD,
        "several": request.company is None and len(request.memberships) > 1,
        "links": links.select_related("company").order_by("created_at", "pk"),
        "address": address,
        "webcal": f"webcal://{urlsplit(address).netloc}{urlsplit(address).path}" if address else "",
        "form": LinkForm(initial={"form_key": uuid.uuid4()}),
    }
    return render(request, "portal/calendar.html", context)


def _make(request: PortalRequest, at: dt.datetime) -> HttpResponse:
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nie udało się utworzyć linku. Spróbuj jeszcze raz."))
        return redirect("portal:calendar")
    try:
        token = calendar_links.make(
            user=request.user,
            company=request.company,
            form_key=form.cleaned_data["form_key"],
            at=at,
        )
    except calendar_links.LinkError as error:
        messages.error(request, str(error))
    else:
        if token:
            request.session[_NEW] = token
    return redirect(f"{reverse('portal:calendar')}#linki")


@require_POST
def revoke(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """The link stops working at once."""
    rows = CalendarLink.objects.select_related("company")
    link: CalendarLink = scoped_or_404(rows, request.user, public_id=public_id)
    if calendar_links.revoke(link=link, actor=request.user, at=timezone.now()):
        messages.success(request, _("Link już nie działa."))
    return redirect("portal:calendar")


@login_not_required
@require_GET
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """`/kalendarz/<key>.ics`: for whoever has the link, by the rights that its person has now."""
    limited = too_often(request, "calendar_feed", key=calendar_links.digest(key)[:20], reads=True)
    if limited is not None:
        return limited
    at = timezone.now()
    link = calendar_links.find(key, at=at)
    if link is None:
        raise Http404
    today = clock.today(at)
    mandates = Membership.objects.active().filter(user=link.user_id).count()
    with translation.override(link.user.language):
        found = entries(
            user=link.user,
            company=link.company,
            first=today - _FEED_BACK,
            last=today + _FEED_AHEAD,
        )
        name = link.company.name if link.company else lessor_profile().short_name
        content = ical(
            found,
            name=_("Terminy: %s") % name,
            several=link.company is None and mandates > 1,
            at=at,
        )
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="terminy.ics"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer

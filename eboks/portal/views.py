"""Pages that join the domains: start page, search, the company, help."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from eboks import clock
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.listing import clean_text
from eboks.portal import dashboard as start
from eboks.portal import search as finder
from eboks.portal.branding import lessor_profile
from eboks.tenancy.access import companies_with, has_right, right_required
from eboks.tenancy.models import Company
from eboks.tenancy.people_list import active_people, shown_name
from eboks.tenancy.rights import Right
from eboks.ui import words

_SECURITY_TXT_DAYS = 364  # RFC 9116 asks for less than a year


def chosen_companies(request: PortalRequest) -> list[Company]:
    """The company of the header, or all of the person's companies."""
    if request.company is not None:
        return [request.company]
    return [membership.company for membership in request.memberships]


@require_GET
def dashboard(request: PortalRequest) -> HttpResponse:
    """`/`: what is due and what needs attention; without the right to finance, no money.

    Who only drives goes straight to the vehicles.
    """
    if has_right(request, Right.VIEW_VEHICLES) and not has_right(request, Right.VIEW_CONTRACTS):
        return redirect("vehicles:list")
    at = timezone.now()
    today = clock.today(at)
    fresh = freshness(at=at)
    with_finance = has_right(request, Right.VIEW_FINANCE)
    user, chosen = request.user, request.company
    money = start.money(user=user, company=chosen, today=today) if with_finance else None
    contracts = start.contracts(user=user, company=chosen, today=today)
    balances = (
        start.balances_to_confirm(user=user, company=chosen, today=today) if with_finance else []
    )
    to_complete = (
        start.requests_to_complete(user=user, company=chosen)
        if has_right(request, Right.FILE_REQUESTS)
        else []
    )
    ahead = (
        start.year_ahead(
            user=user,
            companies=chosen_companies(request),
            today=today,
            stamp=fresh.run_id,
        )
        if with_finance
        else []
    )
    insurance = (
        start.insurance(user=user, companies=insured, today=today)
        if (insured := companies_with(request, Right.VIEW_INSURANCE))
        else None
    )
    context = {
        "today": today,
        "today_text": words.day_and_weekday(today),
        "fresh": fresh,
        "money": money,
        "contracts": contracts,
        "balances": balances,
        "to_complete": to_complete,
        "insurance": insurance,
        "ahead": ahead,
        "several": len(chosen_companies(request)) > 1,
        "saved": start.saved_on_paper(user=user, company=chosen, today=today)
        if with_finance
        else None,
        "calm": not (contracts.ending or balances or to_complete or insurance)
        and (money is None or not (money.overdue_count or money.soon_count or money.new_invoices)),
    }
    return render(request, "portal/dashboard.html", context)


@require_GET
@right_required(Right.VIEW_CONTRACTS)
def search(request: PortalRequest) -> HttpResponse:
    """`/szukaj/?q=`: at most 20 of each kind; one exact hit opens at once."""
    text = clean_text(request.GET.get("q"))
    context: dict[str, object] = {"q": text, "several": len(chosen_companies(request)) > 1}
    if text:
        hit = finder.exact_hit(text, user=request.user, company=request.company)
        if hit:
            return redirect(hit)
        context["found"] = finder.search(
            text,
            user=request.user,
            company=request.company,
            companies=chosen_companies(request),
        )
        context["today"] = clock.today(timezone.now())
    return render(request, "portal/search.html", context)


@require_GET
def company(request: PortalRequest) -> HttpResponse:
    """`/firma/`: the companies' data, who has access (for administrators), what I may do."""
    shown = chosen_companies(request)
    mine = {m.company_id: m for m in request.memberships}
    managed = [c for c in shown if Right.MANAGE_PEOPLE in mine[c.pk].rights]
    people = active_people(managed)
    context = {
        "companies": [
            {
                "company": c,
                "membership": mine[c.pk],
                "rights": [right for right in Right if right in mine[c.pk].rights],
                "people": [(shown_name(person), person) for person in people.get(c.pk, [])],
                "may_sign": Right.SIGN in mine[c.pk].rights and not mine[c.pk].has_limits,
                "may_manage": c in managed,
            }
            for c in shown
        ],
    }
    return render(request, "portal/company.html", context)


@login_not_required
@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """`/pomoc/`: whom to call and how things work; for everybody, logged in or not."""
    template = "portal/help.html" if request.user.is_authenticated else "portal/help_public.html"
    context = {"session_minutes": settings.SESSION_IDLE_SECONDS // 60}
    return render(request, template, context)


@login_not_required
@require_GET
@cache_control(public=True, max_age=24 * 3600)
def security_txt(request: HttpRequest) -> HttpResponse:
    """`/.well-known/security.txt`: whom to tell about a hole (RFC 9116).

    It runs out 364 days after the day on which it is read, so it is never out of date by itself.
    """
    contact = lessor_profile().email
    if not contact:
        raise Http404
    midnight = timezone.now().astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    expires = midnight + dt.timedelta(days=_SECURITY_TXT_DAYS)
    lines = [
        # Quoted: nothing in an address can start a line of its own.
        f"Contact: mailto:{quote(contact, safe='@+')}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}",
        f"Canonical: {settings.SITE_URL}{reverse('portal:security_txt')}",
    ]
    text = "".join(f"{line}\n" for line in lines)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")

"""Pages that join the domains: start page, search, the company, help."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from eboks import clock
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.listing import clean_text
from eboks.portal import dashboard as start
from eboks.portal import search as finder
from eboks.tenancy.access import has_right
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Right, Role
from eboks.ui import words


def chosen_companies(request: PortalRequest) -> list[Company]:
    """The company of the header, or all of the person's companies."""
    if request.company is not None:
        return [request.company]
    return [membership.company for membership in request.memberships]


@require_GET
def dashboard(request: PortalRequest) -> HttpResponse:
    """`/`: what is due and what needs attention; without the right to finance, no money."""
    at = timezone.now()
    today = clock.today(at)
    fresh = freshness(at=at)
    with_finance = has_right(request, Right.VIEW_FINANCE)
    user, chosen = request.user, request.company
    money = start.money(user=user, company=chosen, today=today) if with_finance else None
    contracts = start.contracts(user=user, company=chosen, today=today)
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
    context = {
        "today": today,
        "today_text": words.day_and_weekday(today),
        "fresh": fresh,
        "money": money,
        "contracts": contracts,
        "ahead": ahead,
        "several": len(chosen_companies(request)) > 1,
        "calm": not contracts.ending
        and (money is None or not (money.overdue_count or money.soon_count or money.new_invoices)),
    }
    return render(request, "portal/dashboard.html", context)


@require_GET
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
    """`/firma/`: the companies' data, who has access (for their owners), what I may do."""
    shown = chosen_companies(request)
    mine = {m.company_id: m for m in request.memberships}
    owned = [c.pk for c in shown if mine[c.pk].role == Role.OWNER]
    people: dict[int, list[Membership]] = {}
    rows = (
        Membership.objects.active()
        .filter(company__in=owned)
        .select_related("user")
        .order_by("user__last_name", "user__first_name", "pk")
    )
    for row in rows:
        people.setdefault(row.company_id, []).append(row)
    context = {
        "companies": [
            {
                "company": c,
                "membership": mine[c.pk],
                "rights": [right for right in Right if right in mine[c.pk].rights],
                "people": people.get(c.pk),
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

"""The way in for a person who was invited: link → SMS → own password → the portal.

GET changes nothing but the browser's own session: mail scanners open links (SEC-14). There is no
log-in before the own password is set, so there is nothing to get round (SEC-15).
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eboks.accounts import trusted
from eboks.accounts.models import User
from eboks.accounts.stages import SmsStage
from eboks.accounts.views import password_rules
from eboks.onboarding import activation, links, tasks
from eboks.onboarding.forms import ActivationForm, NewLinkForm
from eboks.onboarding.limits import too_often
from eboks.onboarding.models import Invitation
from eboks.onboarding.services import inviter_name
from eboks.phones import masked, masked_email
from eboks.tenancy.models import Membership

_KEY = "activation_key"


@login_not_required
@require_safe
def link(request: HttpRequest, key: str) -> HttpResponse:
    """Moves the key out of the address, so that no log and no other site sees it (SEC-17)."""
    request.session[_KEY] = key
    return redirect("onboarding:activation")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest) -> HttpResponse:
    """Who invites, and the form; POST sets the own password and logs in."""
    if request.method == "POST":
        limited = too_often(request, "activation")
        if limited is not None:
            return limited
    key = str(request.session.get(_KEY, ""))
    invitation = activation.open_invitation(key, at=timezone.now())
    if invitation is None:
        return _dead(request, has_link=bool(key))
    data = request.POST if request.method == "POST" else None
    form = ActivationForm(data, user=invitation.user, rules=password_rules())
    if data is not None and form.is_valid():
        result = activation.activate(
            key=key,
            sms_password=form.cleaned_data["sms_password"],
            password=form.cleaned_data["password1"],
            at=timezone.now(),
        )
        if result.user is not None:
            return _enter(request, result.user)
        form.add_error(None, activation.refusal())
        invitation.refresh_from_db()
    return render(request, "onboarding/activation.html", _context(invitation, form))


@login_not_required
@require_POST
def send_password(request: HttpRequest) -> HttpResponse:
    """Sends the one-time password to the phone of the invitation."""
    limited = too_often(request, "activation")
    if limited is not None:
        return limited
    sent = activation.send_password(key=str(request.session.get(_KEY, "")), at=timezone.now())
    if sent.ok:
        messages.success(request, _("Wysłaliśmy hasło SMS."))
    elif sent.text != activation.refusal():  # the page itself says that the link is dead
        messages.warning(request, sent.text)
    return redirect("onboarding:activation")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_link(request: HttpRequest) -> HttpResponse:
    """Asks for a new link: with the old one in hand by a press, otherwise by e-mail."""
    if request.method != "POST":
        return render(request, "onboarding/new_link.html", {"form": NewLinkForm()})
    form = NewLinkForm(request.POST)
    invitation = links.invitation_of(str(request.session.get(_KEY, "")))
    if "email" not in request.POST and invitation is not None:
        email = invitation.email
    elif form.is_valid():
        email = form.cleaned_data["email"]
    else:
        return render(request, "onboarding/new_link.html", {"form": form})
    limited = too_often(request, "activation_link", key=email.lower())
    if limited is not None:
        return limited
    tasks.resend_link.delay_on_commit(email=email)
    return redirect("onboarding:new_link_sent")


@login_not_required
@require_safe
def new_link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "onboarding/new_link_sent.html")


def _dead(request: HttpRequest, *, has_link: bool) -> HttpResponse:
    context = {"refusal": activation.refusal(), "has_link": has_link}
    return render(request, "onboarding/activation_dead.html", context)


def _context(invitation: Invitation, form: ActivationForm) -> dict[str, Any]:
    user = invitation.user
    mandates = Membership.objects.active().filter(user=user).select_related("company")
    return {
        "form": form,
        "invitation": invitation,
        "companies": [row.company.name for row in mandates.order_by("company__name", "pk")[:10]],
        "inviter": inviter_name(invitation.invited_by),
        "username": user.email or user.username,
        "email": masked_email(invitation.email),
        "phone": masked(invitation.phone),
        "number": invitation.password_count,
        "minutes": activation.minutes(),
    }


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    """Logs in by the portal's one way, so that its rules for sessions hold.

    The phone has just been shown to be in the person's hands: it is not asked again.
    """
    if request.user.is_authenticated:  # somebody else, on the same computer
        logout(request)
    request.session.pop(_KEY, None)
    record_authentication(request, user, method="password", email=user.email)
    record_authentication(request, user, method="sms")
    state = {"stages": {SmsStage.key: {"handled": True}}}
    response: HttpResponse = perform_login(request, Login(user=user, state=state))
    trusted.remember(request, response, user)
    messages.success(request, _("Konto jest aktywne. Od teraz logujesz się własnym hasłem."))
    return response

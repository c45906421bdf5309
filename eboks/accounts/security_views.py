"""`/konto/bezpieczenstwo/` and what hangs on it: factors, sessions, browsers, freeze, changes."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from eboks import origin
from eboks.accounts import freezing, new_email, second_factor, sessions_list
from eboks.accounts.models import TrustedBrowser
from eboks.accounts.security_forms import EmailForm, PhoneForm
from eboks.accounts.security_notices import link_of
from eboks.authorisation.registry import Refused
from eboks.authorisation.services import draft_of, prepare
from eboks.events import security_event
from eboks.http import PortalRequest
from eboks.notifications.models import Channel, OutgoingMessage


@require_GET
def security(request: PortalRequest) -> HttpResponse:
    """Everything that guards the person's account, on one page."""
    user = request.user
    now = timezone.now()
    authenticators = list(Authenticator.objects.filter(user=user).order_by("type", "pk"))
    by_type: dict[str, list[Authenticator]] = {}
    for row in authenticators:
        by_type.setdefault(row.type, []).append(row)
    recovery = by_type.get(Authenticator.Type.RECOVERY_CODES, [])
    browsers = TrustedBrowser.objects.filter(user=user, revoked_at=None, valid_until__gt=now)
    context = {
        "device": second_factor.device_of(user),
        "totp": by_type.get(Authenticator.Type.TOTP),
        "passkeys": by_type.get(Authenticator.Type.WEBAUTHN, []),
        "recovery_left": len(recovery[0].wrap().get_unused_codes()) if recovery else None,
        "sms_is_used": settings.SECOND_FACTOR_ENABLED
        and not user.is_staff
        and not second_factor.has_strong_factor(user),
        "sessions": sessions_list.open_sessions(user=user, session_key=request.session.session_key),
        "browsers": [
            {"row": row, "device": sessions_list.device_name(row.agent)}
            for row in browsers.order_by("-created_at", "-pk")
        ],
        "notices": OutgoingMessage.objects.for_user(user)
        .filter(channel=Channel.BELL, is_security=True)
        .order_by("-created_at", "-pk")[:5],
    }
    return render(request, "account/security.html", context)


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def end_sessions(request: PortalRequest) -> HttpResponse:
    """Ends the session `pk`, or all but this one."""
    wanted = request.POST.get("pk", "")
    pk = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 16 else None
    if wanted and pk is None:
        return redirect("account_security")
    ended = sessions_list.end(user=request.user, pk=pk, keep=request.session.session_key)
    security_event("own_sessions_ended", result="ok", actor_id=request.user.pk, count=ended)
    messages.success(request, _("Zakończone. Tamto urządzenie musi zalogować się od nowa."))
    return redirect("account_security")


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def forget_browsers(request: PortalRequest) -> HttpResponse:
    """Asks for the second factor again, in one browser or in all."""
    public_id = request.POST.get("browser") or None
    mine = {str(row) for row in request.user.trusted_browsers.values_list("public_id", flat=True)}
    if public_id is None or public_id in mine:
        second_factor.forget_browsers(user=request.user, at=timezone.now(), public_id=public_id)
        security_event("browsers_forgotten", result="ok", actor_id=request.user.pk)
        messages.success(request, _("Zapomniane. Przy następnym logowaniu zapytamy o kod."))
    return redirect("account_security")


@require_http_methods(["GET", "POST"])
def freeze_own(request: PortalRequest) -> HttpResponse:
    """The person locks their own account at once; only the staff can unlock it."""
    if request.method == "POST":
        freezing.freeze(user=request.user, at=timezone.now())
        logout(request)
        return render(request, "account/frozen.html")
    return render(request, "account/freeze.html", {"own": True})


@login_not_required
@require_http_methods(["GET", "POST"])
def freeze(request: HttpRequest, key: str) -> HttpResponse:
    """„To nie ja”: works once, without log-in; opening the link alone changes nothing."""
    now = timezone.now()
    link = link_of(key, at=now)
    if link is None:
        return render(request, "account/freeze_dead.html", status=410)
    if request.method == "POST":
        freezing.freeze(user=link.user, at=now, link=link)
        return render(request, "account/frozen.html")
    return render(request, "account/freeze.html", {"own": False})


@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def phone(request: PortalRequest) -> HttpResponse:
    """`/konto/telefon/`: a new number for codes; signed with codes to the old and the new one."""
    device = second_factor.device_of(request.user)
    request.user._device_number = device.number if device else ""  # type: ignore[attr-defined]
    return _signed(request, PhoneForm, "phone_change", "phone", "account/phone.html")


@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def email(request: PortalRequest) -> HttpResponse:
    """`/konto/email/`: a new address; signed with a code, then confirmed from its inbox."""
    return _signed(request, EmailForm, "email_change", "email", "account/email_change.html")


@login_not_required
@require_http_methods(["GET", "POST"])
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """The link in the new inbox; only the press of the button changes the address."""
    now = timezone.now()
    change = new_email.change_of(key, at=now)
    done = False
    if request.method == "POST" and change is not None:
        done = new_email.confirm(change=change, at=now)
        change = change if done else None
    context = {"change": change, "done": done}
    return render(request, "account/email_confirm.html", context, status=200 if change else 410)


def _signed(
    request: PortalRequest, form_class: Any, operation: str, field: str, template: str
) -> HttpResponse:
    draft = draft_of(
        user=request.user, operation=operation, public_id=request.GET.get("dyspozycja")
    )
    form = form_class(request.POST or None, user=request.user, initial=draft or {})
    if request.method == "POST" and form.is_valid():
        try:
            instruction = prepare(
                operation=operation,
                user=request.user,
                company=None,
                payload={field: form.cleaned_data[field]},
                form_key=form.key(),
                session=origin.current().session,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("authorisation:check", instruction.public_id)
    context = {"form": form, "device": second_factor.device_of(request.user)}
    return render(request, template, context)

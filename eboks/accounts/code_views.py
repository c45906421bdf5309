"""The second step of a log-in on pages: the SMS code, and the same for authenticator apps."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import stash_login
from allauth.mfa.base.views import AuthenticateView
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from eboks.accounts import second_factor, trusted
from eboks.accounts.stages import SmsStage
from eboks.ui.kept_errors import keep_errors, show_kept_errors

_SEPARATORS = re.compile(r"[\s\u2010-\u2015-]+")


class LoginCodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Kod logowania z SMS-a"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "code-input",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    trust = forms.BooleanField(
        label=gettext_lazy("Nie pytaj o kod na tym urządzeniu przez 30 dni"), required=False
    )


@login_not_required
@require_http_methods(["GET", "POST"])
@login_stage_required(stage=SmsStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def sms_code(request: HttpRequest) -> HttpResponse:
    """`/konto/logowanie/kod/`: GET shows which code is asked for; POST checks it or resends,
    and redirects: what was wrong is said by the next GET, once."""
    stage: SmsStage = request._login_stage  # type: ignore[attr-defined]
    user = stage.login.user
    if request.method == "POST" and "resend" in request.POST:
        stage.send()
        stash_login(request, stage.login)  # with the reference of the new code
        return redirect("account_sms_code")
    ref = stage.state.get("ref", "")
    if request.method == "POST":
        form = LoginCodeForm(request.POST)
        if form.is_valid():
            typed = _SEPARATORS.sub("", form.cleaned_data["code"])
            if second_factor.check_code(user=user, ref=ref, typed=typed):
                return _enter(request, stage, trust=form.cleaned_data["trust"])
            form.add_error("code", _refusal(user, ref))
        keep_errors(request, form, place="account_sms_code", values=["trust"])
        return redirect("account_sms_code")
    form = LoginCodeForm()
    show_kept_errors(request, form, place="account_sms_code")
    now = timezone.now()
    status = second_factor.code_status(user=user, ref=ref)
    context = {
        "form": form,
        "status": status,
        "why": stage.state.get("why", ""),
        "is_live": status is not None and status.is_live(now),
        "may_resend": status is None or now >= status.next_at,
        "has_number": second_factor.device_of(user) is not None,
    }
    return render(request, "account/sms_code.html", context)


def _refusal(user: Any, ref: str) -> str:
    status = second_factor.code_status(user=user, ref=ref)
    if status is None or not status.is_live(timezone.now()):
        return _("Ten kod już nie działa. Wyślij nowy.")
    return _("Ten kod się nie zgadza. Odczekaj chwilę i wpisz kod z ostatniego SMS-a.")


def _enter(request: HttpRequest, stage: SmsStage, *, trust: bool) -> HttpResponse:
    user = stage.login.user
    record_authentication(request, user, method="sms")
    response: HttpResponse = stage.exit()
    browser = trusted.remember(request, response, user)
    if trust:
        second_factor.trust(browser=browser, user=user, at=timezone.now())
    return response


@method_decorator(login_not_required, name="dispatch")
class FactorView(AuthenticateView):  # type: ignore[misc]
    """allauth's page for the app, passkey and recovery code, with our box for trusting."""

    def form_valid(self, form: Any) -> HttpResponse:
        user = self.stage.login.user
        response: HttpResponse = super().form_valid(form)
        browser = trusted.remember(self.request, response, user)
        if self.request.POST.get("trust") and not user.is_staff:
            second_factor.trust(browser=browser, user=user, at=timezone.now())
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        keep_errors(self.request, form, place="mfa_authenticate")
        return redirect("mfa_authenticate")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        show_kept_errors(request, self.auth_form, place="mfa_authenticate")
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"may_trust": not self.stage.login.user.is_staff}

"""`/sprawdz/`: whether a paper is true, for whoever holds it. Says what the paper says, no more."""

from __future__ import annotations

import re

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from eboks import clock
from eboks.onboarding.limits import too_often
from requests_app.producing import paper_of

_NOT_IN_CODE = re.compile(r"[^2-9A-HJ-NP-Z]")
_LONGEST = 60


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Kod z dokumentu"),
        help_text=gettext_lazy("Stoi pod kodem QR. Odstępy nie mają znaczenia."),
        max_length=_LONGEST,
        error_messages={"required": gettext_lazy("Wpisz kod z dokumentu.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        code = _clean(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(self.fields["code"].error_messages["required"])
        return code


@require_GET
@login_not_required
def ask(request: HttpRequest) -> HttpResponse:
    """A code typed by hand leads to its page."""
    limited = too_often(request, "paper_check", reads=True)
    if limited is not None:
        return limited
    form = CodeForm(request.GET if "code" in request.GET else None)
    if form.is_valid():
        return redirect("requests_app:paper_check", form.cleaned_data["code"])
    return render(request, "requests_app/check_code.html", {"form": form})


@require_GET
@login_not_required
def paper(request: HttpRequest, key: str) -> HttpResponse:
    """An unknown code and one that nobody gave out look the same: 404 with the same page."""
    limited = too_often(request, "paper_check", reads=True)
    if limited is not None:
        return limited
    found = paper_of(_clean(key))
    now = timezone.now()
    context = {
        "paper": found,
        "valid": found is not None and found.is_valid(clock.today(now)),
        "now": now,
    }
    return render(request, "requests_app/check_paper.html", context, status=200 if found else 404)


def _clean(typed: str) -> str:
    return _NOT_IN_CODE.sub("", typed[:_LONGEST].upper())

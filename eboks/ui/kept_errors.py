"""Errors of a form that outlive a redirect (POST, redirect, GET): reload and back ask nothing.

They wait in the session, never in an address, and are shown on one page alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest

_KEY = "form_errors"


def keep_errors(
    request: HttpRequest, form: BaseForm, *, place: str, values: Iterable[str] = ()
) -> None:
    """Put the errors of a bound `form` aside for the next GET of `place` (any name of a page).

    `values` names fields whose text is shown again; what was typed as a secret is not kept. The
    newest errors take the place of others, so a session never holds more than one form's.
    """
    request.session[_KEY] = {
        "place": place,
        "errors": {name: [str(text) for text in texts] for name, texts in form.errors.items()},
        "values": {name: form.data[name] for name in values if name in form.data},
    }


def show_kept_errors(request: HttpRequest, form: BaseForm, *, place: str) -> None:
    """Give an unbound `form` the errors kept for `place`, once; without any it stays as it is."""
    kept: dict[str, Any] = request.session.get(_KEY) or {}
    if kept.get("place") != place:
        return
    del request.session[_KEY]
    form.initial = {**form.initial, **kept["values"]}
    form.cleaned_data = {}  # add_error wants what only a bound form has
    for name, texts in kept["errors"].items():
        _add(form, name, texts)


def _add(form: BaseForm, name: str, texts: Collection[str]) -> None:
    # A field that is gone (another version of the page) still leaves its words on top.
    form.add_error(name if name in form.fields else None, list(texts))

"""The application as staff type it from paper or from a mail."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from eboks.onboarding.forms import ApplicationForm, ScanForm
from eboks.onboarding.models import ApplicationSource


class OfficeApplicationForm(ScanForm, ApplicationForm):
    """The same fields and checks as on the public page, and how the application came."""

    source = forms.ChoiceField(
        label=gettext_lazy("Jak wpłynął"),
        choices=[
            (source.value, source.label)
            for source in (ApplicationSource.EMAIL, ApplicationSource.BRANCH)
        ],
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # It is somebody else's data: the browser shall not offer those of the staff.
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def clean_source(self) -> ApplicationSource:
        return ApplicationSource(self.cleaned_data["source"])

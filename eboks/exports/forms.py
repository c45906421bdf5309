"""Keeping a page's filters under a name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from eboks.exports.answers import params_of
from eboks.exports.models import SavedReport
from eboks.exports.registry import exports
from eboks.listing import clean_text

_LONGEST_QUERY = 2_000


class SaveReportForm(forms.Form):
    """On the page of a report: its kind, its address, a name."""

    kind = forms.ChoiceField(widget=forms.HiddenInput)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=_LONGEST_QUERY)
    name = forms.CharField(label=_("Nazwa"), max_length=80)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        kinds = [(export.name, export.title) for export in exports() if export.page]
        self.fields["kind"] = forms.ChoiceField(choices=kinds, widget=forms.HiddenInput)

    def clean_name(self) -> str:
        return _clean_name(self.cleaned_data["name"])

    def params(self) -> dict[str, Any]:
        return params_of(QueryDict(self.cleaned_data["query"].removeprefix("?")))


class ReportForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and rhythm of a favourite; `favourites.change` writes them."""

    class Meta:
        model = SavedReport
        fields = ["name", "frequency"]

    def clean_name(self) -> str:
        return _clean_name(self.cleaned_data["name"])


def _clean_name(name: str) -> str:
    cleaned = clean_text(name, 80)
    if not cleaned:
        raise forms.ValidationError(_("Podaj nazwę."))
    return cleaned

"""Back office: travel rules of countries, which the lessor keeps up to date."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from eboks.admin_site import BackOfficeAdmin
from requests_app.countries import country_name, language_name
from requests_app.models.countries import PAPER_LANGUAGES, CountryRule


class CountryRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Languages are ticked, and the code is one that has a name."""

    languages = forms.MultipleChoiceField(
        label=gettext_lazy("języki dokumentu"),
        help_text=gettext_lazy("Dokument musi być w jednym z nich. Bez wyboru: dowolny język."),
        choices=lambda: [(code, language_name(code)) for code in PAPER_LANGUAGES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = CountryRule
        fields = [
            *("iso2", "group", "green_card", "notary", "legalisation", "ac_extension"),
            *("languages", "note", "basis", "valid_from", "valid_to"),
        ]

    def clean_iso2(self) -> str:
        iso2: str = self.cleaned_data["iso2"]
        if country_name(iso2) == iso2:
            raise ValidationError(gettext_lazy("Nie ma kraju o takim kodzie."))
        return iso2


@admin.register(CountryRule)
class CountryRuleAdmin(BackOfficeAdmin):
    form = CountryRuleForm
    list_display = (
        *("iso2", "name", "group", "green_card", "notary", "legalisation"),
        *("ac_extension", "valid_from", "valid_to", "basis"),
    )
    list_filter = ("group",)
    ordering = ("iso2", "-valid_from", "pk")
    find_by = ("iso2__exact",)
    search_help_text = gettext_lazy("Kod kraju, na przykład DE")
    sortable_by = ()

    @admin.display(description=gettext_lazy("kraj"))
    def name(self, rule: CountryRule) -> str:
        return country_name(rule.iso2)

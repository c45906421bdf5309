"""What the cost report is asked for. Every choice is one that the person may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from contracts.models import Asset
from eboks.form_fields import DateInput
from eboks.listing import clean_text
from eboks.tenancy.models import Company
from eboks.ui.periods import PERIODS, Period, named_period, period_label
from invoicing.enums import CostKind
from invoicing.models import InvoiceRow, InvoiceRowQuerySet

DEFAULT_PERIOD = "previous_month"
CUSTOM = "custom"
GROUPINGS = [
    ("kind", pgettext_lazy("podsumuj według", "rodzaju kosztu")),
    ("contract", pgettext_lazy("podsumuj według", "umowy")),
]


class CostReportForm(forms.Form):
    """Period, company, contract, vehicle, kinds of cost, grouping. Sent with GET."""

    period = forms.ChoiceField(label=gettext_lazy("Okres"))
    since = forms.DateField(
        label=gettext_lazy("Od"),
        required=False,
        widget=DateInput(),
        input_formats=["%Y-%m-%d"],
    )
    until = forms.DateField(
        label=gettext_lazy("Do"), required=False, widget=DateInput(), input_formats=["%Y-%m-%d"]
    )
    company = forms.ChoiceField(label=gettext_lazy("Firma"), required=False)
    contract = forms.CharField(label=gettext_lazy("Numer umowy"), required=False, max_length=40)
    vehicle = forms.CharField(
        label=gettext_lazy("Rejestracja, VIN lub numer seryjny"), required=False, max_length=60
    )
    kind = forms.MultipleChoiceField(
        label=gettext_lazy("Rodzaje kosztów"),
        required=False,
        choices=CostKind.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    group = forms.ChoiceField(
        label=gettext_lazy("Podsumuj według"), required=False, choices=GROUPINGS
    )

    def __init__(
        self, *args: Any, companies: Sequence[Company], on: dt.date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.companies = {str(company.public_id): company for company in companies}
        self.on = on
        self.fields["period"] = forms.ChoiceField(
            label=_("Okres"),
            choices=[
                *(
                    (name, f"{label} ({period_label(name, on=on)})")
                    for name, label in PERIODS.items()
                ),
                (CUSTOM, _("inny okres")),
            ],
        )
        if len(companies) > 1:
            self.fields["company"] = forms.ChoiceField(
                label=_("Firma"),
                required=False,
                choices=[("", _("wszystkie"))]
                + [(key, company.name) for key, company in self.companies.items()],
            )
        else:
            del self.fields["company"]

    def clean_contract(self) -> str:
        return clean_text(self.cleaned_data["contract"], 40)

    def clean_vehicle(self) -> str:
        return clean_text(self.cleaned_data["vehicle"], 60).replace(" ", "")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("period") == CUSTOM:
            for name in ("since", "until"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Podaj datę."))
            since, until = data.get("since"), data.get("until")
            if since and until and until < since:
                self.add_error("until", _("Koniec okresu nie może być przed jego początkiem."))
        return data

    @property
    def span(self) -> Period:
        """The days that were asked for; of a valid form."""
        named = named_period(self.cleaned_data["period"], on=self.on)
        return named or Period(self.cleaned_data["since"], self.cleaned_data["until"])

    @property
    def chosen_company(self) -> Company | None:
        return self.companies.get(self.cleaned_data.get("company", ""))

    def rows(self, rows: InvoiceRowQuerySet) -> QuerySet[InvoiceRow]:
        """`rows` narrowed to what was asked for; of a valid form."""
        data, span = self.cleaned_data, self.span
        found = rows.filter(invoice__issued_on__gte=span.since, invoice__issued_on__lte=span.until)
        if self.chosen_company:
            found = found.filter(invoice__company=self.chosen_company)
        if data["contract"]:
            found = found.filter(invoice__contract__number__iexact=data["contract"])
        if data["vehicle"]:
            text = data["vehicle"]
            assets = Asset.objects.filter(
                Q(plate__iexact=text) | Q(vin__iexact=text) | Q(serial_number__iexact=text),
                contract=OuterRef("invoice__contract"),
            )
            found = found.filter(Exists(assets))
        if data["kind"]:
            found = found.filter(cost_kind__in=data["kind"])
        return found

    def facts(self) -> list[tuple[str, str | dt.date]]:
        """What the workbook says of itself; of a valid form."""
        data, span = self.cleaned_data, self.span
        kinds = ", ".join(str(CostKind(kind).label) for kind in data["kind"])
        companies = [self.chosen_company] if self.chosen_company else list(self.companies.values())
        found: list[tuple[str, str | dt.date]] = [
            (_("Firma"), ", ".join(company.name for company in companies))
        ]
        if span.since and span.until:
            found += [(_("Od"), span.since), (_("Do"), span.until)]
        return [
            *found,
            (_("Umowa"), data["contract"] or _("wszystkie")),
            (_("Pojazd lub przedmiot"), data["vehicle"] or _("wszystkie")),
            (_("Rodzaje kosztów"), kinds or _("wszystkie")),
            (_("Stan na dzień"), self.on),
        ]

"""Fields of a cost that is passed on, as typed in the back office or read from a row of a file."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from contracts.models import Contract
from eboks import clock
from eboks.tenancy.models import Company
from invoicing import fees
from invoicing.enums import CostKind
from invoicing.models import Charge
from invoicing.recharges import KINDS, NewCost, problems_of, stands_for_another


class CostForm(forms.Form):
    """What is passed on. `cost` is there once the form is valid."""

    cost: NewCost

    kind = forms.ChoiceField(
        label=gettext_lazy("rodzaj kosztu"), choices=[(kind.value, kind.label) for kind in KINDS]
    )
    description = forms.CharField(label=gettext_lazy("nazwa na fakturze"), max_length=200)
    net = forms.DecimalField(
        label=gettext_lazy("kwota netto"), max_digits=12, decimal_places=2, localize=True
    )
    currency = forms.CharField(
        label=gettext_lazy("waluta"), max_length=3, min_length=3, initial="PLN"
    )
    vat_code = forms.CharField(
        label=gettext_lazy("stawka VAT"),
        max_length=2,
        required=False,
        help_text=gettext_lazy(
            "Liczba procent, zw (zwolnione) albo np (poza VAT). Pusta: składka przeniesiona bez"
            " zmian jest zwolniona; przy usłudze trzeba podać."
        ),
    )
    charged_on = forms.DateField(label=gettext_lazy("naliczono"), widget=AdminDateWidget)
    period_from = forms.DateField(
        label=gettext_lazy("za okres od"), widget=AdminDateWidget, required=False
    )
    period_to = forms.DateField(
        label=gettext_lazy("za okres do"), widget=AdminDateWidget, required=False
    )

    def owner(self) -> tuple[Company | None, Contract | None]:
        """Whom the cost is passed on to; of a form without errors."""
        return self.cleaned_data.get("company"), self.cleaned_data.get("contract")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        company, contract = self.owner()
        if company is None:
            return cleaned
        data = self.cleaned_data
        self.cost = NewCost(
            kind=CostKind(data["kind"]),
            description=data["description"],
            net=data["net"],
            currency=data["currency"].upper(),
            vat_code=data["vat_code"].lower(),
            charged_on=data["charged_on"],
            period_from=data["period_from"],
            period_to=data["period_to"],
        )
        problems = problems_of(company=company, contract=contract, cost=self.cost)
        for name, problem in problems.items():
            self.add_error(name, problem)
        refuse_what_waits_for_ever(self, contract)
        return cleaned


def refuse_what_waits_for_ever(form: forms.BaseForm, contract: Contract | None) -> None:
    """An error beside the contract when no invoice of the portal would take the charge."""
    try:
        fees.check_invoiced_here(contract)
    except fees.FeeError as error:
        form.add_error("contract", str(error))


class RechargeForm(CostForm, forms.ModelForm):  # type: ignore[type-arg]
    """A cost passed on by hand."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    class Meta:
        model = Charge
        fields = ("company", "contract")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = f"hand:{uuid.uuid4()}"
        self.fields["charged_on"].initial = clock.today(timezone.now())
        self.fields["contract"].help_text = gettext("Pusta: koszt klienta, a nie umowy.")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        company, contract = self.owner()
        if not self.errors and company is not None:
            key = self.cleaned_data["key"]
            if stands_for_another(key, company=company, contract=contract, cost=self.cost):
                text = gettext("Z tej strony już coś naliczono: otwórz ją jeszcze raz z listy.")
                self.add_error(None, text)
        return cleaned

    def validate_unique(self) -> None:
        """A second press with the same key is answered with the charge that the first one made."""

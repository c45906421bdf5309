"""What staff enter to lead a claim to its next state: each state asks for its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from eboks.form_fields import AmountField, LineField, TextField
from insurance.enums import CLAIM_STEPS, ClaimStatus
from insurance.models import Claim, Insurer

_AMOUNTS = ("repair_cost", "deductible", "payout")
_ASKED: dict[ClaimStatus, tuple[str, ...]] = {
    ClaimStatus.REGISTERED: ("insurer", "insurer_number"),
    ClaimStatus.PARTIAL: _AMOUNTS,
    ClaimStatus.TOTAL: ("deductible", "payout"),
    ClaimStatus.THEFT: ("deductible", "payout"),
    ClaimStatus.PAID: (*_AMOUNTS, "downtime_days"),
    ClaimStatus.CLOSED: ("downtime_days",),
}
_REQUIRED = {ClaimStatus.REGISTERED: ("insurer", "insurer_number"), ClaimStatus.PAID: ("payout",)}


class StepForm(forms.Form):
    """The step of `claim` to the state `to`. What stays empty is not changed."""

    insurer = forms.ModelChoiceField(
        label=gettext_lazy("Ubezpieczyciel"), queryset=Insurer.objects.none(), required=False
    )
    insurer_number = LineField(
        label=gettext_lazy("Numer szkody u ubezpieczyciela"), max_length=60, required=False
    )
    repair_cost = AmountField(label=gettext_lazy("Koszt naprawy netto"), required=False)
    deductible = AmountField(label=gettext_lazy("Udział własny"), required=False)
    payout = AmountField(label=gettext_lazy("Odszkodowanie"), required=False)
    downtime_days = forms.IntegerField(
        label=gettext_lazy("Dni postoju"), min_value=0, max_value=3650, required=False
    )
    note = TextField(label=gettext_lazy("Dopisek dla klienta"), rows=2, required=False)

    def __init__(self, data: Any = None, *, claim: Claim, to: ClaimStatus) -> None:
        asked = _ASKED.get(to, ())
        super().__init__(
            data,
            initial={name: getattr(claim, name) for name in asked},
            auto_id=f"id_{to.value}_%s",
        )
        self.to = to
        for name in [name for name in self.fields if name not in (*asked, "note")]:
            del self.fields[name]
        for name in _REQUIRED.get(to, ()):
            self.fields[name].required = True
        if "insurer" in self.fields:
            field: Any = self.fields["insurer"]
            field.queryset = Insurer.objects.filter(is_active=True).order_by("name", "pk")

    @property
    def title(self) -> str:
        return str(self.to.label)

    def values(self) -> dict[str, Any]:
        """Columns to write, once the form is valid."""
        typed = self.cleaned_data
        return {
            name: typed[name]
            for name in self.fields
            if name != "note" and typed[name] not in (None, "")
        }


def possible_steps(claim: Claim) -> list[StepForm]:
    """An empty form for each state that staff may lead `claim` to."""
    status = ClaimStatus(claim.status)
    return [
        StepForm(claim=claim, to=to)
        for to, sources in CLAIM_STEPS.items()
        if status in sources and to != ClaimStatus.WITHDRAWN
    ]

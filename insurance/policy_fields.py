"""The risks that a policy covers, as forms ask for them, and the parts of its premium."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import AssetCategory
from eboks import clock
from eboks.form_fields import AmountField
from eboks.money import ZERO, to_grosz
from insurance.enums import MOTOR, GapKind, Risk, VatBasis

OF_THINGS = (Risk.ALL_RISKS, Risk.MACHINERY, Risk.ELECTRONICS, Risk.CARGO, Risk.LIABILITY)
# OC has the sums of the act, assistance has none.
WITHOUT_SUM = frozenset({Risk.OC, Risk.ASS})
NEEDS_SUM = frozenset({Risk.AC, *OF_THINGS})
WITH_BASIS = frozenset({Risk.AC, Risk.GAP, Risk.ALL_RISKS, Risk.MACHINERY, Risk.ELECTRONICS})
WITH_DEDUCTIBLE = WITH_BASIS - {Risk.GAP}


@dataclass(frozen=True, slots=True)
class Cover:
    """A risk as a form gave it; amounts in the currency of the policy."""

    risk: Risk
    sum_insured: Decimal | None = None
    vat_basis: str = ""
    deductible: Decimal = ZERO
    gap_kind: str = ""


def risks_of(category: str) -> Sequence[Risk]:
    """What can be insured of an asset of this kind."""
    return MOTOR if category == AssetCategory.VEHICLE else OF_THINGS


def add_cover_fields(form: forms.Form, risks: Iterable[Risk]) -> None:
    """A box for each risk, and what a paper says of it: `risk_ac`, `sum_ac`, `basis_ac`, …"""
    for risk in risks:
        name = risk.value
        form.fields[f"risk_{name}"] = forms.BooleanField(label=risk.label, required=False)
        if risk not in WITHOUT_SUM:
            form.fields[f"sum_{name}"] = AmountField(
                label=_("%s: suma ubezpieczenia") % risk.label,
                required=False,
                asked=risk in NEEDS_SUM,
            )
        if risk in WITH_BASIS:
            form.fields[f"basis_{name}"] = forms.ChoiceField(
                label=_("%s: suma jest") % risk.label,
                choices=[("", _("nie wiem")), *VatBasis.choices],
                required=False,
            )
        if risk in WITH_DEDUCTIBLE:
            form.fields[f"deductible_{name}"] = AmountField(
                label=_("%s: udział własny") % risk.label,
                help_text=_("Puste: bez udziału własnego."),
                required=False,
            )
        if risk == Risk.GAP:
            form.fields["gap_kind"] = forms.ChoiceField(
                label=_("Rodzaj GAP"),
                choices=[("", _("nie wiem")), *GapKind.choices],
                required=False,
            )


def read_covers(form: forms.Form, risks: Iterable[Risk]) -> list[Cover]:
    """The ticked risks of a form that is being cleaned; adds its errors to the form."""
    found = []
    data = form.cleaned_data
    for risk in risks:
        if not data.get(f"risk_{risk.value}"):
            continue
        amount = data.get(f"sum_{risk.value}")
        field = f"sum_{risk.value}"
        if risk in NEEDS_SUM and not amount and field not in form.errors:
            form.add_error(field, _("Wpisz sumę z polisy."))
        found.append(
            Cover(
                risk=risk,
                sum_insured=amount,
                vat_basis=data.get(f"basis_{risk.value}") or "",
                deductible=data.get(f"deductible_{risk.value}") or ZERO,
                gap_kind=(data.get("gap_kind") or "") if risk == Risk.GAP else "",
            )
        )
    if not found:
        form.add_error(None, _("Zaznacz, co polisa obejmuje."))
    return found


def cover_groups(form: forms.Form, risks: Iterable[Risk]) -> list[tuple[Any, list[Any]]]:
    """(box of a risk, its further fields), for templates."""
    groups = []
    for risk in risks:
        names = [f"{part}_{risk.value}" for part in ("sum", "basis", "deductible")]
        names += ["gap_kind"] if risk == Risk.GAP else []
        further = [form[name] for name in names if name in form.fields]
        groups.append((form[f"risk_{risk.value}"], further))
    return groups


def instalments(
    *, premium: Decimal, count: int, first_on: dt.date
) -> list[tuple[int, dt.date, Decimal]]:
    """(n, due, amount) of a premium in `count` equal parts over a year; what does not divide to the
    grosz is in the first. Raises ValueError when a part would be nothing."""
    part = Decimal(int(premium * 100) // count) / 100
    if part <= 0:
        raise ValueError("a part of the premium would be nothing")
    step = 12 // count
    rows = [
        (n, clock.add_months(first_on, (n - 1) * step), to_grosz(part)) for n in range(1, count + 1)
    ]
    n, due, _part = rows[0]
    rows[0] = (n, due, to_grosz(premium - part * (count - 1)))
    return rows


def instalment_choices() -> list[tuple[int, Any]]:
    return [
        (1, gettext_lazy("jednorazowo")),
        *((n, gettext_lazy("w %d ratach") % n) for n in (2, 3, 4, 6, 12)),
    ]

"""What staff type of a renewal offer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Asset
from eboks.form_fields import AmountField, LineField, day_field
from insurance.enums import Risk, Territory
from insurance.models import Insurer, Policy
from insurance.offers import NewOffer
from insurance.policy_fields import (
    Cover,
    add_cover_fields,
    cover_groups,
    instalment_choices,
    read_covers,
    risks_of,
)
from insurance.statuses import next_day


class OfferForm(forms.Form):
    """An offer; with `ending` it begins with the terms of that policy for the following year."""

    subject = LineField(
        label=gettext_lazy("Przedmiot"),
        help_text=gettext_lazy("Numer rejestracyjny, VIN albo numer seryjny."),
        max_length=60,
    )
    insurer = forms.ModelChoiceField(
        Insurer.objects.none(), label=gettext_lazy("Ubezpieczyciel"), empty_label=None
    )
    valid_from = day_field(gettext_lazy("Ochrona od"))
    valid_to = day_field(gettext_lazy("Ochrona do"))
    territory = forms.ChoiceField(label=gettext_lazy("Gdzie działa"), choices=Territory.choices)
    premium = AmountField(label=gettext_lazy("Składka za cały okres"))
    currency = forms.ChoiceField(
        label=gettext_lazy("Waluta"), choices=[("PLN", "PLN"), ("EUR", "EUR")]
    )
    instalment_count = forms.TypedChoiceField(
        label=gettext_lazy("Jak płatna"), choices=instalment_choices, coerce=int, initial=1
    )
    answer_by = day_field(gettext_lazy("Decyzja klienta do"))
    note = forms.CharField(
        label=gettext_lazy("Co warto wiedzieć; klient to przeczyta"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )

    def __init__(self, *args: Any, ending: Policy | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ending = ending
        self.covers: list[Cover] = []
        self.asset: Asset | None = None
        insurer: Any = self.fields["insurer"]
        insurer.queryset = Insurer.objects.filter(is_active=True).order_by("name", "pk")
        self.risks = tuple(Risk) if ending is None else tuple(risks_of(ending.asset.category))
        add_cover_fields(self, self.risks)
        if ending is not None:
            self.initial = {**_terms(ending), **self.initial}

    @property
    def cover_groups(self) -> list[tuple[Any, list[Any]]]:
        return cover_groups(self, self.risks)

    @property
    def plain_fields(self) -> list[Any]:
        """The fields that are of no risk, in their order."""
        return [self[name] for name in self.base_fields]

    def clean_subject(self) -> str:
        typed: str = self.cleaned_data["subject"]
        squeezed = typed.replace(" ", "").upper()
        rows = Asset.objects.select_related("contract__company").filter(
            Q(plate__in={typed.upper(), squeezed}) | Q(vin=squeezed) | Q(serial_number=typed)
        )
        if self.ending is not None and typed == self.ending.asset.sign:
            rows = Asset.objects.select_related("contract__company").filter(pk=self.ending.asset_id)
        found = list(rows.order_by("-pk")[:2])
        if len(found) != 1:
            raise ValidationError(
                _("Nie ma takiego przedmiotu.") if not found else _("Pasuje kilka. Wpisz VIN.")
            )
        self.asset = found[0]
        return typed

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"]
        return note.replace("\0", "").strip()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.covers = read_covers(self, self.risks)
        first, last = data.get("valid_from"), data.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", _("Koniec polisy nie może być przed początkiem."))
        premium = data.get("premium")
        if premium is not None and premium * 100 < data.get("instalment_count", 1):
            self.add_error("premium", _("Podaj składkę większą od zera."))
        return data

    def offer(self) -> NewOffer:
        """What was typed, once the form is valid."""
        data = self.cleaned_data
        assert self.asset is not None  # noqa: S101 -- the form is valid
        ending = self.ending if self.ending and self.ending.asset_id == self.asset.pk else None
        return NewOffer(
            asset=self.asset,
            policy=ending,
            insurer=data["insurer"],
            valid_from=data["valid_from"],
            valid_to=data["valid_to"],
            premium=data["premium"],
            instalment_count=data["instalment_count"],
            covers=self.covers,
            currency=data["currency"],
            territory=data["territory"],
            note=data["note"],
            answer_by=data["answer_by"],
        )


def _terms(ending: Policy) -> dict[str, Any]:
    """The following year on the terms of the policy that ends."""
    terms: dict[str, Any] = {
        "subject": ending.asset.sign,
        "insurer": ending.insurer_id,
        "territory": ending.territory,
        "premium": _typed(ending.premium),
        "currency": ending.currency,
    }
    if ending.last_day.year < dt.MAXYEAR - 1:
        first = next_day(ending.last_day)
        terms |= {
            "valid_from": first,
            "valid_to": _year_later(first) - dt.timedelta(days=1),
            "answer_by": ending.last_day,
        }
    for cover in ending.covers.order_by("pk"):
        terms |= {
            f"risk_{cover.risk}": True,
            f"sum_{cover.risk}": _typed(cover.sum_insured),
            f"basis_{cover.risk}": cover.vat_basis,
            f"deductible_{cover.risk}": _typed(cover.deductible or None),
        }
        if cover.gap_kind:
            terms["gap_kind"] = cover.gap_kind
    return terms


def _typed(amount: Any) -> str:
    return "" if amount is None else f"{amount:.2f}".replace(".", ",")


def _year_later(day: dt.date) -> dt.date:
    """29 February is followed by 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return dt.date(day.year + 1, 3, 1)

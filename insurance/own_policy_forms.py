"""The form of an own policy: short, with what the lessor requires of this asset beside it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Asset
from eboks.form_fields import AmountField, FilesField, LineField, day_field
from eboks.ui.words import short_date
from insurance.enums import Territory
from insurance.models import Insurer
from insurance.own_policies import NewPolicy
from insurance.policy_fields import (
    Cover,
    add_cover_fields,
    cover_groups,
    instalment_choices,
    read_covers,
    risks_of,
)

_PLN = "PLN"
_LONGEST_YEARS = 5
_OLDEST = 366  # days since the end
_FARTHEST = 2 * 366  # days until the beginning


class OwnPolicyForm(forms.Form):
    """`asset` is what the policy is for, `assets` all that the person may send policies for."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    insurer = forms.ModelChoiceField(
        Insurer.objects.none(),
        label=gettext_lazy("Ubezpieczyciel"),
        help_text=gettext_lazy("Nie ma go na liście? Zadzwoń do nas, dopiszemy go od razu."),
        error_messages={"required": gettext_lazy("Wybierz ubezpieczyciela.")},
    )
    number = LineField(
        label=gettext_lazy("Numer polisy"),
        max_length=40,
        error_messages={"required": gettext_lazy("Wpisz numer polisy.")},
    )
    policyholder = LineField(
        label=gettext_lazy("Ubezpieczający"),
        help_text=gettext_lazy("Kto zawarł umowę i płaci składkę."),
        max_length=200,
    )
    insured_is_lessor = forms.BooleanField(required=False, initial=True)
    valid_from = day_field(
        gettext_lazy("Ochrona od"),
        error_messages={"required": gettext_lazy("Podaj pierwszy dzień ochrony.")},
    )
    valid_to = day_field(
        gettext_lazy("Ochrona do"),
        error_messages={"required": gettext_lazy("Podaj ostatni dzień ochrony.")},
    )
    territory = forms.ChoiceField(
        label=gettext_lazy("Gdzie działa"), choices=Territory.choices, initial=Territory.EUROPE
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Waluta polisy"), choices=[("PLN", "PLN"), ("EUR", "EUR")]
    )
    premium = AmountField(
        label=gettext_lazy("Składka za cały okres"),
        error_messages={"required": gettext_lazy("Podaj składkę, na przykład 1234,56.")},
    )
    instalment_count = forms.TypedChoiceField(
        label=gettext_lazy("Jak płatna"), choices=instalment_choices, coerce=int, initial=1
    )
    paid_on = day_field(
        gettext_lazy("Kiedy zapłacono całość albo pierwszą ratę"),
        required=False,
        help_text=gettext_lazy("Puste, jeśli jeszcze nie zapłacono."),
    )
    has_assignment = forms.BooleanField(
        label=gettext_lazy("W polisie jest cesja praw na leasingodawcę"), required=False
    )

    def __init__(
        self,
        *args: Any,
        assets: QuerySet[Asset],
        asset: Asset,
        lessor_name: str,
        today: dt.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asset, self.lessor_name, self.today = asset, lessor_name, today
        self.risks = risks_of(asset.category)
        self.covers: list[Cover] = []
        self.fields["asset"] = forms.ModelChoiceField(
            assets,
            to_field_name="public_id",
            widget=forms.HiddenInput,
            error_messages={"invalid_choice": _("Tego przedmiotu nie ma na Twoich umowach.")},
        )
        self.initial.setdefault("asset", asset.public_id)
        self.initial.setdefault("policyholder", asset.contract.company.name)
        insurer: Any = self.fields["insurer"]
        insurer.queryset = Insurer.objects.filter(is_active=True).order_by("name", "pk")
        insurer.empty_label = _("wybierz")
        self.fields["insured_is_lessor"].label = (
            _("Ubezpieczonym jest właściciel: %s") % lessor_name
        )
        if asset.contract.currency == _PLN:
            del self.fields["currency"]
        add_cover_fields(self, self.risks)
        self.fields["files"] = FilesField(
            most=settings.POLICY_FILES,
            label=_("Polisa: PDF albo zdjęcia"),
            help_text=_("PDF, JPG albo PNG, najwyżej %d plików po 10 MB.") % settings.POLICY_FILES,
            error_messages={"required": _("Dołącz polisę: plik PDF albo zdjęcia.")},
        )

    @property
    def cover_groups(self) -> list[tuple[Any, list[Any]]]:
        return cover_groups(self, self.risks)

    def clean_valid_from(self) -> dt.date:
        first: dt.date = self.cleaned_data["valid_from"]
        if (first - self.today).days > _FARTHEST:
            raise ValidationError(_("Sprawdź rok: ta ochrona zaczyna się za ponad dwa lata."))
        return first

    def clean_valid_to(self) -> dt.date:
        last: dt.date = self.cleaned_data["valid_to"]
        first = self.cleaned_data.get("valid_from")
        if first is not None and last < first:
            raise ValidationError(
                _("Koniec nie może być przed początkiem: %s.") % short_date(first)
            )
        if first is not None and (last - first).days > _LONGEST_YEARS * _OLDEST:
            raise ValidationError(_("Sprawdź rok: ochrona nie może trwać tak długo."))
        if (self.today - last).days > _OLDEST:
            raise ValidationError(_("Ta polisa skończyła się ponad rok temu."))
        return last

    def clean_paid_on(self) -> dt.date | None:
        paid: dt.date | None = self.cleaned_data["paid_on"]
        if paid is not None and paid > self.today:
            raise ValidationError(_("Ten dzień jeszcze nie nadszedł."))
        return paid

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.covers = read_covers(self, self.risks)
        premium = data.get("premium")
        if premium is not None and premium * 100 < data.get("instalment_count", 1):
            self.add_error("premium", _("Podaj składkę większą od zera."))
        return data

    def policy(self) -> NewPolicy:
        """What was typed, once the form is valid."""
        data = self.cleaned_data
        holder: str = data["policyholder"]
        return NewPolicy(
            asset=data["asset"],
            insurer=data["insurer"],
            number=data["number"],
            policyholder=holder,
            insured=self.lessor_name if data["insured_is_lessor"] else holder,
            valid_from=data["valid_from"],
            valid_to=data["valid_to"],
            premium=data["premium"],
            instalment_count=data["instalment_count"],
            paid_on=data["paid_on"],
            covers=self.covers,
            currency=data.get("currency", _PLN),
            territory=data["territory"],
            has_assignment=data["has_assignment"],
        )


class FilesForm(forms.Form):
    """Further files of a policy that was sent."""

    replace = forms.BooleanField(required=False)

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = FilesField(
            most=settings.POLICY_FILES,
            required=required,
            label=_("Pliki"),
            error_messages={"required": _("Wybierz plik.")},
        )

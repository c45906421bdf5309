"""The form of a damage, filled in with a thumb at the side of a road."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Asset
from eboks import clock
from eboks.form_fields import DateInput, FilesField, LineField, TextField
from insurance.claim_words import country_choices
from insurance.claims import Report
from insurance.enums import ClaimKind, Fault
from insurance.models.insurers import phone_number

MOST_AT_ONCE = 10
MOST_OFFERED = 200
_LONGEST_TEXT = 2000


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class FilesForm(forms.Form):
    """Further photographs of a claim."""

    pictures = FilesField(
        most=MOST_AT_ONCE,
        label=gettext_lazy("Dodaj zdjęcia albo dokumenty"),
        help_text=gettext_lazy("JPG, PNG albo PDF, naraz do 10 plików po 10 MB."),
        error_messages={"required": gettext_lazy("Wybierz plik.")},
    )


class ClaimForm(forms.Form):
    """`assets` are those that the person may report about; `asset` is the one already chosen.

    Valid, it has `cleaned_data["asset"]`, `facts()` and `cleaned_data["pictures"]`.
    """

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    subject = LineField(
        label=gettext_lazy("Pojazd lub przedmiot"),
        help_text=gettext_lazy("Numer rejestracyjny, VIN, numer seryjny albo numer umowy."),
        max_length=60,
        error_messages={"required": gettext_lazy("Wpisz, czego dotyczy szkoda.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Co się stało"),
        choices=[("", gettext_lazy("wybierz")), *ClaimKind.choices],
        error_messages={"required": gettext_lazy("Wybierz, co się stało.")},
    )
    injured = forms.BooleanField(label=gettext_lazy("Są ranni"), required=False)
    is_drivable = forms.BooleanField(
        label=gettext_lazy("Może jechać lub pracować dalej"), required=False, initial=True
    )
    description = TextField(
        label=gettext_lazy("Opis"),
        help_text=gettext_lazy("Krótko: co się stało i co jest uszkodzone."),
        rows=3,
        error_messages={"required": gettext_lazy("Opisz krótko, co się stało.")},
    )
    pictures = FilesField(
        most=MOST_AT_ONCE,
        label=gettext_lazy("Zdjęcia"),
        help_text=gettext_lazy(
            "Uszkodzenia, miejsce, tablice, oświadczenie. JPG, PNG albo PDF, do 10 plików po 10 MB."
        ),
        required=False,
    )
    happened_on = forms.DateField(
        label=gettext_lazy("Dzień"),
        widget=DateInput(),
        input_formats=["%Y-%m-%d"],
        error_messages={"required": gettext_lazy("Podaj dzień.")},
    )
    happened_time = forms.TimeField(
        label=gettext_lazy("Godzina"),
        widget=TimeInput(),
        input_formats=["%H:%M", "%H:%M:%S"],
        help_text=gettext_lazy("Czasu polskiego, może być w przybliżeniu."),
        error_messages={"required": gettext_lazy("Podaj godzinę, choćby w przybliżeniu.")},
    )
    place = LineField(
        label=gettext_lazy("Gdzie"),
        help_text=gettext_lazy("Miejscowość i ulica albo droga i kilometr."),
        max_length=200,
        error_messages={"required": gettext_lazy("Napisz, gdzie to się stało.")},
    )
    country = forms.ChoiceField(label=gettext_lazy("Kraj"), choices=country_choices, initial="PL")
    driver = LineField(
        label=gettext_lazy("Kto prowadził lub obsługiwał"), max_length=120, required=False
    )
    other_party = LineField(
        label=gettext_lazy("Inni uczestnicy"),
        help_text=gettext_lazy("Numer rejestracyjny, nazwisko, ubezpieczyciel."),
        max_length=250,
        required=False,
    )
    fault = forms.ChoiceField(
        label=gettext_lazy("Czyja wina"),
        choices=Fault.choices,
        initial=Fault.UNKNOWN,
        widget=forms.RadioSelect,
    )
    police_called = forms.BooleanField(label=gettext_lazy("Była policja"), required=False)
    contact_name = LineField(label=gettext_lazy("Kto udzieli informacji"), max_length=120)
    contact_phone = LineField(
        label=gettext_lazy("Telefon"),
        max_length=20,
        validators=[phone_number],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(
        self,
        *args: Any,
        assets: QuerySet[Asset],
        asset: Asset | None,
        now: dt.datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.assets, self.asset, self.now = assets, asset, now
        self.fields["happened_on"].widget.attrs["max"] = clock.today(now).isoformat()
        if asset is not None:
            del self.fields["subject"]
        else:
            self.fields["subject"].widget.attrs = {"list": "subjects", "autocomplete": "off"}

    @property
    def offered(self) -> list[str]:
        """Names for the browser to complete, when there are not too many."""
        found = list(self.assets.order_by("plate", "pk")[: MOST_OFFERED + 1])
        if len(found) > MOST_OFFERED:
            return []
        names = (asset.plate or asset.vin or asset.serial_number for asset in found)
        return list(dict.fromkeys(name for name in names if name))

    def clean_subject(self) -> Asset:
        typed: str = self.cleaned_data["subject"]
        squeezed = typed.replace(" ", "")
        spaced = {f"{squeezed[:n]} {squeezed[n:]}".upper() for n in (2, 3)}
        found = list(
            self.assets.filter(
                Q(contract__number__iexact=typed)
                | Q(vin__iexact=squeezed)
                | Q(serial_number__iexact=typed)
                | Q(plate__in={typed.upper(), squeezed.upper(), *spaced})
            ).order_by("pk")[:2]
        )
        if not found:
            raise ValidationError(_("Nie znaleźliśmy takiego przedmiotu w Twoich umowach."))
        if len(found) > 1:
            raise ValidationError(
                _("Pasuje kilka przedmiotów. Wpisz numer rejestracyjny, VIN albo numer seryjny.")
            )
        return found[0]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        asset = self.asset or cleaned.get("subject")
        cleaned["asset"] = asset
        day, time = cleaned.get("happened_on"), cleaned.get("happened_time")
        if day is None or time is None:
            return cleaned
        happened_at = dt.datetime.combine(day, time, tzinfo=clock.WARSAW)
        if happened_at > self.now:
            name = "happened_on" if day > clock.today(self.now) else "happened_time"
            self.add_error(name, _("Zdarzenie nie może być w przyszłości."))
        elif asset is not None:
            began = asset.contract.handover_on or asset.contract.signed_on
            if day < began:
                self.add_error("happened_on", _("Wtedy przedmiot nie był jeszcze odebrany."))
        cleaned["happened_at"] = happened_at
        return cleaned

    def facts(self) -> Report:
        """What was said, once the form is valid."""
        typed = self.cleaned_data
        names = Report.__dataclass_fields__
        values = {name: typed[name] for name in names if name in typed}
        values |= {"kind": ClaimKind(typed["kind"]), "fault": Fault(typed["fault"])}
        return Report(**values)

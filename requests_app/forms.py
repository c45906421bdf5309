"""The form of a kind of request, what it is about, and what both sides write besides."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import AssetCategory
from contracts.models import Asset, Contract
from eboks.form_fields import LineField, TextField
from requests_app.catalogue import About, RequestType, Subject

MOST_OFFERED = 200
_LONGEST_TEXT = 2000


class RequestForm(forms.Form):
    """What a kind asks. `about` is whom and what the request is for; forms check against it."""

    def __init__(self, *args: Any, about: About, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about


class SubjectForm(forms.Form):
    """Which contract or vehicle, by what people know of it: number, plate, VIN."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    subject = LineField(
        label=gettext_lazy("Umowa lub pojazd"),
        help_text=gettext_lazy("Numer umowy, numer rejestracyjny albo VIN."),
        max_length=60,
        error_messages={"required": gettext_lazy("Wpisz, której umowy dotyczy wniosek.")},
    )

    def __init__(
        self, *args: Any, kind: RequestType, contracts: QuerySet[Contract], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.contracts = kind, contracts
        if kind.subject == Subject.COMPANY:
            del self.fields["subject"]
            return
        if kind.subject == Subject.VEHICLE:
            self.fields["subject"].label = _("Pojazd")
            self.fields["subject"].help_text = _("Numer rejestracyjny, VIN albo numer umowy.")
        self.fields["subject"].widget.attrs = {"list": "subjects", "autocomplete": "off"}

    @property
    def offered(self) -> list[str]:
        """Names for the browser to complete, when there are not too many."""
        if self.kind.subject == Subject.COMPANY:
            return []
        found = list(self._assets().order_by("plate", "pk")[: MOST_OFFERED + 1])
        if len(found) > MOST_OFFERED:
            return []
        by_plate = self.kind.subject == Subject.VEHICLE
        names = [asset.plate if by_plate else asset.contract.number for asset in found]
        return list(dict.fromkeys(name for name in names if name))

    def clean_subject(self) -> Asset:
        typed: str = self.cleaned_data["subject"]
        squeezed = typed.replace(" ", "")
        found = list(
            self._assets()
            .filter(
                Q(contract__number__iexact=typed)
                | Q(vin__iexact=squeezed)
                | Q(serial_number__iexact=typed)
                | Q(plate__in={typed.upper(), squeezed.upper(), _spaced(squeezed.upper())})
            )
            .order_by("pk")[:2]
        )
        if not found:
            raise forms.ValidationError(
                _("Nie znaleźliśmy takiej umowy ani pojazdu wśród tych, których ta sprawa dotyczy.")
            )
        if len(found) > 1 and len({asset.contract_id for asset in found}) > 1:
            raise forms.ValidationError(_("Pasuje kilka umów. Wpisz numer umowy albo VIN."))
        if len(found) > 1 and self.kind.subject == Subject.VEHICLE:
            raise forms.ValidationError(
                _("Ta umowa ma kilka pojazdów. Wpisz numer rejestracyjny albo VIN.")
            )
        return found[0]

    def _assets(self) -> QuerySet[Asset]:
        rows = Asset.objects.filter(contract__in=self.contracts).select_related("contract")
        if self.kind.vehicles_only:
            rows = rows.filter(category=AssetCategory.VEHICLE)
        return rows


def _spaced(plate: str) -> str:
    """`WX12345` as it stands in the register: `WX 12345`; two or three letters come first."""
    letters = 3 if plate[2:3].isalpha() else 2
    return f"{plate[:letters]} {plate[letters:]}"


class MessageForm(forms.Form):
    """A message about a request, with a file if there is one."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    text = TextField(label=gettext_lazy("Twoja wiadomość"))
    file = forms.FileField(
        label=gettext_lazy("Plik"),
        help_text=gettext_lazy("PDF, JPG albo PNG, najwyżej 10 MB."),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )


class UploadForm(forms.Form):
    """Files that go with a draft."""

    file = forms.FileField(
        label=gettext_lazy("Dołącz plik"),
        help_text=gettext_lazy("PDF, JPG albo PNG, najwyżej 10 MB."),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )

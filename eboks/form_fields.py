"""Form fields of the rooms: days, lines, texts, amounts as people type them, files they send."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from eboks.listing import clean_text
from eboks.money import to_grosz
from eboks.onboarding.scans import Scan as Picture
from eboks.onboarding.scans import read_scan

_LONGEST_TEXT = 2000
_AMOUNT = re.compile(r"\d{1,10}([.,]\d{1,2})?", re.ASCII)


class DateInput(forms.DateInput):
    """The browser's own date field; it speaks ISO whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day_field(label: Any, **options: Any) -> forms.DateField:
    """A day, typed or picked with the browser's own field."""
    return forms.DateField(label=label, widget=DateInput(), input_formats=["%Y-%m-%d"], **options)


class LineField(forms.CharField):
    """One line of text: control characters go, spaces collapse."""

    def __init__(self, *, max_length: int = 120, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)
        self.longest = max_length

    def to_python(self, value: Any) -> Any:
        return clean_text(super().to_python(value), self.longest)


class TextField(forms.CharField):
    """Lines of text as a person types them; what PostgreSQL refuses is dropped."""

    def __init__(self, *, max_length: int = _LONGEST_TEXT, rows: int = 4, **options: Any) -> None:
        super().__init__(
            max_length=max_length, widget=forms.Textarea(attrs={"rows": rows}), **options
        )

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        lines = (clean_text(line, _LONGEST_TEXT) for line in text.splitlines())
        return "\n".join(lines).strip()


class AmountField(forms.CharField):
    """„1 234,56”: an amount below 10 000 000 000 that is not negative; None when it may be left out
    and is. `asked`: wanted once a box is ticked, so the label does not call it optional."""

    def __init__(self, *, asked: bool = False, **options: Any) -> None:
        self.asked = asked
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        return str(value).replace(".", ",") if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        typed = "".join(str(super().clean(value) or "").split())
        if not typed:
            return None
        if not _AMOUNT.fullmatch(typed):
            raise ValidationError(_("Podaj kwotę, na przykład 1234,56."), code="amount")
        return to_grosz(Decimal(typed.replace(",", ".")))


class _FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """PDFs and photographs, at most `most` at once, each checked and redrawn: a list of (name,
    `scans.Scan`). What is wrong is said of each file."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        attrs = {"accept": ".pdf,.jpg,.jpeg,.png", "multiple": True}
        super().__init__(max_length=200, widget=_FilesInput(attrs=attrs), **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent = list(data) if isinstance(data, list | tuple) else [data] if data else []
        if not sent:
            super().clean(None, initial)  # says that it is required, where it is
            return []
        if len(sent) > self.most:
            text = _("Można dołączyć najwyżej %d plików naraz.") % self.most
            raise ValidationError(text, code="files")
        found: list[tuple[str, Picture]] = []
        wrong: list[ValidationError] = []
        for file in sent:
            try:
                found.append(self._read(file, initial))
            except ValidationError as error:
                name = clean_text(file.name, 60)
                wrong += [
                    ValidationError(f"{name}: {text}", code="scan") for text in error.messages
                ]
        if wrong:
            raise ValidationError(wrong)
        return found

    def _read(self, file: UploadedFile[bytes], initial: Any) -> tuple[str, Picture]:
        checked = super().clean(file, initial)
        return str(checked.name), read_scan(checked)

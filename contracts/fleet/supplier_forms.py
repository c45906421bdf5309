"""The back office's forms of suppliers' templates: one line for each column of the record."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.fleet.models import SupplierTemplate
from contracts.fleet.models.imports import FileFormat
from contracts.fleet.supplier_files import LARGEST_BYTES
from contracts.fleet.supplier_imports import LONGEST_CODE
from contracts.fleet.supplier_values import read_cell
from contracts.fleet.targets import Column, Kind, columns_of

_LONGEST_HEADER = 120
_MOST_WORDS = 500
_DIRECTIVE = re.compile(r"%(.?)")
_OF_DATES = set("dmyYjbBHIMSfzZTp%")
_OF_TIMES = set("HIMSfpT%")
_SAMPLE = dt.datetime(2026, 11, 27, 14, 5, 6, tzinfo=dt.UTC)


class Line(NamedTuple):
    """A column of the record with the fields that say where it comes from."""

    column: Column
    header: forms.BoundField
    fixed: forms.BoundField | None
    words: forms.BoundField | None
    choices: list[tuple[str, str]]


class SupplierTemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is read (`target`) is chosen first; then the columns can be mapped."""

    class Meta:
        model = SupplierTemplate
        fields = [
            *("name", "supplier", "target", "file_format", "sheet", "encoding", "delimiter"),
            *("skip_rows", "decimal_comma", "date_format", "time_format", "is_active"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in self._mapped():
            known = self.instance.columns.get(column.name, {})
            title = str(column.title)
            self.fields[f"column_{column.name}"] = forms.CharField(
                label=_("%s: nagłówek albo litera") % title,
                required=False,
                max_length=_LONGEST_HEADER,
                initial=known.get("column", ""),
            )
            if column.may_be_fixed:
                self.fields[f"fixed_{column.name}"] = forms.CharField(
                    label=_("%s: stała wartość") % title,
                    required=False,
                    max_length=_LONGEST_HEADER,
                    initial=known.get("fixed", ""),
                )
            if column.has_words:
                words = self.instance.words.get(column.name, {})
                self.fields[f"words_{column.name}"] = forms.CharField(
                    label=_("%s: słowa dostawcy") % title,
                    required=False,
                    initial="\n".join(f"{word} = {value}" for word, value in words.items()),
                    widget=forms.Textarea(attrs={"rows": 3, "cols": 30}),
                )

    def lines(self) -> Iterator[Line]:
        """The lines of the mapping, for the page."""
        for column in self._mapped():
            yield Line(
                column,
                self[f"column_{column.name}"],
                self[f"fixed_{column.name}"] if column.may_be_fixed else None,
                self[f"words_{column.name}"] if column.has_words else None,
                [(value, str(title)) for value, title in column.choices.items()],
            )

    def clean_supplier(self) -> str:
        code: str = self.cleaned_data["supplier"]
        if len(code) > LONGEST_CODE:
            raise ValidationError(_("Kod może mieć najwyżej %d znaków.") % LONGEST_CODE)
        return code

    def clean_date_format(self) -> str:
        return _checked_format(self.cleaned_data["date_format"], _OF_DATES, ("%d", "%m"))

    def clean_time_format(self) -> str:
        wanted: str = self.cleaned_data["time_format"]
        return _checked_format(wanted, _OF_TIMES, ("%M",)) if wanted else ""

    def clean(self) -> dict[str, Any]:
        """Puts the mapping into the instance, when every line is right."""
        super().clean()
        columns: dict[str, dict[str, str]] = {}
        words: dict[str, dict[str, str]] = {}
        for column in self._mapped():
            self._clean_words(column, words)
            self._clean_place(column, columns)
        if self._mapped() and not self.errors:
            for column in self._mapped():
                self._try_fixed(column, columns, words)
            self.instance.columns, self.instance.words = columns, words
        return self.cleaned_data

    def _mapped(self) -> tuple[Column, ...]:
        return columns_of(self.instance.target) if self.instance.pk else ()

    def _clean_place(self, column: Column, columns: dict[str, dict[str, str]]) -> None:
        field = f"column_{column.name}"
        header = " ".join(self.cleaned_data.get(field, "").split())
        fixed = self.cleaned_data.get(f"fixed_{column.name}", "").strip()
        if header and fixed:
            self.add_error(field, _("Podaj nagłówek albo stałą wartość, nie oba."))
        elif header:
            columns[column.name] = {"column": header}
        elif fixed:
            columns[column.name] = {"fixed": fixed}
        elif column.required and field not in self.errors:
            self.add_error(field, _("Ta kolumna jest wymagana."))

    def _clean_words(self, column: Column, words: dict[str, dict[str, str]]) -> None:
        field = f"words_{column.name}"
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data.get(field, "").splitlines(), 1):
            if not line.strip():
                continue
            word, sign, value = (part.strip() for part in line.rpartition("="))
            word = " ".join(word.split())
            if not (sign and word and value):
                self.add_error(field, _("Wiersz %d: napisz „słowo = wartość”.") % number)
            elif not _fits(column, value):
                text = _("Wiersz %(line)d: nie ma wartości „%(value)s”.")
                self.add_error(field, text % {"line": number, "value": value})
            elif word.casefold() in {one.casefold() for one in found}:
                self.add_error(field, _("Wiersz %d: to słowo jest już wyżej.") % number)
            else:
                found[word] = value
        if len(found) > _MOST_WORDS:
            self.add_error(field, _("Najwyżej %d słów.") % _MOST_WORDS)
        if found:
            words[column.name] = found

    def _try_fixed(
        self, column: Column, columns: dict[str, dict[str, str]], words: dict[str, dict[str, str]]
    ) -> None:
        """A fixed value is one that the template itself can read."""
        fixed = columns.get(column.name, {}).get("fixed")
        if fixed is None:
            return
        data = self.cleaned_data
        trial = SupplierTemplate(
            date_format=data.get("date_format", ""),
            time_format=data.get("time_format", ""),
            decimal_comma=data.get("decimal_comma", True),
            words=words,
        )
        try:
            read_cell(fixed, column, trial)
        except ValueError as error:
            self.add_error(f"fixed_{column.name}", str(error))


def _fits(column: Column, value: str) -> bool:
    if column.kind is Kind.CHOICE:
        return value in column.choices
    return len(value) == (3 if column.kind is Kind.CURRENCY else 2) and value.isalpha()


def _checked_format(wanted: str, allowed: set[str], needed: tuple[str, ...]) -> str:
    """A format that writes a moment and reads it again; ValidationError otherwise."""
    known = set(_DIRECTIVE.findall(wanted)) <= allowed
    has_all = all(part in wanted for part in needed) or ("%j" in wanted or "%T" in wanted)
    try:
        dt.datetime.strptime(_SAMPLE.strftime(wanted), wanted)  # noqa: DTZ007 -- only a trial
    except (ValueError, re.error):  # `re.error`: a part that is there twice
        known = False
    if not known or not has_all:
        raise ValidationError(_("Nie rozumiem tego zapisu. Na przykład: %d.%m.%Y albo %H:%M."))
    return wanted


class SampleForm(forms.Form):
    """A supplier's file to try the template on, and to store afterwards."""

    file = forms.FileField(
        label=gettext_lazy("Plik dostawcy"),
        help_text=gettext_lazy("Najwyżej 20 MB. Najpierw zobaczysz podgląd."),
        allow_empty_file=False,
    )

    def __init__(self, *args: Any, template: SupplierTemplate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accepted = ".xlsx" if template.file_format == FileFormat.XLSX else ".csv,.txt"
        self.fields["file"].widget.attrs["accept"] = accepted

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_BYTES:
            raise ValidationError(_("Plik jest za duży: może mieć najwyżej 20 MB."))
        return file

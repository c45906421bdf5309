"""Premiums and services that are passed on, out of a CSV file: whole, or nothing (docs/fees.md)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Contract
from eboks.accounts.models import User
from eboks.listing import clean_text
from eboks.tenancy.models import Company
from invoicing import fees, recharges
from invoicing.recharge_forms import CostForm

COLUMNS = (
    *("key", "client_id", "contract", "kind", "description", "net", "currency", "vat_code"),
    *("charged_on", "period_from", "period_to"),
)
_LARGEST_BYTES = 20_000_000
_MOST_PROBLEMS = 100


class RechargeFileError(Exception):
    """The file is refused. `problems` say why, each in a sentence, the first hundred."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class _RowForm(CostForm):
    """One row: whom it is about is named by the lessor's own identifiers."""

    key = forms.CharField(label=gettext_lazy("klucz"), max_length=100)
    client_id = forms.CharField(label=gettext_lazy("identyfikator klienta"), required=False)
    contract = forms.CharField(label=gettext_lazy("numer umowy"), required=False)

    def owner(self) -> tuple[Company | None, Contract | None]:
        return self.cleaned_data["company"], self.cleaned_data["contract"]

    def clean(self) -> dict[str, Any] | None:
        number, client_id = self.cleaned_data.get("contract"), self.cleaned_data.get("client_id")
        contract = Contract.objects.filter(number=number).first() if number else None
        company = contract.company if contract else None
        if client_id:
            company = Company.objects.filter(client_id=client_id).first()
        if number and contract is None:
            self.add_error("contract", _("Nie ma takiej umowy."))
        if company is None:
            self.add_error("client_id", _("Nie ma takiego klienta."))
        self.cleaned_data |= {"contract": contract, "company": company}
        return super().clean()


@transaction.atomic
def import_recharges(
    *, content: bytes, at: dt.datetime, actor: User | None = None
) -> tuple[int, int]:
    """Charge every row of a CSV file for the next invoices: how many now, how many before.

    A row's key is the lessor's (`OC/123/2026`): charged once, however often it comes. Raises
    RechargeFileError, and then nothing is kept, when anything in the file is wrong.
    """
    problems: list[str] = []
    made = before = 0
    for number, values in _rows(content):
        form = _RowForm(values)
        if not form.is_valid():
            problems += _sentences(number, form)
        else:
            company, contract = form.owner()
            assert company is not None  # noqa: S101 -- a valid row has one
            try:
                charge = recharges.recharge(
                    key=f"file:{form.cleaned_data['key']}",
                    company=company,
                    contract=contract,
                    cost=form.cost,
                    at=at,
                    actor=actor,
                )
            except fees.FeeError as error:
                problems.append(_("Wiersz %(line)d: %(what)s") % {"line": number, "what": error})
            else:
                made, before = made + (charge.created_at == at), before + (charge.created_at != at)
        if len(problems) >= _MOST_PROBLEMS:
            break
    if problems:
        raise RechargeFileError(*problems[:_MOST_PROBLEMS])
    return made, before


def _sentences(number: int, form: forms.Form) -> list[str]:
    return [
        _("Wiersz %(line)d: %(what)s")
        % {"line": number, "what": f"{name}: {' '.join(map(str, texts))}"}
        for name, texts in form.errors.items()
    ]


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    if len(content) > _LARGEST_BYTES:
        raise RechargeFileError(_("Plik jest za duży: może mieć najwyżej 20 MB."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RechargeFileError(_("Plik nie jest zapisany w UTF-8.")) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    found = []
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise RechargeFileError(_("Pierwszy wiersz musi mieć kolumny: %s.") % ";".join(COLUMNS))
        for row in reader:
            if None in row or None in row.values():
                raise RechargeFileError(
                    _("Wiersz %(line)d: potrzeba %(count)d kolumn.")
                    % {"line": reader.line_num, "count": len(COLUMNS)}
                )
            values = {name: clean_text(row[name], 250) for name in COLUMNS}
            values["net"] = values["net"].replace(" ", "").replace(",", ".")
            found.append((reader.line_num, values))
    except csv.Error:
        raise RechargeFileError(
            _("Wiersz %d: nie da się go odczytać jako CSV.") % reader.line_num
        ) from None
    if not found:
        raise RechargeFileError(_("Plik nie ma żadnego wiersza."))
    return found

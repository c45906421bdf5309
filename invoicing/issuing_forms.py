"""The form of a correcting invoice: each row as it stands, to be written as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from invoicing.issuing.corrections import NewAmounts, RowState


class CorrectionForm(forms.Form):
    """Amounts of each row, and why. `basis` is the digest of what was shown."""

    basis = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, rows: Sequence[RowState], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for row in rows:
            self.fields[f"net_{row.position}"] = _amount(_("Netto po korekcie"), row.net)
            if row.has_parts:
                label = _("w tym część odsetkowa")
                self.fields[f"interest_{row.position}"] = _amount(label, row.interest)
        self.fields["reason"] = forms.CharField(
            label=_("Przyczyna korekty"), max_length=250, strip=True
        )

    def lines(self) -> Iterator[tuple[RowState, forms.BoundField, forms.BoundField | None]]:
        """Each row with its fields, for the page."""
        for row in self.rows:
            interest = f"interest_{row.position}"
            yield (
                row,
                self[f"net_{row.position}"],
                self[interest] if interest in self.fields else None,
            )

    def amounts(self) -> list[NewAmounts]:
        """What was asked for; of a valid form."""
        return [
            NewAmounts(
                position=row.position,
                net=self.cleaned_data[f"net_{row.position}"],
                interest=self.cleaned_data.get(f"interest_{row.position}"),
            )
            for row in self.rows
        ]


def _amount(label: Any, initial: Decimal) -> forms.DecimalField:
    # Two digits fewer than the database holds: rows and their VAT add up to more.
    return forms.DecimalField(
        label=label, initial=initial, max_digits=12, decimal_places=2, min_value=0, localize=True
    )

"""A what-if on one's own schedule: the form, shared with the request, and the result in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.what_if import WhatIf, WhatIfError, Wish, what_if
from eboks.form_fields import day_field
from eboks.money import ZERO, format_money
from eboks.ui.words import long_date, rate, short_date
from invoicing.filters import clean_amount
from requests_app.catalogue import About
from requests_app.forms import RequestForm


class WhatIfForm(RequestForm):
    """`cleaned_data["result"]` is there once the form is valid."""

    wish = forms.ChoiceField(
        label=gettext_lazy("Co chcesz zmienić"), choices=Wish.choices, widget=forms.RadioSelect
    )
    extra = forms.CharField(
        label=gettext_lazy("Kwota nadpłaty, netto"),
        help_text=gettext_lazy("Tylko przy nadpłacie."),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    extra_on = day_field(
        gettext_lazy("Dzień nadpłaty"),
        help_text=gettext_lazy(
            "Zaliczymy ją tego dnia, gdy jest terminem raty, albo w najbliższym terminie po nim."
        ),
        required=False,
    )
    count = forms.IntegerField(
        label=gettext_lazy("Ile rat ma zostać"),
        help_text=gettext_lazy("Tylko przy innej liczbie rat."),
        required=False,
        min_value=1,
    )

    def clean_extra(self) -> Decimal | None:
        typed = self.cleaned_data["extra"]
        if not typed.strip():
            return None
        amount = clean_amount("".join(typed.split()))
        if amount is None or amount <= ZERO:
            raise forms.ValidationError(_("Podaj kwotę, na przykład 10 000,00."))
        return amount

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        wish = Wish(cleaned["wish"])
        if wish != Wish.TERM:
            if cleaned["extra"] is None:
                self.add_error("extra", _("Podaj kwotę nadpłaty."))
            if cleaned["extra_on"] is None:
                self.add_error("extra_on", _("Podaj dzień nadpłaty."))
            if self.errors:
                return cleaned
        try:
            cleaned["result"] = simulated(self.about, wish, cleaned)
        except WhatIfError as error:
            self.add_error(error.field or None, str(error))
        return cleaned


def simulated(about: About, wish: Wish, values: dict[str, Any]) -> WhatIf:
    """Raises WhatIfError."""
    if about.contract is None:
        raise ValueError("a schedule is of a contract")
    return what_if(
        about.contract,
        wish=wish,
        on=about.on,
        extra=values["extra"] or ZERO,
        extra_on=values["extra_on"],
        count=values["count"],
    )


def compared(result: WhatIf, currency: str) -> list[tuple[str, str, str]]:
    """(what, now, after the change): instalment, number, last day, interest, all that is paid."""

    def money(amount: Decimal) -> str:
        return format_money(amount, currency)

    old, new = result.old, result.new
    rows = [(_("Rata netto"), money(old.payment), money(new.payment))]
    if old.gross != old.payment:
        rows.append((_("Rata brutto"), money(old.gross), money(new.gross)))
    return [
        *rows,
        (_("Ile rat zostaje"), str(old.count), str(new.count)),
        (_("Ostatnia rata"), short_date(old.last_on), short_date(new.last_on)),
        (_("Odsetki do końca"), money(old.interest), money(new.interest)),
        (_("Razem do zapłaty netto"), money(old.total), money(result.new_total)),
    ]


def counted(result: WhatIf, currency: str) -> list[tuple[str, str]]:
    """From where the new instalments are counted, line by line."""
    rows = [
        (
            _("Kapitał po racie %(n)s (%(day)s)")
            % {"n": result.kept, "day": long_date(result.begins)}
            if result.kept
            else _("Kapitał na początku umowy"),
            format_money(result.balance, currency),
        )
    ]
    if result.extra:
        rows.append((_("Nadpłata tego dnia"), format_money(-result.extra, currency)))
    rows.append((_("Kapitał do spłaty ratami i wykupem"), format_money(result.capital, currency)))
    if result.buyout:
        rows.append((_("W tym wykup na końcu"), format_money(result.buyout, currency)))
    rows.append((_("Oprocentowanie roczne"), rate(result.rate_pct)))
    return rows


def saved_in_words(result: WhatIf, currency: str) -> str:
    """One sentence on interest."""
    saved = result.interest_saved
    amount = format_money(abs(saved), currency)
    if saved > 0:
        return _("Odsetki do końca umowy spadną o %s.") % amount
    if saved < 0:
        return _("Odsetki do końca umowy wzrosną o %s.") % amount
    return _("Odsetki do końca umowy się nie zmienią.")

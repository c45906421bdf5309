"""What happens to the asset when the contract ends (domain 4.1, 4.3: normal end)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.ending import near_end
from contracts.enums import Product
from contracts.models import Contract
from eboks import clock
from eboks.form_fields import LineField, TextField
from eboks.money import ZERO, format_money
from eboks.tenancy.identifiers import clean_nip
from eboks.tenancy.rights import Right
from eboks.ui.words import short_date
from invoicing.models import ReceivableItem
from requests_app.catalogue import About, Group, RequestType
from requests_app.contract_end import Buyout, EndCosts, costs_of, extension_fee
from requests_app.forms import RequestForm
from requests_app.models import Request

_BUYER = ("buyer_name", "buyer_nip", "buyer_address", "buyer_email")


class Option(models.TextChoices):
    BUYOUT = "buyout", gettext_lazy("wykupujemy przedmiot")
    THIRD_PARTY = "third_party", gettext_lazy("przedmiot kupi inna firma")
    RETURN = "return", gettext_lazy("oddajemy przedmiot")
    EXTENSION = "extension", gettext_lazy("chcemy przedłużyć umowę")


class ContractEndForm(RequestForm):
    option = forms.ChoiceField(
        label=gettext_lazy("Co po zakończeniu umowy"),
        choices=Option.choices,
        widget=forms.RadioSelect,
    )
    buyer_name = LineField(
        label=gettext_lazy("Nabywca: nazwa"),
        help_text=gettext_lazy("Dane nabywcy podaj, gdy przedmiot kupi inna firma."),
        max_length=200,
        required=False,
    )
    buyer_nip = LineField(label=gettext_lazy("Nabywca: NIP"), max_length=20, required=False)
    buyer_address = LineField(label=gettext_lazy("Nabywca: adres"), max_length=200, required=False)
    buyer_email = forms.EmailField(
        label=gettext_lazy("Nabywca: e-mail"), max_length=254, required=False
    )
    send_to = LineField(
        label=gettext_lazy("Adres do wysyłki dokumentów"),
        help_text=gettext_lazy("Tam wyślemy oryginały, których nie da się przekazać w portalu."),
        max_length=200,
    )
    note = TextField(
        label=gettext_lazy("Uwagi"),
        help_text=gettext_lazy(
            "Przy zwrocie: gdzie jest przedmiot i z kim się umówić. Przy przedłużeniu: na ile."
        ),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.about.company
        street = company.mail_street or company.street
        postcode, city = (
            (company.mail_postcode, company.mail_city)
            if company.mail_street
            else (company.postcode, company.city)
        )
        self.fields["send_to"].initial = f"{street}, {postcode} {city}"

    def clean_buyer_nip(self) -> str:
        typed: str = self.cleaned_data["buyer_nip"]
        return clean_nip(typed) if typed else ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        option = values.get("option")
        if option == Option.THIRD_PARTY:
            for name in ("buyer_name", "buyer_nip", "buyer_address"):
                if name not in self.errors and not values.get(name):
                    self.add_error(name, _("Podaj te dane nabywcy."))
        if option in {Option.RETURN, Option.EXTENSION} and not values.get("note"):
            self.add_error("note", _("Napisz w uwagach, czego potrzebujesz."))
        return values


def _costs(contract: Contract, on: dt.date) -> EndCosts:
    return costs_of(contract, items=ReceivableItem.objects.all(), on=on)


def _possible(rows: QuerySet[Contract], on: dt.date) -> QuerySet[Contract]:
    """What a loan has financed is the borrower's already: nothing is chosen at its end."""
    return near_end(rows.exclude(product=Product.LOAN), on=on)  # type: ignore[arg-type]


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    values, contract = form.cleaned_data, form.about.own_contract
    option = Option(values["option"])
    costs = _costs(contract, form.about.on)
    lines = [
        (_("Wybór"), str(option.label)),
        (_("Koniec umowy"), short_date(contract.end_on)),
        *_priced(option, costs, contract, form.about.on),
    ]
    if option == Option.THIRD_PARTY:
        lines.append((_("Nabywca"), _buyer(values)))
    lines.append((_("Adres do wysyłki dokumentów"), values["send_to"]))
    if values["note"]:
        lines.append((_("Uwagi"), values["note"]))
    return lines


def _priced(
    option: Option, costs: EndCosts, contract: Contract, on: dt.date
) -> list[tuple[str, str]]:
    rest = (_("Do zapłaty na umowie"), _sums(costs.rest, costs, contract))
    match option:
        case Option.BUYOUT:
            total = (_("Razem do zapłaty"), _sums(costs.with_buyout, costs, contract))
            return [(_("Wykup"), _amounts(costs.buyout, contract)), total]
        case Option.THIRD_PARTY:
            return [(_("Cena dla nabywcy"), _("ustalimy; może być potrzebna wycena")), rest]
        case Option.EXTENSION:
            fee = extension_fee(contract, on=on)
            text = format_money(fee.gross) if fee else _("na zapytanie")
            return [(_("Opłata za przedłużenie"), text), rest]
    return [rest]


def _amounts(buyout: Buyout | None, contract: Contract) -> str:
    if buyout is None:
        return _("umowa nie podaje kwoty; podamy ją w odpowiedzi")
    text = _("%(gross)s brutto (netto %(net)s, VAT %(vat)s)") % {
        "gross": format_money(buyout.gross, contract.currency),
        "net": format_money(buyout.net, contract.currency),
        "vat": format_money(buyout.vat, contract.currency),
    }
    if buyout.due_on is None:
        return text
    return _("%(amounts)s, płatny do %(day)s") % {
        "amounts": text,
        "day": short_date(buyout.due_on),
    }


def _sums(amount: Decimal, costs: EndCosts, contract: Contract) -> str:
    sums = [format_money(amount, contract.currency)]
    sums += [format_money(other, currency) for currency, other in sorted(costs.foreign.items())]
    return " + ".join(sums)


def _buyer(values: dict[str, Any]) -> str:
    nip = f"NIP {values['buyer_nip']}"
    parts = [values["buyer_name"], nip, values["buyer_address"], values["buyer_email"]]
    return ", ".join(part for part in parts if part)


def _facts(form: RequestForm) -> dict[str, Any]:
    values, contract = form.cleaned_data, form.about.own_contract
    option = Option(values["option"])
    buyout = _costs(contract, form.about.on).buyout
    bought = option in {Option.BUYOUT, Option.THIRD_PARTY}
    third = option == Option.THIRD_PARTY
    return {
        "option": option.value,
        "buyout_gross": str(buyout.gross) if buyout and bought else "",
        "buyer": {name: values[name] for name in _BUYER} if third else {},
        "send_to": values["send_to"],
    }


def _amount(facts: dict[str, Any]) -> Decimal | None:
    return Decimal(facts["buyout_gross"]) if facts["buyout_gross"] else None


def _basis(about: About, facts: dict[str, Any]) -> dict[str, Any]:
    contract = about.own_contract
    costs = _costs(contract, about.on)
    return {
        "status": contract.status,
        "end_on": contract.end_on.isoformat(),
        "buyout": str(costs.buyout.gross) if costs.buyout else "",
        "open": str(costs.open_sum),
        "total": str(costs.with_buyout),
        "foreign": {currency: str(amount) for currency, amount in sorted(costs.foreign.items())},
    }


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    """As of now, for what was signed stands in the summary."""
    contract = request.contract
    if contract is None:
        return ()
    on = clock.today(at)
    costs = _costs(contract, on)
    late = [item for item in costs.items if item.effective_due_on < on]
    overdue = sum((item.open_amount for item in late), ZERO)
    rows = [
        (_("Wykup"), _amounts(costs.buyout, contract)),
        (_("Wykup do zapłaty"), _sums_left(costs.buyout, contract)),
        (_("Do zapłaty bez wykupu"), _sums(costs.rest, costs, contract)),
        (_("W tym po terminie"), format_money(overdue, contract.currency)),
    ]
    if request.facts.get("option") == Option.THIRD_PARTY:
        rows.append((_("Cena dla nabywcy"), _("ustal, czy jest potrzebna wycena rzeczoznawcy")))
    return rows


def _sums_left(buyout: Buyout | None, contract: Contract) -> str:
    return format_money(buyout.left, contract.currency) if buyout else "–"


TYPE = RequestType(
    name="contract-end",
    title=gettext_lazy("Koniec umowy i wykup"),
    summary=gettext_lazy("Wykup, sprzedaż innej firmie, zwrot albo przedłużenie, od 90 dni przed"),
    group=Group.CONTRACT,
    form=ContractEndForm,
    contracts=_possible,
    right=Right.SIGN,
    signed=True,
    is_financial=True,
    costly=True,
    exclusive=True,
    working_days=5,
    needed=(gettext_lazy("dane nabywcy, jeśli przedmiot kupi inna firma"),),
    next_step=gettext_lazy(
        "Potwierdzimy wybór i kwoty. Potem: zapłata rat i wykupu, faktura sprzedaży, dokumenty do "
        "rejestracji, zwolnienie weksla."
    ),
    lines=_lines,
    facts=_facts,
    amount=_amount,
    basis=_basis,
    office=_office,
    closes_itself=False,
)

"""One box for everything: contracts, assets and invoices that the person may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q
from django.urls import reverse

from contracts.filters import ASSET_TEXT
from contracts.models import Asset, Contract
from eboks.accounts.models import User
from eboks.listing import spellings, words
from eboks.tenancy.models import Company
from invoicing.filters import clean_amount
from invoicing.models import Invoice

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, at most 20 of each; `more_…` says whether there is more than is shown."""

    contracts: Sequence[Contract]
    assets: Sequence[Asset]
    invoices: Sequence[Invoice]
    more_contracts: bool
    more_assets: bool
    more_invoices: bool

    def __bool__(self) -> bool:
        return bool(self.contracts or self.assets or self.invoices)


def exact_hit(text: str, *, user: User, company: Company | None) -> str:
    """Address of the one thing whose number, VIN, plate or serial is exactly `text`, or nothing.

    Spaces and small letters do not matter; two things with the same number are not one.
    """
    compact = text.replace(" ", "").upper()
    contracts = Contract.objects.for_user(user).for_company(company)
    by_number = contracts.filter(number__in={text, text.upper(), compact})
    by_asset = contracts.filter(
        assets__in=Asset.objects.for_user(user).filter(
            Q(vin=compact)
            | Q(plate__in={compact, text.upper()})
            | Q(serial_number__in={text, compact})
        )
    )
    hits = {
        reverse("contracts:detail", args=[key])
        for rows in (by_number, by_asset)
        for key in rows.order_by("pk").values_list("public_id", flat=True)[:2]
    }
    invoices = Invoice.objects.for_user(user).for_company(company)
    hits |= {
        reverse("invoicing:invoice_detail", args=[key])
        for key in invoices.filter(number__in={text, text.upper(), compact})
        .order_by("pk")
        .values_list("public_id", flat=True)[:2]
    }
    return hits.pop() if len(hits) == 1 else ""


def search(
    text: str, *, user: User, company: Company | None, companies: Sequence[Company]
) -> Found:
    """Everything in which every word of `text` occurs; invoices also by their gross or net.

    Newest first. `companies` are the person's own, searched by name.
    """
    contracts = _contracts(text, user, company, companies)
    assets = _assets(text, user, company)
    invoices = _invoices(text, user, company)
    return Found(
        contracts[:SHOWN],
        assets[:SHOWN],
        invoices[:SHOWN],
        len(contracts) > SHOWN,
        len(assets) > SHOWN,
        len(invoices) > SHOWN,
    )


def _contracts(
    text: str, user: User, company: Company | None, companies: Sequence[Company]
) -> list[Contract]:
    condition = Q()
    for word in words(text):
        named = [c.pk for c in companies if word.casefold() in c.name.casefold()]
        one = Q(company__in=named) if named and company is None else Q()
        for spelling in spellings(word):
            one |= Q(number__icontains=spelling)
        condition &= one
    rows = Contract.objects.for_user(user).for_company(company).filter(condition)
    return list(
        rows.select_related("company")
        .prefetch_related(Prefetch("assets", Asset.objects.order_by("pk")))
        .order_by("-signed_on", "-pk")[: SHOWN + 1]
    )


def _assets(text: str, user: User, company: Company | None) -> list[Asset]:
    every_word = Q()
    for word in words(text):
        one = Q()
        for spelling in spellings(word):
            one |= Q(text__icontains=spelling)
        every_word &= one
    whole = Q(text__icontains=text.replace(" ", ""))
    rows = Asset.objects.for_user(user).for_company(company).annotate(text=ASSET_TEXT)
    found = rows.filter(every_word | whole if " " in text else every_word)
    return list(
        found.select_related("contract__company").order_by("-contract__signed_on", "-pk")[
            : SHOWN + 1
        ]
    )


def _invoices(text: str, user: User, company: Company | None) -> list[Invoice]:
    """By amount, by a part of the number, or both when the text could be either.

    A number has digits in it: other words are not looked for among a hundred thousand invoices.
    """
    condition = Q()
    amount = clean_amount(text.replace(" ", ""))
    if amount is not None:
        condition |= Q(gross=amount) | Q(net=amount)
    if any(char.isdigit() for char in text) and "," not in text:
        for spelling in spellings(text):
            condition |= Q(number__icontains=spelling)
    if not condition:
        return []
    rows = Invoice.objects.for_user(user).for_company(company).filter(condition)
    return list(
        rows.select_related("company", "contract").order_by("-issued_on", "-pk")[: SHOWN + 1]
    )

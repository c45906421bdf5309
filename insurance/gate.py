"""Accepting a renewal offer: a critical operation, signed by an SMS code."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.authorisation.models import Instruction
from eboks.authorisation.registry import Done, Facts, Operation, Refused, add_operation
from eboks.money import format_money
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from insurance import offers
from insurance.enums import VatBasis
from insurance.models import RenewalOffer
from insurance.offers import OfferError

OPERATION = "accept_renewal"
_LONGEST_NUMBER = 25  # of a contract in the SMS


def register() -> None:
    """Called once, when the app is ready."""
    add_operation(
        Operation(
            name=OPERATION,
            title=gettext_lazy("Przyjęcie oferty polisy"),
            button=gettext_lazy("Przyjmij ofertę"),
            right=Right.SIGN,
            edit_url=lambda instruction: reverse(
                "insurance:offer", args=[instruction.payload["offer"]]
            ),
            lines=_lines,
            sms=_sms,
            basis=_basis,
            execute=_execute,
            after=gettext_lazy("Po podpisaniu wystawimy polisę i damy znać."),
        )
    )


def _row(facts: Facts) -> RenewalOffer:
    # Who has lost the contract since the summary signs nothing.
    own = RenewalOffer.objects.for_user(facts.user)
    rows = own.select_related("company", "contract", "asset", "insurer")
    row = rows.filter(public_id=facts.payload["offer"], company=facts.company).first()
    if row is None:
        raise Refused(_("Tej oferty już nie ma."))
    return row


def _open_row(facts: Facts) -> RenewalOffer:
    row = _row(facts)
    try:
        offers.check_open(row, on=clock.today(timezone.now()))
    except OfferError as error:
        raise Refused(str(error)) from error
    return row


def _lines(facts: Facts) -> list[tuple[str, str]]:
    offer = _open_row(facts)
    parts = offers.parts_of(offer)
    return [
        (_("Przedmiot"), str(offer.asset)),
        (_("Umowa"), offer.contract.number),
        (_("Ubezpieczyciel"), offer.insurer.name),
        (_("Ochrona od"), long_date(offer.valid_from)),
        (_("Ochrona do"), long_date(offer.valid_to)),
        *(
            (str(cover.risk.label), terms(cover, offer.currency))
            for cover in offers.covers_of(offer)
        ),
        (_("Gdzie działa"), str(offer.get_territory_display())),
        (_("Składka"), format_money(offer.premium, offer.currency)),
        *(
            (str(_("Rata %d") % n), f"{format_money(amount, offer.currency)}, {long_date(due)}")
            for n, due, amount in parts
            if len(parts) > 1
        ),
        (_("Decyzja do"), long_date(offer.answer_by)),
    ]


def terms(cover: Any, currency: str) -> str:
    """„90 000,00 zł netto, udział własny 500,00 zł”, of a cover of an offer or a policy."""
    said = []
    if cover.sum_insured is not None:
        basis = f" {VatBasis(cover.vat_basis).label}" if cover.vat_basis else ""
        said.append(f"{format_money(cover.sum_insured, currency)}{basis}")
    if cover.deductible:
        said.append(_("udział własny %s") % format_money(cover.deductible, currency))
    return ", ".join(said) or _("w zakresie")


def _sms(facts: Facts) -> str:
    offer = _open_row(facts)
    number = offer.contract.number[:_LONGEST_NUMBER]
    return f"Polisa do umowy {number}, skladka {offer.premium:.2f} {offer.currency}"


def _basis(facts: Facts) -> dict[str, Any]:
    offer = _row(facts)
    return {
        "state": offer.state,
        "premium": str(offer.premium),
        "currency": offer.currency,
        "parts": offer.instalment_count,
        "from": offer.valid_from.isoformat(),
        "to": offer.valid_to.isoformat(),
        "answer_by": offer.answer_by.isoformat(),
        "insurer": offer.insurer_id,
        "territory": offer.territory,
        "covers": offer.covers,
        "note": offer.note,
    }


def _execute(instruction: Instruction, at: dt.datetime) -> Done:
    facts = Facts(user=instruction.user, company=instruction.company, payload=instruction.payload)
    offer = _row(facts)
    try:
        offers.accept(offer=offer, actor=instruction.user, instruction=instruction, at=at)
    except OfferError as error:
        raise Refused(str(error)) from error
    return Done(
        text=_("Oferta polisy dla %s jest przyjęta.") % offer.asset,
        next=_("Wystawimy polisę i damy znać w portalu i e-mailem."),
        url=reverse("insurance:offer", args=[offer.public_id]),
    )

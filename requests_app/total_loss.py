"""Answers that insurance needs from the books: arrears, and the price of an early end."""

from __future__ import annotations

import datetime as dt

from contracts.models import Contract
from eboks.money import ZERO
from eboks.tenancy.models import Company
from insurance import arrears_gate, total_loss
from requests_app import quoting
from requests_app.arrears import arrears_of
from requests_app.catalogue import RequestError


def register() -> None:
    """Called once, when the app is ready."""
    arrears_gate.set_arrears_check(_has_arrears)
    total_loss.set_settlement(_price)


def _has_arrears(company: Company, on: dt.date) -> bool:
    return arrears_of(company, on=on).exists()


def _price(contract: Contract, today: dt.date) -> total_loss.EarlyPrice:
    """That of tomorrow, the first day of the page of early ends, so that both show the same."""
    try:
        ground = quoting.ground_of(contract, on=today)
        found = quoting.quote(ground, settle=today + dt.timedelta(days=1)).settlement
    except RequestError as error:
        raise total_loss.NoEstimateError(str(error)) from error
    left = ground.schedule.rows[found.after :]
    return total_loss.EarlyPrice(
        on=found.on,
        instalments=sum((row.payment for row in left), ZERO),
        buyout=ground.schedule.terms.buyout,
        price=found.price,
    )

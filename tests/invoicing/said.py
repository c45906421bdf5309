"""Reporting, promising and settling, as the tests of paying ask for them."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from invoicing import paying, promises, reported
from invoicing.models import ReceivableItem
from tests.factories import (
    UserFactory,
)
from tests.invoicing.conftest import NOW, TODAY

REPORT, PROMISE, LIST = (
    "/rozrachunki/zaplacilem/",
    "/rozrachunki/zaplace/",
    "/rozrachunki/przelewy/",
)
DAY = dt.timedelta(days=1)


def items_of(*invoices):
    rows = ReceivableItem.objects.filter(invoice__in=invoices)
    return list(rows.select_related("company", "contract").order_by("pk"))


def close(*invoices):
    ReceivableItem.objects.filter(invoice__in=invoices).update(open_amount=0)


def report(company, *invoices, **kwargs):
    kwargs = {
        "paid_on": TODAY,
        "amount": Decimal("3448.66"),
        "currency": "PLN",
        "scan": None,
        "form_key": uuid.uuid4(),
        "at": NOW,
        **kwargs,
    }
    kwargs.setdefault("actor", UserFactory.create())
    return reported.report_payment(company=company, items=items_of(*invoices), **kwargs)


def promise(company, *invoices, **kwargs):
    kwargs = {"pay_by": TODAY + 5 * DAY, "form_key": uuid.uuid4(), "at": NOW, **kwargs}
    kwargs.setdefault("actor", UserFactory.create())
    return promises.promise(company=company, items=items_of(*invoices), **kwargs)


def settle(on=TODAY, company_ids=None):
    return paying.settle_reports_and_promises(company_ids=company_ids, on=on, at=NOW)


def state_of(row):
    row.refresh_from_db()
    return row.state


def waiting(on=TODAY):
    return set(ReceivableItem.objects.filter(paying.waits(on)).values_list("invoice", flat=True))


def text_of(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())

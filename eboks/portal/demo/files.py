"""What the demo's people have ordered: a ready file in *Moje pliki*, favourite reports."""

from __future__ import annotations

import datetime as dt

from eboks.accounts.models import User
from eboks.exports import favourites, making, services
from eboks.exports.models import ExportFile, Frequency, SavedReport
from eboks.portal.demo.people import OWNER_COMPANY
from eboks.tenancy.models import Company

_OWNER = "demo-wlasciciel"
# Kind, filters, name, how often.
_REPORTS = (
    ("invoice_list", {"state": "to_pay"}, "Do zapłaty", Frequency.WEEKLY),
    ("cost_report", {"period": "previous_month"}, "Koszty miesiąca", Frequency.MONTHLY),
    ("contract_list", {"ends": "180"}, "Umowy kończące się w pół roku", Frequency.NONE),
)


def load_files(*, at: dt.datetime, on: dt.date) -> None:
    """Safe to repeat: what is there already stays as it is."""
    owner = User.objects.get(username=_OWNER)
    company = Company.objects.get(source_id=OWNER_COMPANY)
    if ExportFile.objects.for_user(owner).exists() or SavedReport.objects.for_user(owner).exists():
        return
    for kind, params, name, frequency in _REPORTS:
        report = favourites.save(
            owner=owner, company=company, kind=kind, params=params, name=name, at=at
        )
        favourites.change(report=report, name=name, frequency=frequency, on=on)
    file = services.order(
        user=owner,
        company=company,
        kind="invoice_list",
        params={"period": "this_year"},
        title=f"Faktury: {on.year}",
        at=at,
    )
    making.make(file_id=file.pk, now=lambda: at)

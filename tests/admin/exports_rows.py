"""Rows of ordered files for the back office."""

from __future__ import annotations

from django.utils import timezone

from eboks.exports.models import DownloadMark, ExportFile, ExportUse, Frequency, SavedReport
from eboks.tenancy.models import Membership


def make_exports_rows(membership: Membership, n: int) -> None:
    at = timezone.now()
    owner, company = membership.user, membership.company
    report = SavedReport.objects.create(
        owner=owner,
        company=company,
        kind="invoice_list",
        name=f"Faktury {n}",
        frequency=Frequency.WEEKLY,
        next_on=at.date(),
        created_at=at,
    )
    ExportFile.objects.create(
        owner=owner,
        company=company,
        report=report,
        kind="invoice_list",
        title=f"Faktury {n}",
        ordered_at=at,
        expires_at=at,
    )
    ExportUse.objects.create(owner=owner, kind="invoice_list", at=at)
    DownloadMark.objects.create(owner=owner, company=company, what="invoices", up_to=at)

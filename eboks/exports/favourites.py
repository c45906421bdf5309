"""Favourite reports: a page's filters kept under a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.exports import limits, reach
from eboks.exports.models import Frequency, SavedReport
from eboks.exports.registry import export, query_of
from eboks.exports.scheduling import next_day
from eboks.tenancy.models import Company

MOST = 50  # favourites of one person


class SavedReportError(Exception):
    """The report cannot be kept like that. Its text is for the person."""


def save(
    *,
    owner: User,
    company: Company | None,
    kind: str,
    params: Mapping[str, Any],
    name: str,
    at: dt.datetime,
) -> SavedReport:
    """Keeps the filters of a page under `name`. Raises SavedReportError."""
    definition = export(kind)
    if not reach.memberships_with(user=owner, right=definition.right, company=company):
        raise SavedReportError(_("Nie masz uprawnienia do tego zestawienia."))
    try:
        with transaction.atomic():
            limits.locked(owner)
            if SavedReport.objects.for_user(owner).count() >= MOST:
                raise SavedReportError(
                    _("Masz już %(most)d zapisanych raportów. Usuń któryś.") % {"most": MOST}
                )
            return SavedReport.objects.create(
                owner=owner,
                company=company,
                kind=kind,
                params=dict(sorted(params.items())),
                name=name,
                created_at=at,
            )
    except IntegrityError:
        raise SavedReportError(_taken()) from None


def change(*, report: SavedReport, name: str, frequency: Frequency, on: dt.date) -> None:
    """Another name, another rhythm. Raises SavedReportError when the name is taken."""
    values: dict[str, object] = {"name": name}
    if frequency != report.frequency:
        values |= {"frequency": frequency, "next_on": next_day(frequency, after=on)}
    try:
        with transaction.atomic():
            SavedReport.objects.filter(pk=report.pk).update(**values)
    except IntegrityError:
        raise SavedReportError(_taken()) from None


def delete(*, report: SavedReport) -> None:
    """The files that were made of it stay until their days are over."""
    SavedReport.objects.filter(pk=report.pk).delete()


def address(report: SavedReport) -> str:
    """The page with the report's filters; empty when it has none."""
    page = export(report.kind).page
    return f"{reverse(page)}?{query_of(report.params).urlencode()}" if page else ""


def _taken() -> str:
    return _("Masz już raport o tej nazwie.")

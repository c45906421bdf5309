"""Ordering a file, ordering it again, deleting it, fetching it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record_in_each
from eboks.documents import storage
from eboks.exports import limits, reach, tasks
from eboks.exports.limits import LimitError
from eboks.exports.models import ExportFile, ExportState, SavedReport
from eboks.exports.registry import Export, export
from eboks.tenancy.models import Company

__all__ = ["ExportFileError", "LimitError", "delete", "fetched", "may_fetch", "order"]

_UNDER_WAY = (ExportState.QUEUED, ExportState.RUNNING)
_LONGEST_TITLE = 200


class ExportFileError(Exception):
    """The file cannot be had. Its text is for the person."""


@transaction.atomic
def order(
    *,
    user: User,
    company: Company | None,
    kind: str,
    params: Mapping[str, Any],
    title: str,
    at: dt.datetime,
) -> ExportFile:
    """Orders a file, made in the background after the commit. Without a company: of all of them.

    The same order that still waits or is being made is answered again, and counts once. Raises
    LimitError above ten orders an hour (SEC-57), ExportFileError for a person without the right.
    """
    definition = export(kind)
    if not reach.memberships_with(user=user, right=definition.right, company=company):
        raise ExportFileError(_("Nie masz uprawnienia do tego zestawienia."))
    limits.locked(user)
    params = dict(sorted(params.items()))  # SQLite compares JSON as it is written
    waiting = ExportFile.objects.for_user(user).filter(
        kind=kind, company=company, params=params, state__in=_UNDER_WAY
    )
    same = waiting.order_by("-pk").first()
    if same is not None:
        return same
    limits.count_one(owner=user, kind=kind, at=at, hold=False)
    return _queue(
        user=user, company=company, kind=kind, params=params, title=title, at=at, report=None
    )


@transaction.atomic
def order_report(*, report: SavedReport, at: dt.datetime) -> ExportFile:
    """The file of a favourite report that nobody asked for just now: it counts against no limit."""
    return _queue(
        user=report.owner,
        company=report.company,
        kind=report.kind,
        params=report.params,
        title=report.name,
        at=at,
        report=report,
    )


def _queue(
    *,
    user: User,
    company: Company | None,
    kind: str,
    params: Mapping[str, Any],
    title: str,
    at: dt.datetime,
    report: SavedReport | None,
) -> ExportFile:
    file = ExportFile.objects.create(
        owner=user,
        company=company,
        report=report,
        kind=kind,
        params=dict(params),
        title=title[:_LONGEST_TITLE],
        ordered_at=at,
        expires_at=at + dt.timedelta(days=settings.EXPORT_DAYS),
    )
    tasks.make.delay_on_commit(file_id=file.pk)
    return file


def order_again(*, file: ExportFile, at: dt.datetime) -> ExportFile:
    """The same order anew: of a file that failed, expired, or has grown old. See `order`."""
    return order(
        user=file.owner,
        company=file.company,
        kind=file.kind,
        params=file.params,
        title=file.title,
        at=at,
    )


def delete(*, file: ExportFile) -> None:
    """Removes the order and its file; work that goes on stops at its next step."""
    ExportFile.objects.filter(pk=file.pk).delete()
    # The row first: a file that no row names is swept, a row without its file would be a lie.
    if file.storage_name:
        storage.delete(file.storage_name)


def may_fetch(*, file: ExportFile, at: dt.datetime) -> bool:
    """Whether the owner may have the file now. Rights are those of this moment, not of the order.

    False for a member whose right or contracts have shrunk. Raises ExportFileError when the file is
    not there (not ready, expired), ExportFile.DoesNotExist when the person acts no more for one of
    its companies.
    """
    if file.state != ExportState.READY or file.expires_at <= at:
        raise ExportFileError(_("Tego pliku już nie ma. Możesz zamówić go jeszcze raz."))
    if not reach.is_member_of_all(user=file.owner, reach=file.reach):
        raise ExportFile.DoesNotExist
    right = export(file.kind).right
    return reach.still_reaches(user=file.owner, right=right, reach=file.reach)


def note_fetching(*, file: ExportFile, at: dt.datetime) -> None:
    """Writes into the trail of every company that is inside, before the first byte leaves."""
    companies = Company.objects.filter(pk__in=[int(pk) for pk in file.reach]).order_by("pk")
    record_in_each(
        companies=list(companies),
        event="export_fetched",
        at=at,
        actor=file.owner,
        object_kind="export",
        object_ref=str(file.public_id),
        facts={"name": file.file_name, "sha256": file.sha256},
    )


def fetched(*, file: ExportFile, at: dt.datetime) -> None:
    """The whole file has gone to the person."""
    ExportFile.objects.filter(pk=file.pk, fetched_at=None).update(fetched_at=at)
    tell(export(file.kind), user=file.owner, notes=file.notes, at=at)


def tell(definition: Export, *, user: User, notes: Mapping[str, Any], at: dt.datetime) -> None:
    if definition.fetched is not None:
        definition.fetched(user, notes, at)

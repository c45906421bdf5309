"""What this room tells people and writes into the audit trail."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event
from eboks.exports.models import ExportFile, SavedReport
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify


def register() -> None:
    """Called once, when the app is ready."""
    bell, both = (Channel.BELL,), (Channel.EMAIL, Channel.BELL)
    for kind in (
        MessageKind(
            name="export_ready",
            title=_("Zamówiony plik jest gotowy"),
            channels=bell,
            optional=(Channel.EMAIL,),
            keep_days=30,
        ),
        MessageKind(
            name="export_failed",
            title=_("Zamówiony plik się nie udał"),
            channels=bell,
            optional=(Channel.EMAIL,),
            keep_days=30,
        ),
        MessageKind(name="report_ready", title=_("Raport wysyłany cyklicznie"), channels=both),
        MessageKind(
            name="report_stopped", title=_("Koniec cyklicznej wysyłki raportu"), channels=both
        ),
    ):
        registry.add_kind(kind)
    add_event("export_fetched", _("pobrał(a) zamówiony plik: %(name)s"), group=Group.DOCUMENTS)
    add_event(
        "invoices_packed",
        _("pobrał(a) paczkę dokumentów: %(name)s (%(count)s)"),
        group=Group.DOCUMENTS,
    )


def tell_ready(file: ExportFile, *, at: dt.datetime) -> None:
    """The message says that the file waits and where; what is in it stays in the portal."""
    notify(
        kind="report_ready" if file.report_id else "export_ready",
        user=file.owner,
        company=file.company,
        at=at,
        key=f"export:{file.public_id}:ready",
        facts={"title": file.title},
        url=reverse("exports:list"),
    )


def tell_failed(file: ExportFile, *, text: str, at: dt.datetime) -> None:
    notify(
        kind="export_failed",
        user=file.owner,
        company=file.company,
        at=at,
        key=f"export:{file.public_id}:failed",
        facts={"title": file.title, "reason": text},
        url=reverse("exports:list"),
    )


def tell_stopped(report: SavedReport, *, at: dt.datetime) -> None:
    notify(
        kind="report_stopped",
        user=report.owner,
        company=report.company,
        at=at,
        key=f"report:{report.public_id}:stopped:{report.next_on}",
        facts={"name": report.name},
        url=reverse("exports:reports"),
    )

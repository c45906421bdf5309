"""What fees, reported transfers, promises and reminders tell people and the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event
from eboks.feeds.registry import registry as registry_of_feeds
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.onboarding import paper_fees
from invoicing import paper_invoices, reminders


def register() -> None:
    """Called once, when the app is ready."""
    paper_fees.set_source(paper_invoices.for_access_page)
    registry_of_feeds.add_follower("paying", _after_feed)
    for name, title in (
        (reminders.SOON, _("Zbliżające się terminy płatności")),
        (reminders.OVERDUE, _("Płatności po terminie")),
    ):
        registry.add_kind(
            MessageKind(
                name=name,
                title=title,
                channels=(Channel.EMAIL, Channel.BELL),
                optional=(Channel.SMS,),
            )
        )
    for name, text in (
        ("basket_made", _("przygotował(a) przelew %(object)s na %(amount)s")),
        ("basket_downloaded", _("pobrał(a) dane przelewu %(object)s")),
        ("payment_reported", _("zgłosił(a) przelew %(amount)s z dnia %(on)s")),
        ("payment_report_withdrawn", _("wycofał(a) zgłoszenie przelewu %(amount)s")),
        ("payment_promised", _("obiecał(a) zapłacić %(amount)s do %(by)s")),
        ("payment_promise_withdrawn", _("wycofał(a) obietnicę zapłaty %(amount)s")),
    ):
        add_event(name, text, group=Group.INSTRUCTIONS)
    for name, text in (
        ("cost_recharged", _("doliczono do najbliższej faktury: %(title)s")),
        ("fee_charged", _("naliczono opłatę: %(title)s (tabela %(version)s)")),
        ("fee_cancelled", _("anulował(a) opłatę: %(title)s. Powód: %(reason)s")),
        ("fee_table_imported", _("wczytał(a) tabelę opłat %(version)s")),
        ("fee_table_copied", _("założył(a) nową wersję tabeli opłat: %(version)s")),
        ("paper_fees_charged", _("naliczono opłaty za faktury papierowe: %(object)s")),
    ):
        add_event(name, text, group=Group.DATA)


def _after_feed() -> None:
    from invoicing import tasks  # noqa: PLC0415 -- needs celery only when a feed comes

    tasks.settle_what_was_said.delay()

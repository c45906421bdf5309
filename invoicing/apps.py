from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = _("Finanse")

    def ready(self) -> None:
        from eboks.feeds.registry import registry  # noqa: PLC0415 -- apps are loaded only now
        from invoicing import (  # noqa: PLC0415
            archive_parts,
            balance_feed,
            balance_messages,
            consents,
            feeds,
            frozen,
            invoice_zip,
            ledger_rules,
            list_exports,
            night_duties,
            paying_events,
            reporting,
            retention,
            vehicle_vat,
        )
        from invoicing.bank import events as bank_events  # noqa: PLC0415
        from invoicing.bank import feed_links  # noqa: PLC0415
        from invoicing.issuing import rules as issuing_rules  # noqa: PLC0415

        feeds.register(registry)
        consents.register()
        frozen.register()
        ledger_rules.register(self)
        issuing_rules.register()
        bank_events.register()
        feed_links.register(registry)
        paying_events.register()
        retention.register()
        balance_messages.register()
        reporting.register()
        night_duties.register()
        balance_feed.register(registry)
        list_exports.register()
        invoice_zip.register()
        archive_parts.register()
        vehicle_vat.register()

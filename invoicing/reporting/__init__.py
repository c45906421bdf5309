"""Reports of invoicing beside the cost report: payments ahead, fees, taxes, accounting."""


def register() -> None:
    """Called once, when the app is ready."""
    from django.utils.translation import gettext_lazy as _  # noqa: PLC0415

    from eboks.audit.events import Group, add_event  # noqa: PLC0415
    from invoicing.reporting import accounting, ahead, costs, tax_report  # noqa: PLC0415 -- models

    for module in (ahead, costs, tax_report, accounting):
        module.register()
    add_event(
        "vehicle_use_set",
        _("ustawił(a) sposób używania pojazdów do podatków (%(count)s)"),
        group=Group.DATA,
    )

from django.db import migrations


def move(apps, schema_editor):
    """Prices of paper invoices become a fee table of their own, one for each period."""
    old = apps.get_model("onboarding", "PaperFee").objects.order_by("valid_from", "contracts_from")
    tables = apps.get_model("invoicing", "FeeTable").objects
    lines = apps.get_model("invoicing", "FeeLine").objects
    for fee in old:
        table, _made = tables.get_or_create(
            version=f"papier-{fee.valid_from}",
            defaults={"title": "Opłaty za faktury papierowe", "valid_from": fee.valid_from, "valid_to": fee.valid_to},
        )
        lines.get_or_create(
            table=table,
            code="paper_invoice",
            channel="paper",
            contracts_from=fee.contracts_from,
            defaults={
                "position": fee.contracts_from,
                "title": "Faktura papierowa",
                "base": "per_month",
                "net": fee.net_monthly,
                "contracts_to": fee.contracts_to,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("onboarding", "0001_initial"), ("invoicing", "0009_fees")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop)]

from django.db import migrations

BODY = (
    "Zgadzamy się na wystawianie i przesyłanie faktur, korekt i not w formie elektronicznej. "
    "Dokument uznajemy za doręczony, gdy pojawi się w portalu. Zgodę można cofnąć w portalu w każdej chwili."
)


def add_text(apps, schema_editor):
    """The first words to agree to; the lessor adds its own versions in the back office."""
    text = apps.get_model("invoicing", "ConsentText")
    text.objects.get_or_create(version="2026-1", defaults={"valid_from": "2026-01-01", "body": BODY})


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0003_e_invoice_consent")]
    operations = [migrations.RunPython(add_text, migrations.RunPython.noop)]

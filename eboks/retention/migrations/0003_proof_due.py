"""What a client attached to „Zapłaciłem” also stays while a claim to what it paid may be made."""

import datetime as dt

from django.db import migrations

SINCE = dt.date(2010, 1, 1)
RULE = {"document_class": "proof", "formula": "civil", "basis": "due", "valid_from": SINCE}


def add_rule(apps, schema_editor):
    apps.get_model("retention", "RetentionRule").objects.create(
        **RULE, title="Roszczenia z umowy", years=3, legal_basis="art. 118 Kodeksu cywilnego"
    )


class Migration(migrations.Migration):
    dependencies = [("retention", "0002_first_rules")]

    operations = [migrations.RunPython(add_rule, migrations.RunPython.noop, elidable=False)]

"""Photographs of odometers stay until claims from the mileage are time-barred (domain 7)."""

import datetime as dt

from django.db import migrations


def add_rule(apps, schema_editor):
    apps.get_model("retention", "RetentionRule").objects.create(
        document_class="mileage_photo",
        title="Roszczenia",
        formula="civil",
        years=3,
        basis="created",
        legal_basis="art. 118 Kodeksu cywilnego",
        valid_from=dt.date(2010, 1, 1),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0001_fleet"),
        ("retention", "0003_proof_due"),
    ]

    operations = [migrations.RunPython(add_rule, migrations.RunPython.noop, elidable=False)]

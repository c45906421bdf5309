"""Papers of own policies and of claims stay until claims from them are time-barred (domain 7)."""

import datetime as dt

from django.db import migrations


def add_rules(apps, schema_editor):
    rules = apps.get_model("retention", "RetentionRule").objects
    for document_class, basis in (("policy", "ended"), ("claim_file", "decided")):
        rules.create(
            document_class=document_class,
            title="Roszczenia",
            formula="civil",
            years=3,
            basis=basis,
            legal_basis="art. 118 Kodeksu cywilnego",
            valid_from=dt.date(2010, 1, 1),
        )


class Migration(migrations.Migration):
    dependencies = [
        ("insurance", "0001_insurance"),
        ("retention", "0003_proof_due"),
    ]

    operations = [migrations.RunPython(add_rules, migrations.RunPython.noop, elidable=False)]

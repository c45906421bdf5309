from django.db import migrations

from eboks.audit import triggers

TABLES = ["audit_auditentry"]


def forwards(apps, schema_editor):
    triggers.guard(schema_editor.connection, TABLES)


def backwards(apps, schema_editor):
    triggers.unguard(schema_editor.connection, TABLES)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]

"""A public id for every mandate, also for those that stand already; and who invited whom, as whom."""

import uuid

from django.db import migrations, models


def give_ids(apps, schema_editor):
    """One random UUID for each row, made by the database: there may be tens of thousands."""
    if schema_editor.connection.vendor == "postgresql":
        made = "gen_random_uuid()"
    else:
        made = (
            "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
            "substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2))"
        )
    schema_editor.execute(f"UPDATE tenancy_membership SET public_id = {made}")


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0002_company_contact_name_company_two_people_sign_and_more"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="invited_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="zaproszono"
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="invited_as",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                max_length=301,
                verbose_name="zaproszono jako",
            ),
            preserve_default=False,
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
    ]

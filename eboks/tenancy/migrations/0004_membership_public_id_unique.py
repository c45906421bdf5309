"""Apart from the filling of the column, so that PostgreSQL may change the table."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0003_membership_public_id"),
    ]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role", "owner"), _negated=True)
                | models.Q(("is_limited", False)),
                name="membership_administrator_sees_all",
                violation_error_message="Administrator widzi wszystkie umowy firmy.",
            ),
        ),
    ]

from django.db import migrations, models

_OPEN = ("submitted", "in_review", "needs_customer", "approved", "produced")


def _one_open(field, name, *, contract_is_null):
    condition = models.Q(
        contract__isnull=contract_is_null, is_exclusive=True, status__in=_OPEN
    )
    return models.UniqueConstraint(condition=condition, fields=(field, "kind"), name=name)


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0002_first_country_rules")]

    operations = [
        migrations.RemoveConstraint(model_name="request", name="request_one_open_of_contract"),
        migrations.RemoveConstraint(model_name="request", name="request_one_open_of_company"),
        migrations.AddConstraint(
            model_name="request",
            constraint=_one_open("contract", "request_one_open_of_contract", contract_is_null=False),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=_one_open("company", "request_one_open_of_company", contract_is_null=True),
        ),
    ]

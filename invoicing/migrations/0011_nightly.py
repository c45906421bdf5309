import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import eboks.fields


class Migration(migrations.Migration):

    dependencies = [
        ("contracts", "0005_reference_rates"),
        ("invoicing", "0010_issuing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BalanceDifference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3, verbose_name="waluta")),
                ("first_on", models.DateField(verbose_name="od dnia")),
                ("as_of", models.DateField(verbose_name="stan na dzień")),
                ("our_open", eboks.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="u nas do zapłaty")),
                ("core_open", eboks.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="w systemie centralnym do zapłaty")),
                ("our_overpaid", eboks.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="u nas nadpłata")),
                ("core_overpaid", eboks.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="w systemie centralnym nadpłata")),
                ("state", models.CharField(choices=[("open", "do wyjaśnienia"), ("explained", "wyjaśniona"), ("gone", "zniknęła następnej nocy")], default="open", max_length=10, verbose_name="stan")),
                ("note", models.CharField(blank=True, max_length=250, verbose_name="wyjaśnienie")),
                ("found_at", models.DateTimeField(verbose_name="znaleziono")),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="wyjaśniono")),
                ("gone_on", models.DateField(blank=True, null=True, verbose_name="zgadza się od dnia")),
                ("contract", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="balance_differences", to="contracts.contract")),
                ("handled_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="kto wyjaśnił")),
            ],
            options={
                "verbose_name": "różnica sald",
                "verbose_name_plural": "różnice sald",
                "indexes": [models.Index(fields=["state", "-as_of"], name="balancedifference_queue")],
                "constraints": [models.UniqueConstraint(condition=models.Q(("state", "gone"), _negated=True), fields=("contract", "currency"), name="balancedifference_once")],
            },
        ),
        migrations.CreateModel(
            name="CoreBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField(verbose_name="stan na dzień")),
                ("currency", models.CharField(max_length=3, verbose_name="waluta")),
                ("open_amount", eboks.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="do zapłaty")),
                ("overpaid_amount", eboks.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="nadpłata")),
                ("contract", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="core_balances", to="contracts.contract")),
            ],
            options={
                "verbose_name": "saldo z systemu centralnego",
                "verbose_name_plural": "salda z systemu centralnego",
                "constraints": [models.UniqueConstraint(fields=("as_of", "contract", "currency"), name="corebalance_day_unique")],
            },
        ),
        # The night reads what is open by contract, and appends the balances of a day.
        migrations.AddIndex(
            model_name="receivableitem",
            index=models.Index(condition=models.Q(("open_amount", 0), _negated=True), fields=["contract"], name="receivableitem_open_contract"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(condition=models.Q(("unallocated_amount", 0), _negated=True), fields=["contract"], name="payment_overpaid_contract"),
        ),
        migrations.AlterField(
            model_name="balance",
            name="contract",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="balances", to="contracts.contract"),
        ),
        migrations.RemoveConstraint(model_name="balance", name="balance_day_unique"),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.UniqueConstraint(fields=("as_of", "contract", "currency"), name="balance_day_unique"),
        ),
    ]

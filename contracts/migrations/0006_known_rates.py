"""The reference rates that contracts name. Values come by import; more rates can be added later."""

from __future__ import annotations

import datetime as dt

from django.db import migrations

_BEFORE_ANY_CONTRACT = dt.date(2000, 1, 1)
_POLSTR_SINCE = dt.date(2025, 6, 2)  # first publication by GPW Benchmark
_GPW = ("GPW Benchmark S.A.", "https://gpwbenchmark.pl/")
_EMMI = ("European Money Markets Institute", "https://www.emmi-benchmarks.eu/")


def add(apps, schema_editor):
    rates = apps.get_model("contracts", "ReferenceRate")

    def rate(code, kind, tenor, currency, published, since, overnight=None):
        administrator, url = published
        return rates.objects.update_or_create(
            code=code,
            defaults={
                "title": code.replace("_", " ") if code != "FIXED" else "stała",
                "kind": kind,
                "currency": currency,
                "tenor_months": tenor,
                "administrator": administrator,
                "source_url": url,
                "valid_from": since,
                "overnight": overnight,
            },
        )[0]

    for months in (1, 3, 6):
        rate(f"WIBOR_{months}M", "term", months, "PLN", _GPW, _BEFORE_ANY_CONTRACT)
        rate(f"EURIBOR_{months}M", "term", months, "EUR", _EMMI, _BEFORE_ANY_CONTRACT)
    polstr = rate("POLSTR", "overnight", 0, "PLN", _GPW, _POLSTR_SINCE)
    for months in (1, 3, 6):
        rate(f"POLSTR_{months}M", "compound", months, "PLN", _GPW, _POLSTR_SINCE, polstr)
    rate("FIXED", "fixed", 0, "PLN", ("", ""), _BEFORE_ANY_CONTRACT)


class Migration(migrations.Migration):
    dependencies = [("contracts", "0005_reference_rates")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

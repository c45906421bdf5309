"""Rates of interest for late payment and of compensation, as published (docs/ledger.md)."""

import datetime as dt
from decimal import Decimal

from django.db import migrations

_DAY = dt.timedelta(days=1)
# Half-years: the NBP reference rate of their first day, how well it is known. Commercial
# transactions pay it + 10 points, public medical entities + 8 (act of 8 March 2013).
_HALF_YEARS = [
    ("2020-01-01", "1.50", "obliczona z potwierdzonej"),
    ("2020-07-01", "0.10", "potwierdzona"),
    ("2021-01-01", "0.10", "potwierdzona"),
    ("2021-07-01", "0.10", "obliczona z potwierdzonej"),
    ("2022-01-01", "1.75", "potwierdzona"),
    ("2022-07-01", "6.00", "potwierdzona"),
    ("2023-01-01", "6.75", "obliczona z potwierdzonej"),
    ("2023-07-01", "6.75", "obliczona ze znanej"),
    ("2024-01-01", "5.75", "obliczona z potwierdzonej"),
    ("2024-07-01", "5.75", "obliczona z potwierdzonej"),
    ("2025-01-01", "5.75", "obliczona z potwierdzonej"),
    ("2025-07-01", "5.25", "obliczona z potwierdzonej"),
    ("2026-01-01", "4.00", "obliczona z potwierdzonej"),
    ("2026-07-01", "3.75", ""),  # not confirmed that the NBP changed nothing after 5 March 2026
]
# Statutory interest for delay (art. 481 par. 2 of the civil code), for consumers.
_DELAY = [
    ("2015-03-05", "7.00", True),
    ("2020-03-18", "6.50", True),
    ("2020-04-09", "6.00", True),
    ("2020-05-29", "5.60", True),
    ("2021-10-07", "6.00", True),
    ("2021-11-04", "6.75", True),
    ("2021-12-09", "7.25", True),
    ("2022-01-05", "7.75", True),
    ("2022-02-09", "8.25", False),
    ("2022-03-09", "9.00", True),
    ("2022-04-07", "10.00", False),
    ("2022-05-06", "10.75", True),
    ("2022-06-09", "11.50", True),
    ("2022-07-08", "12.00", True),
    ("2022-09-08", "12.25", True),
    ("2023-09-07", "11.50", False),
    ("2023-10-05", "11.25", False),
    ("2025-05-08", "10.75", True),
    ("2025-07-03", "10.50", True),
    ("2025-09-04", "10.25", True),
    ("2025-10-09", "10.00", True),
    ("2025-11-06", "9.75", True),
    ("2025-12-04", "9.50", True),
    ("2026-03-05", "9.25", True),
]
# Compensation for recovery costs (art. 10 of the same act): the debt from, that amount included, EUR.
_COMPENSATION = [("0.00", True, "40"), ("5000.00", False, "70"), ("50000.00", True, "100")]


def _half_year_end(first: dt.date) -> dt.date:
    if first.month == 1:
        return first.replace(month=6, day=30)
    return first.replace(month=12, day=31)


def forwards(apps, schema_editor):
    rates = []
    make = apps.get_model("invoicing", "LateInterestRate")
    for day, reference, mark in _HALF_YEARS:
        first = dt.date.fromisoformat(day)
        for debtor, more in (("general", 10), ("public_medical", 8)):
            source = f"stopa referencyjna NBP {reference.replace('.', ',')} % + {more} p.p."
            rates.append(
                make(
                    debtor=debtor,
                    valid_from=first,
                    valid_to=_half_year_end(first),
                    rate_pct=Decimal(reference) + more,
                    source=f"{source}, {mark}" if mark else source,
                    is_provisional=not mark,
                )
            )
    days = [dt.date.fromisoformat(day) for day, _rate, _known in _DELAY]
    for first, following, (_day, rate, known) in zip(days, [*days[1:], None], _DELAY, strict=True):
        rates.append(
            make(
                debtor="consumer",
                valid_from=first,
                valid_to=following and following - _DAY,
                rate_pct=Decimal(rate),
                source="odsetki ustawowe za opóźnienie, art. 481 § 2 KC",
                is_provisional=not known,
            )
        )
    make.objects.bulk_create(rates)
    amounts = apps.get_model("invoicing", "CompensationRate")
    amounts.objects.bulk_create(
        amounts(
            valid_from=dt.date(2020, 1, 1),
            amount_from=Decimal(amount),
            from_is_included=included,
            eur=Decimal(eur),
        )
        for amount, included, eur in _COMPENSATION
    )


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0005_side_debts")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]

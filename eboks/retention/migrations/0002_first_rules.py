"""Periods of the law as of 2026 (domain: accounting, VAT, income tax, claims, AML)."""

import datetime as dt

from django.db import migrations

SINCE = dt.date(2010, 1, 1)
UOR = "art. 74 ust. 2 ustawy o rachunkowości"
VAT = "art. 112 ustawy o VAT, art. 70 Ordynacji podatkowej"
CIT = "art. 70 Ordynacji podatkowej"
KC = "art. 118 Kodeksu cywilnego"
AML = "art. 49 ustawy o przeciwdziałaniu praniu pieniędzy"

ISSUED = [
    ("Rachunkowość", "accounting", 5, "issued", UOR),
    ("VAT", "vat", 5, "issued", VAT),
    ("Podatek dochodowy", "income_tax", 5, "issued", CIT),
    ("Roszczenia z umowy", "civil", 3, "due", KC),
]
CONTRACT = [
    ("Umowy handlowe", "accounting", 5, "settled", UOR + " pkt 4"),
    ("Podatek dochodowy", "income_tax", 5, "settled", CIT),
    ("Roszczenia z umowy", "civil", 3, "settled", KC),
    ("AML", "anniversary", 5, "settled", AML),
]
RULES = {
    "invoice": ISSUED,
    "contract": CONTRACT,
    "request": [("Roszczenia", "civil", 3, "decided", KC)],
    "confirmation": [("Inwentaryzacja", "accounting", 5, "issued", UOR)],
    "proof": [("Roszczenia", "civil", 3, "created", KC)],
    "kyc": [("AML", "anniversary", 5, "ended", AML)],
}


def add_rules(apps, schema_editor):
    rule = apps.get_model("retention", "RetentionRule")
    rule.objects.bulk_create(
        rule(
            document_class=name,
            title=title,
            formula=formula,
            years=years,
            basis=basis,
            legal_basis=law,
            valid_from=SINCE,
        )
        for name, rules in RULES.items()
        for title, formula, years, basis, law in rules
    )


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial")]

    operations = [migrations.RunPython(add_rules, migrations.RunPython.noop, elidable=False)]

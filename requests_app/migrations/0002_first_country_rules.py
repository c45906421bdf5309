"""The first travel rules, from the domain specification 4.2 alone; the lessor confirms and adds."""

from __future__ import annotations

import datetime as dt

from django.db import migrations

_SINCE = dt.date(2026, 1, 1)
_FREE = ["AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PT", "RO", "SE", "SI", "SK"]
_A = "domena 4.2: UE, EFTA i Wielka Brytania w grupie A"
_B = "domena 4.2: poza UE, EFTA i Wielką Brytanią; aktualnej listy krajów Zielonej Karty nie sprawdzono"
_C = "domena 4.2: wyłączone (RU, BY, tereny wojny); Zielonej Karty nie sprawdzono"
_PRESS = "notariusz: lista prasowa [V39]"
_AC = "AC: [V36]"
_PRESS_NOTE = (
    "Według listy prasowej na miejscu mogą poprosić o zgodę poświadczoną przez notariusza. "
    "Tej informacji jeszcze nie potwierdziliśmy: zapytaj nas przed wyjazdem."
)
_AC_NOTE = " Autocasco może tu nie działać albo wymagać dopłaty."
_PRESS_FREE = ("BG", "GR", "HU")

# What is not said in the source stays at no: it is for the lessor to fill in.
_OTHERS = {
    "AL": {"group": "B", "green_card": True, "notary": True, "note": _PRESS_NOTE, "basis": f"{_B}; {_PRESS}"},
    "RS": {"group": "B", "green_card": True, "notary": True, "note": _PRESS_NOTE, "basis": f"{_B}; {_PRESS}"},
    "MD": {
        "group": "B", "green_card": True, "notary": True, "ac_extension": True,
        "note": _PRESS_NOTE + _AC_NOTE, "basis": f"{_B}; {_PRESS}; {_AC}",
    },
    "TR": {
        "group": "B", "green_card": True, "notary": True, "legalisation": True,
        "note": "Potrzebna zgoda poświadczona przez notariusza i zalegalizowana. Zacznij wcześniej i potwierdź to u nas.",
        "basis": f"{_B}; notariusz i legalizacja: [V38], {_PRESS}",
    },
    "UA": {
        "group": "C", "green_card": True, "notary": True, "ac_extension": True,
        "note": (
            "Potrzebne: zgoda poświadczona przez notariusza i Zielona Karta, żadnych dokumentów po rosyjsku. "
            "Potwierdź to u nas przed wyjazdem." + _AC_NOTE
        ),
        "basis": "domena 4.2: tereny wojny wyłączone; notariusz, Zielona Karta, bez dokumentów po rosyjsku: [V37]; AC: [V36]",
    },
    "BY": {
        "group": "C", "notary": True, "ac_extension": True,
        "note": _PRESS_NOTE + _AC_NOTE, "basis": f"{_C}; {_PRESS}; {_AC}",
    },
    "RU": {"group": "C", "ac_extension": True, "note": _AC_NOTE.strip(), "basis": f"{_C}; {_AC}"},
}


def add(apps, schema_editor):
    rules = apps.get_model("requests_app", "CountryRule")
    rows = {code: {"group": "A", "basis": _A} for code in _FREE}
    for code in _PRESS_FREE:
        rows[code] |= {"notary": True, "note": _PRESS_NOTE, "basis": f"{_A}; {_PRESS}"}
    for code, values in (rows | _OTHERS).items():
        rules.objects.get_or_create(iso2=code, valid_from=_SINCE, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0001_requests")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

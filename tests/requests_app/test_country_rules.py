"""Travel rules of countries: the first rows, the rule of a day, the back office."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from eboks.accounts.staff import StaffRole, create_staff
from requests_app.admin.countries import CountryRuleForm
from requests_app.countries import country_name, in_order, rule_of, rules_on
from requests_app.models import CountryRule
from tests.factories import PASSWORD
from tests.requests_app.country_rows import first_rules

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(db):
    first_rules()


def test_first_rules_are_those_of_the_specification():
    found = {rule.iso2: rule for rule in CountryRule.objects.order_by("iso2")}

    groups = {
        name: {code for code, rule in found.items() if rule.group == name}
        for name in ("A", "B", "C")
    }
    assert len(groups["A"]) == 26 + 4 + 1
    assert {"NO", "CH", "IS", "LI", "GB"} <= groups["A"]
    assert "PL" not in found
    assert groups["B"] == {"AL", "MD", "RS", "TR"}
    assert groups["C"] == {"BY", "RU", "UA"}
    notary = {code for code, rule in found.items() if rule.notary}
    assert notary == {"AL", "BY", "BG", "GR", "MD", "RS", "TR", "UA", "HU"}
    assert {code for code, rule in found.items() if rule.ac_extension} == {"BY", "MD", "RU", "UA"}
    assert [code for code, rule in found.items() if rule.legalisation] == ["TR"]
    assert all(rule.basis for rule in found.values())
    assert "listy prasowej" in found["HU"].note
    assert "nie sprawdzono" in found["AL"].basis


def test_rule_is_that_of_the_day():
    day = dt.date(2030, 5, 1)
    CountryRule.objects.filter(iso2="RS").update(valid_to=day - dt.timedelta(days=1))
    CountryRule.objects.create(iso2="RS", group="A", basis="nowa", valid_from=day)
    CountryRule.objects.filter(iso2="AL").update(valid_to=day)

    assert rule_of("RS", on=day - dt.timedelta(days=1)).group == "B"
    assert rule_of("RS", on=day).group == "A"
    assert rule_of("AL", on=day).group == "B"
    assert rule_of("AL", on=day + dt.timedelta(days=1)) is None
    assert rule_of("RS", on=dt.date(2020, 1, 1)) is None
    assert rules_on(day)["RS"].group == "A"
    assert "AL" not in rules_on(day + dt.timedelta(days=1))


@pytest.mark.parametrize(
    "values",
    [
        {"iso2": "DE", "valid_from": dt.date(2026, 1, 1)},
        {"iso2": "US", "valid_from": dt.date(2026, 1, 2), "valid_to": dt.date(2026, 1, 1)},
    ],
    ids=["twice from one day", "days in reverse"],
)
def test_rule_that_cannot_be(values):
    with pytest.raises(IntegrityError), transaction.atomic():
        CountryRule.objects.create(group="A", basis="x", **values)


def test_office_form_knows_countries_and_languages():
    good = {"iso2": "BA", "group": "B", "basis": "x", "valid_from": "2027-01-01"}

    assert CountryRuleForm({**good, "languages": ["de"]}).is_valid()
    assert "iso2" in CountryRuleForm({**good, "iso2": "QX"}).errors
    assert "iso2" in CountryRuleForm({**good, "iso2": "ba"}).errors
    assert "languages" in CountryRuleForm({**good, "languages": ["ru"]}).errors


def test_countries_stand_in_the_order_of_the_language():
    codes = ["LT", "LV", "ES", "LU", "CZ"]

    assert in_order(codes, "pl") == ["CZ", "ES", "LT", "LU", "LV"]  # Łotwa after Luksemburg
    assert in_order(["IT", "ES", "NO"], "uk") == ["ES", "IT", "NO"]  # Іспанія, Італія, Норвегія
    assert in_order(["AT", "EE", "DE"], "de") == ["DE", "EE", "AT"]  # Österreich as with O
    with translation.override("uk"):
        assert country_name("DE") == "Німеччина"


def test_lessor_adds_and_ends_a_rule(client):
    admin = create_staff(
        username="Z-admin", email="a@lessor.example", role=StaffRole.ADMIN, password=PASSWORD
    )
    client.force_login(admin)
    add = reverse("admin:requests_app_countryrule_add")
    typed = {
        "iso2": "BA",
        "group": "B",
        "basis": "lista 2027",
        "valid_from": "2027-01-01",
        "languages": ["en", "de"],
        "green_card": "on",
    }

    assert client.get(add).status_code == 200
    client.post(add, typed)
    rule = CountryRule.objects.get(iso2="BA")
    assert rule.languages == ["en", "de"]
    assert rule.green_card
    change = reverse("admin:requests_app_countryrule_change", args=[rule.pk])
    refused = client.post(change, {**typed, "valid_to": "2026-12-31"})
    assert "Ostatni dzień nie może być przed pierwszym." in refused.content.decode()
    client.post(change, {**typed, "valid_to": "2027-12-31"})
    assert rule_of("BA", on=dt.date(2028, 1, 1)) is None

    page = client.get(reverse("admin:requests_app_countryrule_changelist"), {"q": "ba"})
    assert "Bośnia i Hercegowina" in page.content.decode()

"""The what-if page: numbers side by side, errors in words, nobody else's contract."""

from __future__ import annotations

import pytest

from contracts.models import ScheduleVersion
from eboks.tenancy.rights import Role
from requests_app.models import Request
from tests import factories as f
from tests.requests_app.scheduled import NOW, with_schedule

pytestmark = pytest.mark.django_db
LOWER = {"wish": "lower", "extra": "10 000,00", "extra_on": "2026-12-01"}


@pytest.fixture
def page(client, lessee, time_machine):
    time_machine.move_to(NOW, tick=False)
    with_schedule(lessee)
    client.force_login(lessee.user)
    url = f"/wnioski/symulacja/{lessee.contract.public_id}/"
    return lambda **typed: client.get(url, typed)


def words(response) -> str:
    return response.content.decode().replace("\xa0", " ")


def test_extra_payment_lowers_the_instalment(page):
    text = words(page(**LOWER))
    assert "2 803,79 zł" in text
    assert "Kapitał po racie 13 (10 grudnia 2026)" in text
    assert "58 889,87 zł" in text
    assert "−10 000,00 zł" in text
    assert "48 889,87 zł" in text
    assert "Odsetki do końca umowy spadną o" in text
    assert not Request.objects.exists()
    assert ScheduleVersion.objects.count() == 1


def test_another_term(page):
    response = page(wish="term", count="36")
    compared = {label: (now, then) for label, now, then in response.context["compared"]}
    assert compared["Ile rat zostaje"] == ("23", "36")
    assert compared["Ostatnia rata"] == ("10.10.2028", "10.11.2029")
    assert "wzrosną o" in words(response)


@pytest.mark.parametrize(
    ("typed", "field", "text"),
    [
        (LOWER | {"extra": "dużo"}, "extra", "Podaj kwotę, na przykład"),
        (LOWER | {"extra": ""}, "extra", "Podaj kwotę nadpłaty."),
        (LOWER | {"extra_on": ""}, "extra_on", "Podaj dzień nadpłaty."),
        (LOWER | {"extra": "900000"}, "extra", "57 889,87 zł"),
        ({"wish": "term"}, "count", "Podaj liczbę rat"),
        ({"wish": "inne"}, "wish", "inne"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(page, typed, field, text):
    response = page(**typed)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert text in str(response.context["form"].errors).replace("\xa0", " ")
    assert response.context["result"] is None


def test_first_view_is_an_empty_form(page):
    response = page()
    assert not response.context["form"].is_bound
    assert "Policz" in words(response)


def test_schedule_leads_there(client, page, lessee):
    url = f"/wnioski/symulacja/{lessee.contract.public_id}/"
    assert url in words(client.get(f"/umowy/{lessee.contract.public_id}/harmonogram/"))


def test_stranger_and_a_member_without_money(client, page, lessee):
    client.force_login(f.MembershipFactory().user)
    assert page().status_code == 404
    fleet = f.MembershipFactory(company=lessee.company, role=Role.FLEET)
    client.force_login(fleet.user)
    assert page().status_code == 403

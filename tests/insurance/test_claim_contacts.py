"""Whom to call after a damage: for everybody, also when everything else is down."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from contracts.models import AssignedAsset
from eboks import clock
from eboks.accounts.staff import StaffRole, create_staff
from eboks.tenancy.rights import Role
from insurance import claim_page
from insurance.contacts import all_contacts, contact_of_claim, contacts_of_vehicle
from insurance.enums import Risk
from insurance.models import Insurer
from tests.factories import PASSWORD, AssetFactory, LessorFactory, MembershipFactory
from tests.insurance.factories import (
    ClaimContactFactory,
    ClaimFactory,
    InsurerFactory,
    PolicyFactory,
)
from tests.test_caching import NOBODY

PATH = "/ubezpieczenia/pomoc-po-szkodzie/"
DAY = dt.timedelta(days=1)
TODAY = clock.today()


@pytest.fixture(autouse=True)
def _store(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(claim_page, "_kept", {})
    monkeypatch.setattr(claim_page, "_failed_at", None)


@pytest.fixture
def contact(db):
    LessorFactory()
    return ClaimContactFactory.create(
        phone="+48 22 111 22 33",
        phone_abroad="+48 22 444 55 66",
        form_url="https://szkody.example/formularz",
        email="szkody@tu.example",
    )


def down(execute, sql, params, many, context):
    raise OperationalError("the database is away")


def age(tmp_path, seconds):
    """As if the copies had been made so long ago."""
    for file in tmp_path.glob("claim-contacts.*"):
        changed = file.stat().st_mtime - seconds
        os.utime(file, (changed, changed))


def text(response):
    return response.content.decode()


# --- the page -----------------------------------------------------------------------------------


def test_page_is_whole_for_a_stranger(contact):
    response = Client().get(PATH)

    page = text(response)
    assert response.status_code == 200
    assert reverse("insurance:claim_contacts") == PATH
    for piece in (
        'href="tel:112"',
        'href="tel:+48221112233"',
        'href="tel:+48224445566"',
        'href="https://szkody.example/formularz"',
        'href="mailto:szkody@tu.example"',
        "całą dobę",
        "<li>numer polisy</li><li>data i miejsce</li>",
        "Przykładowe TU S.A.",
        "Każda szkoda",
    ):
        assert piece in page, piece
    assert page.index("tel:112") < page.index("tel:+48221112233")
    assert page.count("<h1") == 1
    assert "<script" not in page


def test_answer_may_be_kept_by_anybody_and_sets_nothing(contact):
    response = Client().get(PATH)

    assert "public" in response["Cache-Control"]
    assert "stale-if-error" in response["Cache-Control"]
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_page_has_a_copy_for_each_language(contact, language):
    response = Client().get(f"{PATH}?jezyk={language}")

    assert response["Content-Language"] == language
    assert f'<html lang="{language}">' in text(response)


def test_unknown_language_is_polish(contact):
    assert Client().get(f"{PATH}?jezyk=../../etc")["Content-Language"] == "pl"


def test_kept_copy_asks_the_database_nothing(contact, django_assert_num_queries, client_of):
    browser = client_of(MembershipFactory.create().user)
    browser.get(PATH)

    with django_assert_num_queries(0):
        browser.get(PATH)


def test_database_away_shows_the_last_copy_to_those_with_a_session(contact, client_of, tmp_path):
    browser = client_of(MembershipFactory.create().user)
    browser.get(PATH)
    age(tmp_path, 24 * 3600)

    with connection.execute_wrapper(down):
        answers = [browser.get(PATH), Client().get(PATH), browser.get(PATH)]

    assert {answer.status_code for answer in answers} == {200}
    assert all("+48221112233" in text(answer) for answer in answers)


def test_database_away_is_asked_once_and_then_left_alone(contact, tmp_path):
    Client().get(PATH)
    age(tmp_path, 24 * 3600)
    asked = []

    def counted(execute, sql, params, many, context):
        asked.append(sql)
        raise OperationalError

    with connection.execute_wrapper(counted):
        for _n in range(3):
            Client().get(PATH)

    assert len(asked) == 1


def test_cache_server_away_changes_nothing(contact, settings, client_of):
    browser = client_of(MembershipFactory.create().user)
    settings.CACHES = NOBODY

    assert browser.get(PATH).status_code == 200
    with connection.execute_wrapper(down):
        assert browser.get(PATH).status_code == 200


def test_full_disk_leaves_the_copy_of_the_process(contact, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file" / "below"  # nothing can be written there
    Client().get(PATH)

    with connection.execute_wrapper(down):
        assert "+48221112233" in text(Client().get(PATH))


def test_without_any_copy_the_emergency_number_is_left(db):
    with connection.execute_wrapper(down):
        response = Client().get(PATH)

    assert response.status_code == 503
    assert 'href="tel:112"' in text(response)
    assert response["Cache-Control"] == "no-store, private"


def test_old_copy_is_made_anew(contact, tmp_path):
    Client().get(PATH)
    Insurer.objects.update(name="Inne TU S.A.")
    assert "Inne TU" not in text(Client().get(PATH))
    age(tmp_path, 3600)

    assert "Inne TU S.A." in text(Client().get(PATH))


def test_change_of_a_contact_shows_at_once(contact, django_capture_on_commit_callbacks):
    Client().get(PATH)

    with django_capture_on_commit_callbacks(execute=True):
        contact.phone = "+48 22 999 99 99"
        contact.save()

    assert "+48229999999" in text(Client().get(PATH))


def test_refresh_that_fails_leaves_the_copy(contact):
    assert claim_page.refresh() is True
    with connection.execute_wrapper(down):
        assert claim_page.refresh() is False
    assert "+48221112233" in text(Client().get(PATH))


def test_foreign_host_and_other_methods_get_nothing(contact, settings):
    assert Client().post(PATH).status_code == 405
    assert Client().head(PATH).status_code == 200
    settings.ALLOWED_HOSTS = ["portal.example"]
    assert Client().get(PATH, headers={"Host": "evil.example"}).status_code == 400


# --- which contact ------------------------------------------------------------------------------


def test_contacts_are_grouped_and_the_newest_valid_ones(contact):
    second = InsurerFactory.create(code="a-tu", name="A-TU")
    off = InsurerFactory.create(code="off", name="Dawne TU", is_active=False)
    ClaimContactFactory.create(insurer=off)
    ClaimContactFactory.create(insurer=second, risk=Risk.OC, hours="stare")
    ClaimContactFactory.create(
        insurer=second, risk=Risk.OC, hours="nowe", valid_from=TODAY - 10 * DAY
    )
    ClaimContactFactory.create(insurer=second, risk=Risk.ASS, valid_from=TODAY)
    ClaimContactFactory.create(insurer=second, risk=Risk.AC, valid_from=TODAY + DAY)
    ClaimContactFactory.create(insurer=second, risk=Risk.GAP, valid_to=TODAY - DAY)

    groups = all_contacts(TODAY)

    assert [group.insurer.name for group in groups] == ["A-TU", "Przykładowe TU S.A."]
    assert [(one.label, one.row.hours) for one in groups[0].contacts] == [
        ("assistance", "całą dobę"),
        ("OC", "nowe"),
    ]


def test_risk_without_its_own_contact_has_the_general_one(contact):
    own = ClaimContactFactory.create(insurer=contact.insurer, risk=Risk.ASS)
    asset = AssetFactory.create()
    PolicyFactory.create(
        asset=asset,
        insurer=contact.insurer,
        risks=(Risk.AC, Risk.OC, Risk.ASS),
        valid_from=TODAY - DAY,
        valid_to=TODAY + DAY,
    )
    owner = MembershipFactory.create(company=asset.contract.company, role=Role.OWNER)

    (of_policy,) = contacts_of_vehicle(asset, user=owner.user, on=TODAY)

    assert [(one.row, one.risks) for one in of_policy.contacts] == [
        (own, (Risk.ASS,)),
        (contact, (Risk.AC, Risk.OC)),
    ]


def test_claim_is_told_to_the_line_of_its_risk_else_to_the_general_one(contact):
    claim = ClaimFactory.create(insurer=contact.insurer, risk=Risk.AC)
    general = contact_of_claim(claim, on=TODAY)
    own = ClaimContactFactory.create(insurer=contact.insurer, risk=Risk.AC, valid_to=TODAY)

    assert general is not None
    assert general.row == contact
    assert [contact_of_claim(claim, on=day).row for day in (TODAY, TODAY + DAY)] == [own, contact]
    claim.insurer = None
    assert contact_of_claim(claim, on=TODAY) is None


def insured(company, **fields):
    asset = AssetFactory.create(contract__company=company)
    fields = {"valid_from": TODAY - 9 * DAY, "valid_to": TODAY + 9 * DAY, **fields}
    return PolicyFactory.create(asset=asset, risks=(Risk.AC, Risk.OC), **fields)


def test_driver_sees_the_contact_of_the_policy_on_the_page_of_the_vehicle(contact, client_of):
    driver = MembershipFactory.create(role=Role.DRIVER)
    policy = insured(driver.company)
    AssignedAsset.objects.create(membership=driver, asset=policy.asset)

    page = text(client_of(driver.user).get(f"/pojazdy/{policy.asset.public_id}/"))

    assert 'href="tel:+48221112233"' in page
    assert policy.number in page
    assert "3\u00a0600" not in page
    assert PATH in page


def test_vehicle_without_a_policy_says_so(contact, client_of):
    member = MembershipFactory.create()
    policy = insured(member.company, valid_to=TODAY - DAY)

    page = text(client_of(member.user).get(f"/pojazdy/{policy.asset.public_id}/"))

    assert "Nie mamy dziś ważnej polisy" in page


def test_strangers_get_no_policy(contact):
    policy = insured(MembershipFactory.create().company)
    stranger = MembershipFactory.create().user
    driver = MembershipFactory.create(role=Role.DRIVER, company=policy.company).user

    for person in (stranger, driver):
        assert contacts_of_vehicle(policy.asset, user=person, on=TODAY) == []


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_vehicle_do_not_grow(contact, count, django_assert_num_queries):
    member = MembershipFactory.create()
    policy = insured(member.company)
    for _n in range(count - 1):
        PolicyFactory.create(
            asset=policy.asset,
            valid_from=TODAY - DAY,
            valid_to=TODAY + DAY,
            risks=(Risk.ASS,),
        )

    with django_assert_num_queries(4):  # the first asks for limits of the person
        found = contacts_of_vehicle(policy.asset, user=member.user, on=TODAY)
    assert len(found) == count


def test_staff_edit_contacts(contact, client):
    client.force_login(
        create_staff(
            username="Z-3", email="s@lessor.example", role=StaffRole.SERVICE, password=PASSWORD
        )
    )
    page = reverse("admin:insurance_claimcontact_change", args=[contact.pk])
    assert client.get(page).status_code == 200
    data = {
        "insurer": contact.insurer_id,
        "phone": "+48 800 100 200",
        "hours": "8–18",
        "valid_from": "2026-01-01",
    }

    client.post(page, data)

    contact.refresh_from_db()
    assert contact.phone == "+48 800 100 200"

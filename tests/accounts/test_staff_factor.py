"""The lessor's staff: an app or a passkey, never an SMS, and nothing at all before it (SEC-95)."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP, format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from eboks.accounts.staff import StaffRole, create_staff
from eboks.authorisation.models import SmsDevice
from eboks.notifications.models import OutgoingMessage
from tests.factories import PASSWORD, LessorFactory, MembershipFactory
from tests.routes import PUBLIC, all_routes

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FREE = {"set_language", "extend_session", "notifications:demo_inbox"}


@pytest.fixture(params=[StaffRole.SERVICE, StaffRole.ADMIN])
def staff(request):
    LessorFactory()
    return create_staff(
        username="Z-1", email="z1@lessor.example", role=request.param, password=PASSWORD
    )


def code_of(secret, *, periods=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods))


def log_in(client, user):
    return client.post("/konto/logowanie/", {"login": user.username, "password": PASSWORD})


def private_paths():
    routes = [r for r in all_routes() if not r.parameters and r.name not in PUBLIC]
    return {r.name: reverse(r.name) for r in routes if r.name not in FREE}


def test_first_login_leads_to_enrolment_and_nowhere_else(client, staff):
    log_in(client, staff)

    opened = {
        name
        for name, path in private_paths().items()
        if client.get(path).headers.get("Location") != "/konto/aplikacja/"
    }

    assert opened == {
        *("mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes"),
        *("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
    }


def test_nothing_is_changed_before_a_factor_is_there(client, staff):
    log_in(client, staff)
    membership = MembershipFactory()

    response = client.post(
        f"/zaplecze/tenancy/membership/{membership.pk}/change/", {"role": "owner"}
    )

    assert response.url == "/konto/aplikacja/"
    membership.refresh_from_db()
    assert membership.is_active


@pytest.mark.django_db(transaction=True)
def test_enrolment_opens_the_back_office(client, staff):
    log_in(client, staff)
    assert client.get("/zaplecze/").url == "/konto/aplikacja/"
    asks = client.get("/konto/aplikacja/")
    if asks.status_code == 302:  # the password again, when the log-in does not count as proof
        client.post(asks.url, {"password": PASSWORD})
        asks = client.get("/konto/aplikacja/")
    assert asks.status_code == 200
    secret = client.session[SECRET_SESSION_KEY]

    client.post("/konto/aplikacja/", {"code": code_of(secret)})

    assert Authenticator.objects.filter(user=staff, type="totp").exists()
    assert client.get("/zaplecze/").status_code == 200


def test_password_alone_opens_nothing(client, staff):
    TOTP.activate(staff, SECRET)

    response = log_in(client, staff)

    assert response.url == "/konto/logowanie/aplikacja/"
    for name, path in private_paths().items():
        assert client.get(path).status_code in {302, 405}, name
    assert "_auth_user_id" not in client.session


def test_code_of_the_app_opens_the_back_office(client, staff):
    TOTP.activate(staff, SECRET)
    log_in(client, staff)

    client.post("/konto/logowanie/aplikacja/", {"code": code_of(SECRET)})

    assert client.get("/zaplecze/").status_code == 200


@pytest.mark.parametrize("typed", ["000000", "", "123 456", "x" * 50])
def test_wrong_code_opens_nothing(client, staff, typed):
    TOTP.activate(staff, SECRET)
    log_in(client, staff)

    client.post("/konto/logowanie/aplikacja/", {"code": typed})

    assert client.get("/zaplecze/").status_code == 302


def test_same_code_opens_once(client, staff):
    TOTP.activate(staff, SECRET)
    code = code_of(SECRET)
    for browser, status in ((client, 200), (Client(), 302)):
        log_in(browser, staff)
        browser.post("/konto/logowanie/aplikacja/", {"code": code})

        assert browser.get("/zaplecze/").status_code == status


def test_staff_get_no_sms_even_with_a_number(client, staff):
    SmsDevice.objects.create(user=staff, number="+48601234741", name="sms", confirmed=True)

    log_in(client, staff)

    assert client.get("/konto/logowanie/kod/").status_code == 302
    assert not OutgoingMessage.objects.filter(channel="sms").exists()
    assert client.get("/zaplecze/").url == "/konto/aplikacja/"


def test_session_without_a_factor_is_asked_for_it(client, staff):
    """A factor added elsewhere does not vouch for a session that has not shown it."""
    log_in(client, staff)
    TOTP.activate(staff, SECRET)

    response = client.get("/zaplecze/")

    assert response.url == "/konto/potwierdzenie/aplikacja/?next=%2Fzaplecze%2F"
    client.post(response.url, {"code": code_of(SECRET)})
    assert client.get("/zaplecze/").status_code == 200


def test_client_is_not_held_up(client):
    client.force_login(MembershipFactory().user)

    assert client.get("/").status_code == 200

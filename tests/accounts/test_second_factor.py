"""The second step of a log-in (SEC-08, 36, 37, 42, 45)."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eboks.accounts import second_factor
from eboks.accounts.models import TrustedBrowser
from eboks.authorisation.models import SmsDevice
from eboks.notifications.models import MessageState, OutgoingMessage
from tests.accounts.entering import CODE, LOGIN, code_step, enter, give_number, password_step
from tests.factories import PASSWORD, LessorFactory, MembershipFactory, UserFactory
from tests.routes import PUBLIC, portal_routes

pytestmark = pytest.mark.django_db
PAGE = "/konto/haslo/"


@pytest.fixture
def user():
    LessorFactory()
    person = MembershipFactory().user
    give_number(person)
    return person


@pytest.fixture
def at(time_machine):
    """`at("10:04:59")`: the clock stands at that time of the day (UTC)."""
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    return lambda hour: time_machine.move_to(f"2026-11-22T{hour}Z", tick=False)


def is_in(client):
    return client.get(PAGE).status_code == 200


def wrong(user):
    code = SmsDevice.objects.get(user=user).challenge_code()
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_password_alone_opens_nothing(client, user):
    answer = password_step(client, user)

    assert answer.url == CODE
    private = [r.name for r in portal_routes() if r.name not in PUBLIC and not r.parameters]
    for name in private:
        page = client.get(reverse(name))
        assert page.status_code in {302, 405}, name
        assert page.status_code == 405 or page.url.startswith((LOGIN, CODE)), name


def test_right_code_lets_in_and_changes_the_session_id(client, user):
    password_step(client, user)
    half_way = client.session.session_key

    answer = code_step(client, user)

    assert answer.url == "/"
    assert is_in(client)
    assert client.session.session_key != half_way


def test_code_may_have_spaces_and_hyphens(client, user):
    password_step(client, user)
    code = SmsDevice.objects.get(user=user).challenge_code()

    client.post(CODE, {"code": f" {code[:3]} - {code[3:]} "})

    assert is_in(client)


def test_page_says_where_the_code_went_but_never_the_whole_number(client, user):
    password_step(client, user)

    page = client.get(CODE).content.decode()

    assert "••• ••• 741" in page
    assert "601234741" not in page
    assert 'autocomplete="one-time-code"' in page


def test_wrong_code_is_said_once_after_a_redirect_and_the_box_stays_ticked(client, user):
    password_step(client, user)

    answer = client.post(CODE, {"code": wrong(user), "trust": "on"}, follow=True)

    assert answer.redirect_chain == [(CODE, 302)]
    page = answer.content.decode()
    assert "Ten kod się nie zgadza." in page
    assert "<title>Błąd: " in page
    assert 'aria-describedby="id_code_error"' in page
    assert re.search(r'<input type="checkbox" name="trust"[^>]* checked', page)
    again = client.get(CODE).content.decode()
    assert "<title>Błąd: " not in again
    assert "checked" not in again


def test_typed_code_is_not_kept_in_the_session(client, user):
    password_step(client, user)
    code = wrong(user)

    client.post(CODE, {"code": code})

    assert code not in str(dict(client.session))
    assert "Ten kod się nie zgadza." in client.get(CODE).content.decode()


def test_three_wrong_codes_end_the_code(client, user, at):
    password_step(client, user)
    right = SmsDevice.objects.get(user=user).challenge_code()
    for second in (1, 10, 20):
        at(f"10:00:{second:02d}")
        assert client.post(CODE, {"code": wrong(user)}).url == CODE
    at("10:01:30")

    client.post(CODE, {"code": right})

    assert not is_in(client)


@pytest.mark.parametrize(("moment", "entered"), [("10:04:59", True), ("10:05:01", False)])
def test_code_lives_five_minutes(client, user, at, moment, entered):
    password_step(client, user)
    at(moment)
    code_step(client, user)

    assert is_in(client) is entered


def test_code_works_once(client, user):
    password_step(client, user)
    code = SmsDevice.objects.get(user=user).challenge_code()
    client.post(CODE, {"code": code})
    other = Client()
    password_step(other, user)

    other.post(CODE, {"code": code})

    assert not is_in(other)


def test_code_of_one_browser_does_not_let_another_in(client, user, at):
    password_step(client, user)
    code = SmsDevice.objects.get(user=user).challenge_code()
    other = Client()
    password_step(other, user)  # within a minute no second code is sent

    other.post(CODE, {"code": code})

    assert not is_in(other)
    client.post(CODE, {"code": code})
    assert is_in(client)


def test_new_code_kills_the_old_one(client, user, at):
    password_step(client, user)
    old = SmsDevice.objects.get(user=user).challenge_code()
    at("10:01:01")
    client.post(CODE, {"resend": "1"})

    client.post(CODE, {"code": old})
    assert not is_in(client)
    at("10:01:10")
    code_step(client, user)
    assert is_in(client)


def test_second_code_within_a_minute_is_not_sent(client, user, at):
    password_step(client, user)
    at("10:00:59")
    page = client.post(CODE, {"resend": "1"}, follow=True)

    assert OutgoingMessage.objects.filter(kind="login_code").count() == 1
    assert "Kod jest w drodze" in page.content.decode()


def test_person_without_a_number_is_told_to_call_and_stays_out(client):
    LessorFactory()
    person = MembershipFactory().user
    SmsDevice.objects.filter(user=person).delete()
    password_step(client, person)

    page = client.get(CODE).content.decode()

    assert "Nie mamy Twojego numeru telefonu" in page
    assert not is_in(client)


def test_gateway_that_failed_is_said(client, user):
    password_step(client, user)
    OutgoingMessage.objects.filter(kind="login_code").update(state=MessageState.FAILED)

    page = client.get(CODE).content.decode()

    assert "Nie udało się wysłać SMS-a" in page
    assert not is_in(client)


def test_login_code_is_no_operation_code(client, user):
    password_step(client, user)
    message = OutgoingMessage.objects.get(kind="login_code")

    assert message.secret_source == "login_code"
    assert second_factor.code_for_message(message.secret_ref, timezone.now()) is not None
    code_step(client, user)
    assert second_factor.code_for_message(message.secret_ref, timezone.now()) is None


def test_operator_may_turn_it_off(client, user, settings):
    settings.SECOND_FACTOR_ENABLED = False

    assert password_step(client, user).url == "/"
    assert is_in(client)


# --- browsers that are trusted ----------------------------------------------------------------


def trusted_browser(client, user):
    password_step(client, user)
    code_step(client, user, trust="on")
    client.post("/konto/wylogowanie/")
    return client


def test_trusted_browser_is_not_asked_for_thirty_days(client, user, time_machine):
    time_machine.move_to("2026-11-01T10:00:00Z", tick=False)
    trusted_browser(client, user)
    time_machine.move_to("2026-12-01T09:59:00Z", tick=False)
    assert password_step(client, user).url == "/"
    client.post("/konto/wylogowanie/")
    time_machine.move_to("2026-12-01T10:01:00Z", tick=False)

    assert password_step(client, user).url == CODE


def test_browser_that_was_not_trusted_is_asked(client, user, at):
    enter(client, user)
    client.post("/konto/wylogowanie/")
    at("10:02:00")

    assert password_step(client, user).url == CODE


def test_trust_of_one_person_is_not_another_s(client, user):
    trusted_browser(client, user)
    other = MembershipFactory().user
    give_number(other, "+48601234742")

    assert password_step(client, other).url == CODE


def test_trust_ends_with_the_password(client, user):
    trusted_browser(client, user)
    user.set_password("zupełnie nowe hasło do portalu")
    user.save()

    assert password_step(client, user, "zupełnie nowe hasło do portalu").url == CODE


def test_trust_can_be_taken_back(client, user):
    trusted_browser(client, user)
    second_factor.forget_browsers(user=user, at=timezone.now())

    assert TrustedBrowser.objects.filter(revoked_at=None).count() == 0
    assert password_step(client, user).url == CODE


# --- authenticator app ------------------------------------------------------------------------


def add_app(user):
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    return secret


def app_code(secret):
    left = 30 - time.time() % 30
    if left < 10:  # the code would change before a busy machine has used it
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_app_takes_the_place_of_sms(client, user):
    secret = add_app(user)
    answer = password_step(client, user)
    assert answer.url == "/konto/logowanie/aplikacja/"
    assert not OutgoingMessage.objects.filter(kind="login_code").exists()

    answer = client.post(answer.url, {"code": app_code(secret)})

    assert answer.url == "/"
    assert is_in(client)


def test_app_code_works_once(client, user):
    secret = add_app(user)
    code = app_code(secret)
    for browser in (client, Client()):
        password_step(browser, user)
        browser.post("/konto/logowanie/aplikacja/", {"code": code})
    assert is_in(client)
    assert not is_in(browser)


def test_wrong_app_code_is_said_once_after_a_redirect(client, user):
    add_app(user)
    password_step(client, user)
    page = "/konto/logowanie/aplikacja/"

    answer = client.post(page, {"code": "000000"}, follow=True)

    assert answer.redirect_chain == [(page, 302)]
    assert 'aria-describedby="id_code_error"' in answer.content.decode()
    assert "<title>Błąd: " in answer.content.decode()
    assert "<title>Błąd: " not in client.get(page).content.decode()


def test_wrong_app_codes_are_throttled(client, user, at):
    secret = add_app(user)
    password_step(client, user)
    for _n in range(5):
        client.post("/konto/logowanie/aplikacja/", {"code": "000000"})

    client.post("/konto/logowanie/aplikacja/", {"code": app_code(secret)})

    assert not is_in(client)


def test_secret_of_the_app_is_encrypted_in_the_database(user):
    secret = add_app(user)

    assert secret not in str(Authenticator.objects.get(user=user).data)


def test_password_reset_leaves_the_second_factor(client, user):
    add_app(user)
    user.set_password("inne hasło po przypomnieniu")
    user.save()

    assert password_step(client, user, "inne hasło po przypomnieniu").url.endswith("/aplikacja/")


# --- in parallel ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_parallel_right_codes_let_one_in():
    LessorFactory()
    person = MembershipFactory(user=UserFactory(password=PASSWORD)).user
    device = give_number(person)
    ref = device.generate_challenge()
    code = device.challenge_code()
    start = threading.Barrier(24)

    def run(_n):
        try:
            start.wait(60)
            return second_factor.check_code(user=person, ref=ref, typed=code)
        finally:
            connection.close()

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(run, range(24)))

    assert Counter(answers) == {True: 1, False: 23}

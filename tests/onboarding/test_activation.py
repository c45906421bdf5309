"""Activation: link and SMS together, once; nothing before the own password (SEC-01, 02, 13-15)."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from eboks.accounts.models import User
from eboks.audit.models import AuditEntry
from eboks.authorisation.models import SmsDevice
from eboks.integrations.sms import fake
from eboks.notifications.models import OutgoingMessage
from eboks.onboarding.activation import refusal
from eboks.onboarding.models import Invitation
from tests.factories import CompanyFactory, MembershipFactory
from tests.onboarding.conftest import ACTIVATION, OWN, PHONE, SEND, Browser, fields, link_of, opened
from tests.routes import portal_routes

pytestmark = pytest.mark.django_db

NEW_LINK = "/dostep/nowy-link/"


def refused(response):
    """The one text and the button, whatever did not fit."""
    page = response.content.decode()
    return response.status_code == 200 and refusal() in page and "Wyślij nowy link" in page


def has_own_password(user):
    user.refresh_from_db()
    return user.has_usable_password()


def test_link_sms_and_own_password_let_a_person_in(invited, sms, activate):
    user, path = invited()
    company = CompanyFactory(name="ŻUBR sp. z o.o.")
    MembershipFactory(user=user, company=company)
    browser = opened(path)
    page = browser.get(ACTIVATION).content.decode()
    assert "ŻUBR sp. z o.o." in page
    assert "••• ••• 741" in page
    assert PHONE not in page
    assert 'name="sms_password"' not in page

    code = sms(browser)
    [message] = fake.outbox
    assert message.to == PHONE
    assert code not in str(list(OutgoingMessage.objects.values()))
    page = browser.get(ACTIVATION).content.decode()
    assert re.search(r'name="sms_password"[^>]+autocomplete="one-time-code"', page)
    assert page.count('autocomplete="new-password"') == 2

    response = activate(browser, f"{code[:4]} {code[4:]}")

    assert response.url == "/"
    assert browser.get("/").status_code == 200
    user.refresh_from_db()
    assert user.check_password(OWN)
    assert user.activated_at is not None
    assert SmsDevice.objects.get(user=user).number == PHONE
    assert AuditEntry.objects.filter(event="account_activated", company=company).count() == 1
    assert any("konto jest aktywne" in message.subject for message in mail.outbox)
    assert not Invitation.objects.filter(voided_at=None, used_at=None).exists()


def test_activation_logs_in_as_any_log_in_does(invited, sms, activate):
    user, path = invited()
    browser = opened(path)
    before = browser.session.session_key
    activate(browser, sms(browser))

    session = browser.session
    assert session.session_key != before
    assert "session_started_at" in session
    assert "activation_key" not in session
    methods = [record["method"] for record in session["account_authentication_methods"]]
    assert methods == ["password", "sms"]
    user.refresh_from_db()
    assert user.last_visit_at is not None


def test_somebody_else_who_was_logged_in_here_is_out(invited, sms, activate, client_of):
    from tests.factories import UserFactory

    _user, path = invited()
    browser = client_of(UserFactory())
    browser.get(path)
    activate(browser, sms(browser))

    assert browser.session["_auth_user_id"] == str(User.objects.get(email="jan@example.com").pk)


# --- the link alone (SEC-14, 17) ------------------------------------------------------------------


def test_mail_scanners_do_not_use_the_link_up(invited, sms, activate):
    user, path = invited()
    before = list(Invitation.objects.values())
    for _ in range(20):
        Browser().get(path, follow=True)
    Browser().head(path)
    Browser().head(ACTIVATION)
    Browser().options(path)
    assert list(Invitation.objects.values()) == before
    assert fake.outbox == []

    browser = opened(path)
    activate(browser, sms(browser))
    assert has_own_password(user)


def test_key_does_not_stay_in_the_address(invited):
    _user, path = invited()
    key = path.rstrip("/").rpartition("/")[2]
    browser = opened(path)

    page = browser.get(ACTIVATION)

    assert key not in page.content.decode()
    assert key[32:] not in page.content.decode()
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]


def test_key_does_not_reach_the_log():
    from eboks.logs import _without_keys

    key = "0" * 32 + "A" * 43
    for line in (
        f'"GET /dostep/aktywacja/{key}/ HTTP/1.1" 302',
        f"/dostep/uzupelnienie/{key}/",
        f"Not Found: /kalendarz/{key[32:]}.ics",
    ):
        shown = _without_keys(None, "info", {"event": line})["event"]
        assert key not in shown
        assert "A" * 20 not in shown


@pytest.mark.parametrize("key", ["x", "0" * 75, "0" * 32 + "A" * 43, "%00", "ż" * 75, "a" * 5000])
def test_made_up_links_are_dead(key):
    browser = Browser()
    assert browser.get(f"/dostep/aktywacja/{key}/").status_code == 302

    assert refused(browser.get(ACTIVATION))
    assert browser.post(SEND).status_code == 302
    assert refused(browser.post(ACTIVATION, fields("12345678")))
    assert fake.outbox == []


def test_page_without_a_link_offers_one():
    assert refused(Browser().get(ACTIVATION))


# --- pairs, tries, times (SEC-13) -----------------------------------------------------------------


def test_neither_half_works_alone(invited, sms, activate):
    user, path = invited()
    link_only = opened(path)
    assert refused(activate(link_only, "00000000"))

    code = sms(opened(path))
    sms_only = Browser()
    assert refused(activate(sms_only, code))
    assert not has_own_password(user)


def test_link_of_one_and_sms_of_another_do_not_fit(invited, sms, activate):
    first, first_path = invited("a@example.com", phone="+48601000111")
    second, second_path = invited("b@example.com", phone="+48601000222")
    browsers = opened(first_path), opened(second_path)
    codes = [sms(browser) for browser in browsers]

    assert refused(activate(browsers[0], codes[1]))
    assert refused(activate(browsers[1], codes[0]))
    assert not has_own_password(first)
    assert not has_own_password(second)


def test_sixth_try_is_refused_though_it_is_right(invited, sms, activate, settings):
    user, path = invited()
    browser = opened(path)
    code = sms(browser)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(settings.INVITATION_PASSWORD_TRIES):
        assert refused(activate(browser, wrong))

    assert refused(activate(browser, code))
    assert not has_own_password(user)
    events = AuditEntry.objects.filter(event="activation_refused", actor=user)
    assert events.count() == settings.INVITATION_PASSWORD_TRIES


def test_fifth_try_still_works(invited, sms, activate):
    user, path = invited()
    browser = opened(path)
    code = sms(browser)
    for _ in range(4):
        activate(browser, "00000000")

    assert activate(browser, code).status_code == 302
    assert has_own_password(user)


def test_sms_password_lives_ten_minutes(invited, sms, activate, time_machine):
    user, path = invited()
    browser = opened(path)
    time_machine.move_to("2026-11-26T10:00:00Z", tick=False)
    Invitation.objects.update(valid_until="2026-11-28T10:00:00Z")
    code = sms(browser)
    time_machine.move_to("2026-11-26T10:10:00Z", tick=False)
    assert refused(activate(browser, code))

    # Nothing else is lost: a new password, the same page.
    second = sms(browser)
    assert second != code
    assert refused(activate(browser, code))
    time_machine.move_to("2026-11-26T10:19:59Z", tick=False)
    assert activate(browser, second).status_code == 302
    assert has_own_password(user)


def test_link_lives_seventy_two_hours(invited, sms, activate, time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    _user, path = invited()
    time_machine.move_to("2026-11-25T09:59:59Z", tick=False)
    browser = opened(path)
    assert "Aktywuj konto" in browser.get(ACTIVATION).content.decode()
    code = sms(browser)
    time_machine.move_to("2026-11-25T10:00:00Z", tick=False)

    assert refused(browser.get(ACTIVATION))
    assert refused(activate(browser, code))
    assert sms(browser) is None


def test_link_is_dead_after_success(invited, sms, activate):
    user, path = invited()
    browser, other = opened(path), opened(path)
    code = sms(browser)
    activate(browser, code)

    for again in (other, opened(path)):
        assert refused(again.get(ACTIVATION))
        assert refused(activate(again, code, "zupelnie inne haslo moje dwa"))
        assert sms(again) is None
    user.refresh_from_db()
    assert user.check_password(OWN)


def test_every_refusal_is_the_same_text(invited, sms, activate):
    """Wrong, used and missing differ in nothing that could help a guesser."""
    _user, path = invited()
    browser = opened(path)
    sms(browser)
    wrong = activate(browser, "00000000").content.decode()

    assert wrong.count(refusal()) == 1
    assert "pozostał" not in wrong.lower()


def test_sms_goes_out_once_a_minute_and_four_times_a_link(invited, sms, time_machine, settings):
    time_machine.move_to("2026-11-26T10:00:00Z", tick=False)
    _user, path = invited()
    browser = opened(path)
    assert sms(browser)
    assert sms(browser) is None
    time_machine.move_to("2026-11-26T10:00:59Z", tick=False)
    assert sms(browser) is None
    for minute in (1, 2, 3):
        time_machine.move_to(f"2026-11-26T10:0{minute}:00Z", tick=False)
        assert sms(browser)
    time_machine.move_to("2026-11-26T10:09:00Z", tick=False)
    assert sms(browser) is None
    assert "Poproś o nowy link" in browser.get(ACTIVATION).content.decode()
    assert [password.to for password in fake.outbox] == [PHONE] * 4


def test_caps_of_a_person_and_a_number_hold_here_too(invited, sms, settings):
    settings.SMS_CODES_PER_NUMBER_PER_DAY = 1
    _first, path = invited("a@example.com")
    _second, other = invited("b@example.com")
    assert sms(opened(path))

    browser = opened(other)
    assert sms(browser) is None
    assert "Na ten numer" in browser.get(ACTIVATION).content.decode()


def test_get_does_not_send(invited):
    _user, path = invited()
    assert opened(path).get(SEND).status_code == 405
    assert fake.outbox == []


# --- the own password (SEC-01, 02, 15) ------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "krótkie12345"[:11],
        "password12345678",
        "jan.nowak@example.com 12",
        "601234741 moje",
        "TRANS-ZUBR trans zubr",
    ],
)
def test_own_password_has_the_rules_of_everywhere(invited, sms, activate, password):
    user, path = invited("jan.nowak@example.com")
    MembershipFactory(user=user, company=CompanyFactory(name="TRANS-ŻUBR"))
    browser = opened(path)
    code = sms(browser)

    response = activate(browser, code, password)

    assert response.context["form"].errors["password1"]
    assert not has_own_password(user)
    # A poor choice costs no try and no SMS.
    assert Invitation.objects.get(user=user).tries_left == 5
    assert activate(browser, code).status_code == 302


def test_sms_password_can_never_become_the_lasting_one(invited, sms, activate, settings):
    user, path = invited()
    browser = opened(path)
    code = sms(browser)
    settings.PASSWORD_MIN_LENGTH = 8  # even if somebody set it so

    for password in (code, f"{code[:4]} {code[4:]}", f"moje haslo {code} rower"):
        response = activate(browser, code, password)
        assert response.context["form"].errors["password1"]
    assert not has_own_password(user)


def test_passwords_must_be_the_same_and_are_never_sent_back(invited, sms, commits):
    user, path = invited()
    browser = opened(path)
    code = sms(browser)
    response = browser.post(ACTIVATION, fields(code) | {"password2": OWN + "x"})

    page = response.content.decode()
    assert response.context["form"].errors["password2"]
    assert "Błąd:" in page
    assert OWN not in page
    assert code in page  # the code stays typed
    assert not has_own_password(user)


def test_long_password_with_any_letters_is_kept_whole(invited, sms, activate):
    user, path = invited()
    browser = opened(path)
    password = ("żółw 🐢 gra na flecie w deszczu " * 5)[:128]
    activate(browser, sms(browser), password)

    user.refresh_from_db()
    assert user.check_password(password)
    assert not user.check_password(password[:72])
    assert not user.check_password(password[:127])


def test_nothing_is_reachable_before_the_own_password(invited, sms):
    """There is no session to get round with: every page asks to log in (SEC-15)."""
    _user, path = invited()
    browser = opened(path)
    sms(browser)
    answers = {}
    for route in portal_routes():
        is_open = not getattr(route.pattern.callback, "login_required", True)
        if is_open or route.parameters - {"public_id"}:
            continue
        kwargs = {"public_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12} if route.parameters else {}
        for method in (browser.get, browser.post):
            response = method(reverse(route.name, kwargs=kwargs))
            answers[route.name] = (response.status_code, response.get("Location", ""))

    assert len(answers) > 20
    assert {
        name: answer
        for name, answer in answers.items()
        if answer[0] != 302 or "/konto/logowanie/" not in answer[1]
    } == {}
    assert "_auth_user_id" not in browser.session


def test_neither_half_logs_in_by_the_front_door(invited, sms):
    user, path = invited()
    code = sms(opened(path))
    for login in (user.email, user.username):
        response = Browser().post("/konto/logowanie/", {"login": login, "password": code})
        assert response.status_code == 200


def test_reset_is_no_way_round_activation(invited, commits):
    user, _path = invited()
    mail.outbox.clear()
    with commits():
        Browser().post("/konto/haslo/nowe/", {"email": user.email})

    assert mail.outbox == []


# --- a new link (one step, also for expired and lost ones) ----------------------------------------


def test_expired_link_gives_a_new_one_by_one_press(invited, commits, time_machine):
    time_machine.move_to("2026-11-20T10:00:00Z", tick=False)
    user, path = invited()
    time_machine.move_to("2026-11-26T10:00:00Z", tick=False)
    browser = opened(path)
    assert refused(browser.get(ACTIVATION))
    with commits():
        assert browser.post(NEW_LINK).url == "/dostep/nowy-link/wyslany/"

    assert mail.outbox[-1].to == [user.email]
    assert "Aktywuj konto" in opened(link_of(mail.outbox[-1])).get(ACTIVATION).content.decode()


def test_lost_link_is_asked_for_by_e_mail(invited, commits, time_machine):
    time_machine.move_to("2026-11-26T10:00:00Z", tick=False)
    invited()
    time_machine.move_to("2026-11-26T10:05:00Z", tick=False)
    with commits():
        Browser().post(NEW_LINK, {"email": "JAN@example.com"})

    assert len(mail.outbox) == 2


def test_person_who_is_active_gets_no_new_link(invited, sms, activate, commits):
    user, path = invited()
    browser = opened(path)
    activate(browser, sms(browser))
    mail.outbox.clear()
    with commits():
        Browser().post(NEW_LINK, {"email": user.email})
        opened(path).post(NEW_LINK)

    assert mail.outbox == []


def test_new_link_is_limited_and_two_presses_send_one(invited, commits, time_machine):
    time_machine.move_to("2026-11-26T10:00:00Z", tick=False)
    invited()
    time_machine.move_to("2026-11-26T10:05:00Z", tick=False)
    with commits():
        statuses = [
            Browser().post(NEW_LINK, {"email": "jan@example.com"}).status_code for _ in "1234"
        ]

    assert statuses == [302, 302, 302, 429]
    assert len(mail.outbox) == 2


def test_trying_is_limited_by_address(invited, sms, activate):
    _user, path = invited()
    browser = opened(path)
    cache.clear()
    statuses = {activate(browser, "00000000").status_code for _ in range(31)}

    assert statuses == {200, 429}

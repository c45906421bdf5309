"""Each security event leaves one structured line, and no line holds a secret (SEC-100)."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from eboks import logs
from eboks.accounts.models import StaffProposal, User
from eboks.accounts.staff import StaffRole, create_staff
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.accounts.entering import attempt
from tests.factories import PASSWORD, CompanyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW = "czerwony czajnik gra na flecie"
WRONG = "sekretne złe hasło wpisane tu"


@pytest.fixture
def lines():
    """Lines written by the portal since the test began."""
    with capture_logs() as captured:
        yield captured


def events(lines):
    return [(line["event"], line["result"]) for line in lines if "result" in line]


def log_in(client, user, password=PASSWORD):
    return attempt(client, user.username, password, "/konto/logowanie/?next=/konto/haslo/")


def test_login_and_logout(client, lines):
    user = UserFactory()

    log_in(client, user, WRONG)
    log_in(client, user)
    client.post("/konto/wylogowanie/")

    assert events(lines) == [
        ("login", "failed"),
        ("login_code_sent", "ok"),
        ("login_code", "ok"),
        ("login", "ok"),
        ("logout", "ok"),
    ]
    assert {line["actor_id"] for line in lines} == {user.pk}


def test_throttled_login(client, lines):
    user = UserFactory()
    for _ in range(6):
        log_in(client, user, WRONG)

    assert events(lines)[-1] == ("login", "throttled")


def test_password_change(client, lines):
    user = UserFactory()
    client.force_login(user)

    client.post("/konto/haslo/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert ("password_changed", "ok") in events(lines)


def test_password_reset(client, lines, django_capture_on_commit_callbacks):
    user = UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/konto/haslo/nowe/", {"email": user.email})
    path = re.search(r"/konto/haslo/nowe/\S+", str(mail.outbox[0].body)).group()
    form = client.get(path).url
    client.post(form, {"password1": NEW, "password2": NEW})

    assert events(lines) == [
        ("password_reset_asked", "started"),
        ("password_link_sent", "ok"),
        ("password_reset", "ok"),
    ]
    token = path.rstrip("/").rsplit("-", 1)[1]
    assert token not in json.dumps(lines, default=str)


def test_permission_denied_names_person_and_route(client, lines):
    user = MembershipFactory(role=Role.FLEET).user
    client.force_login(user)

    client.get("/faktury/")

    [line] = [line for line in lines if line["event"] == "permission_denied"]
    assert (line["actor_id"], line["route"]) == (user.pk, "invoicing:invoice_list")


def test_refused_form(client, lines):
    Client(enforce_csrf_checks=True).post("/konto/logowanie/", {"login": "x", "password": "y"})

    assert ("csrf_refused", "refused") in events(lines)


def test_session_that_ran_out(client, lines, time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z")
    client.force_login(UserFactory())
    time_machine.move_to("2026-11-22T10:30:00Z")
    client.get("/konto/haslo/")

    assert ("session_ended", "ok") in events(lines)


def test_refusal_of_another_site_does_not_repeat_its_address(client, lines):
    strict = Client(enforce_csrf_checks=True)
    strict.post("/konto/logowanie/", headers={"Origin": "https://evil.example"})

    assert [line["reason"] for line in lines if line["event"] == "csrf_refused"] == [
        "Origin checking failed"
    ]
    assert "evil" not in json.dumps(lines, default=str)


def test_password_given_again(client, lines):
    client.force_login(UserFactory())

    client.post("/konto/potwierdzenie/?next=/konto/haslo/", {"password": PASSWORD})

    assert ("reauthenticated", "ok") in events(lines)


def test_access_given_in_the_back_office(client, client_of, lines):
    boss, colleague = UserFactory.create_batch(2, is_staff=True, is_superuser=True)
    client.force_login(boss)
    lines.clear()
    data = {"username": "K77", "first_name": "Jan", "last_name": "Nowy", "language": "pl"}

    client.post("/zaplecze/accounts/user/add/", {**data, "email": "jan@nowy.example"})
    user = User.objects.get(username="K77")
    changed = {**data, "email": "jan@nowa.example", "is_active": "on"}
    client.post(f"/zaplecze/accounts/user/{user.pk}/change/", changed)
    given = {"user": user.pk, "company": CompanyFactory().pk, "role": Role.FLEET, "is_active": "on"}
    client.post("/zaplecze/tenancy/membership/add/", given | {"reason": "wniosek 7, dowód"})
    proposal = StaffProposal.objects.get(user=user)
    approval = {"action": "approve", "_selected_action": proposal.pk}
    client.post("/zaplecze/accounts/staffproposal/", approval)
    assert not Membership.objects.filter(user=user).exists()
    client_of(colleague).post("/zaplecze/accounts/staffproposal/", approval)
    membership = Membership.objects.get(user=user)
    client.post(f"/zaplecze/tenancy/membership/{membership.pk}/change/", {"role": Role.FLEET})
    User.objects.filter(pk=user.pk).update(activated_at=timezone.now())
    for action in ("send_password_links", "end_sessions"):
        chosen = {"action": action, "_selected_action": user.pk}
        client.post("/zaplecze/accounts/user/", chosen)

    assert events(lines) == [
        *[("user_made", "ok"), ("user_changed", "ok")],
        *[("staff_proposed", "started"), ("staff_decided", "refused"), ("login", "ok")],
        *[("staff_decided", "ok"), ("membership_given", "ok"), ("membership_changed", "ok")],
        *[("password_link_started", "ok"), ("sessions_ended", "ok")],
    ]
    named = {(line["actor_id"], line["user_id"]) for line in lines if "user_id" in line}
    assert named == {(boss.pk, user.pk), (colleague.pk, user.pk)}
    assert "nowa.example" not in json.dumps(lines, default=str)


def test_staff_account(lines):
    create_staff(username="Z", email="z@x.example", role=StaffRole.VIEW, password=PASSWORD)

    assert events(lines) == [("staff_made", "ok")]


def test_lines_are_json_with_request_id_and_no_secret(client, capsys, settings):
    """The whole way: what production writes while somebody logs in badly and well."""
    user = UserFactory()
    stream = logging.getLogger("ebok.security")
    handler = logging.StreamHandler()
    import io

    handler.stream = written = io.StringIO()
    config = logs.config(level="INFO")
    maker = dict(config["formatters"]["line"])
    handler.setFormatter(maker.pop("()")(**maker))
    stream.addHandler(handler)
    level = stream.level
    stream.setLevel(logging.INFO)
    try:
        answers = [log_in(client, user, WRONG), log_in(client, user)]
    finally:
        stream.removeHandler(handler)
        stream.setLevel(level)

    rows = [json.loads(line) for line in written.getvalue().splitlines()]
    ends = [row for row in rows if row["event"] == "login"]
    assert [row["result"] for row in ends] == ["failed", "ok"]
    assert [row["request_id"] for row in ends] == [a.headers["X-Request-ID"] for a in answers]
    assert all(row["timestamp"].endswith("Z") for row in rows)
    for secret in (WRONG, PASSWORD, user.email, client.cookies["session"].value):
        assert secret not in written.getvalue()


@pytest.mark.parametrize("typed", ["a\nlogin result=ok", 'x", "event": "login', "\x1b[31m"])
def test_what_is_typed_never_reaches_the_log(client, lines, typed):
    client.post("/konto/logowanie/", {"login": typed, "password": WRONG})

    assert typed not in json.dumps(lines, default=str)
    assert typed not in str(lines)

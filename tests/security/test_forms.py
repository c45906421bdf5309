"""Nothing changes without a POST from our own page; no redirect leaves the portal (SEC-24, 56)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from eboks.authorisation.models import SmsDevice
from tests.accounts.entering import code_step
from tests.factories import PASSWORD, UserFactory
from tests.routes import ids_of, portal_routes
from tests.security.crawling import crawl

pytestmark = pytest.mark.django_db

# 40 ways of pointing a redirect elsewhere.
ELSEWHERE = (
    *("https://evil.example", "http://evil.example/", "//evil.example", "///evil.example"),
    *("////evil.example", r"/\evil.example", r"\/evil.example", r"\\evil.example"),
    *(r"/\/evil.example", "https:evil.example", "https:/evil.example", "http:///evil.example"),
    *("HTTPS://evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x"),
    *("vbscript:x", "ftp://evil.example", "mailto:a@evil.example", "tel:+48600"),
    *("/%09/evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example"),
    *(
        "//evil.example\\@testserver",
        "https://testserver@evil.example",
        "//testserver:80@evil.example",
    ),
    *(
        "https://evil.example?testserver",
        "https://evil.example#testserver",
        "//evil%E3%80%82example",
    ),
    *("//ⓔvil.example", "https://testserver.evil.example", "https://testserver%2eevil.example"),
    *("/\r\nLocation: https://evil.example", "%0d%0aSet-Cookie:x=1", "/%0d%0aSet-Cookie:%20x=1"),
    *("http:\\\\evil.example", "/../..//evil.example", "//0x7f000001/", "https://[::1]/"),
)


def all_paths(world):
    for route in portal_routes():
        if "public_id" in route.parameters:
            yield reverse(route.name, kwargs=ids_of(route.name, world.rows))
        elif not route.parameters:
            yield reverse(route.name)


def strict(user=None):
    browser = Client(enforce_csrf_checks=True)
    if user is not None:
        browser.force_login(user)
    return browser


def token_of(browser):
    return browser.get("/konto/haslo/").context["csrf_token"]


def test_post_without_a_token_is_refused_everywhere(ours):
    browser = strict(ours.owner)

    refused = {path: browser.post(path).status_code for path in all_paths(ours)}

    assert set(refused.values()) == {403}, refused


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_post_from_another_site_is_refused_even_with_a_token(ours, headers):
    browser = strict(ours.owner)
    data = {"csrfmiddlewaretoken": token_of(browser), "language": "en", "next": "/"}

    refused = {
        path: browser.post(path, data, headers=headers).status_code for path in all_paths(ours)
    }

    assert set(refused.values()) == {403}, refused
    ours.owner.refresh_from_db()
    assert ours.owner.language == "pl"


def test_token_of_somebody_else_is_refused(ours):
    mine, other = strict(ours.owner), strict(UserFactory())

    response = mine.post("/konto/sesja/", {"csrfmiddlewaretoken": token_of(other)})

    assert response.status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_token_in_an_odd_body_is_not_read(ours, kind):
    browser = strict(ours.owner)
    body = f"csrfmiddlewaretoken={token_of(browser)}"

    assert browser.post("/konto/sesja/", body, content_type=kind).status_code == 403


def test_post_with_a_token_works(ours):
    browser = strict(ours.owner)

    response = browser.post("/konto/sesja/", {"csrfmiddlewaretoken": token_of(browser)})

    assert response.status_code == 204


def test_refusal_is_a_friendly_page():
    response = strict().post("/konto/logowanie/", {"login": "a", "password": "b"})

    page = response.content.decode()
    assert response.status_code == 403
    assert "zbyt długo" in page
    assert "CSRF" not in page


@pytest.mark.slow
def test_reading_changes_nothing(client_of, ours):
    browser = client_of(ours.owner)
    before = snapshot()

    for page in crawl(browser):
        browser.head(page.url)
        browser.options(page.url)

    assert snapshot() == before


_NOTES = {"Document", "AuditChain", "AuditEntry", "ExportUse"}


def snapshot():
    """All rows of ours, without the papers that are made when somebody first asks for them, and
    without the audit trail: who read which document is noted on purpose, and so is how many files
    a person took out (SEC-57).
    """
    rows = {}
    for model in apps.get_models():
        ours = model.__module__.split(".")[0] in {"eboks", "contracts", "invoicing"}
        if ours and model.__name__ not in _NOTES:
            fields = [f.attname for f in model._meta.fields if f.name not in {"pdf", "fetched_at"}]
            rows[model.__name__] = list(model._default_manager.order_by("pk").values(*fields))
    return rows


@pytest.mark.parametrize("path", ["/konto/wylogowanie/", "/firma/wybierz/", "/jezyk/"])
def test_get_does_not_act(client_of, ours, path):
    browser = client_of(ours.owner)
    before = snapshot()

    browser.get(path, {"language": "en", "company": ours.company.public_id, "next": "/"})

    assert snapshot() == before
    assert browser.get("/konto/haslo/").status_code == 200


def targets(ours, payload):
    """Where each form that takes `next` would send the browser."""
    SmsDevice.objects.filter(user=ours.owner).update(last_generated_timestamp=None)
    login = {"login": ours.owner.username, "password": PASSWORD, "next": payload}
    entering = Client()
    yield entering.post("/konto/logowanie/", login)
    yield code_step(entering, ours.owner)
    browser = Client()
    browser.force_login(ours.owner)
    yield browser.get("/konto/logowanie/", {"next": payload})
    yield browser.post("/firma/wybierz/", {"company": "", "next": payload})
    yield browser.post("/jezyk/", {"language": "pl", "next": payload})
    yield browser.post("/konto/potwierdzenie/", {"password": PASSWORD, "next": payload})
    yield browser.post("/konto/wylogowanie/", {"next": payload})
    yield Client().post("/jezyk/", {"language": "pl", "next": payload})


@pytest.mark.parametrize("payload", ELSEWHERE)
def test_no_redirect_leaves_the_portal(ours, payload):
    for response in targets(ours, payload):
        if response.status_code != 302:
            continue
        target = urlsplit(response.url)
        assert (target.scheme, target.netloc) == ("", ""), response.url
        assert response.url.startswith("/"), response.url
        assert not response.url.startswith(("//", "/\\")), response.url
        assert "\n" not in response.url
        assert "x" not in response.cookies


def test_own_path_is_followed(ours):
    first, *others = [r.url for r in targets(ours, "/umowy/?q=x")]

    assert first == "/konto/logowanie/kod/"
    assert others == ["/umowy/?q=x"] * 7


def test_forms_take_only_their_own_fields(client_of, ours):
    browser = client_of(ours.owner)
    extra = {
        "is_staff": "1",
        "is_superuser": "1",
        "is_active": "0",
        "role": "owner",
        "company_id": "1",
        "user_id": "1",
        "email": "zly@evil.example",
        "username": "ADMIN",
        "status": "closed",
        "open_amount": "0",
        "created_at": "2020-01-01",
    }
    browser.post("/jezyk/", {"language": "en", "next": "/", **extra})
    browser.post("/firma/wybierz/", {"company": "", **extra})
    browser.post("/konto/sesja/", extra)

    before = (ours.owner.email, ours.owner.username)
    ours.owner.refresh_from_db()
    assert (ours.owner.email, ours.owner.username) == before
    assert (ours.owner.is_staff, ours.owner.is_superuser, ours.owner.is_active) == (
        False,
        False,
        True,
    )

"""What every answer carries, and what no answer does (SEC-25, 75 to 80, 102)."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from eboks.accounts.staff import StaffRole, create_staff
from tests.factories import PASSWORD
from tests.routes import OBJECTS, ids_of
from tests.security.crawling import content, crawl

pytestmark = pytest.mark.django_db

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
SUFFIXES = (
    *("x.css", "x.js", "x.png", "style.css", ".css", ".js", "%2Fx.css", ";x.css"),
    *("%00.css", "%0Ax.css", "%23x.css", "%3Fx.css", "..%2Fx.css"),
)


def policy(response):
    parts = (part.split(None, 1) for part in response.headers["Content-Security-Policy"].split(";"))
    return {part[0]: part[1] for part in parts if len(part) == 2}


def check_headers(response, url):
    headers = response.headers
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"]), url
    assert headers["X-Content-Type-Options"] == "nosniff", url
    assert headers["Referrer-Policy"] == "same-origin", url
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", url
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", url
    assert "camera=()" in headers["Permissions-Policy"], url
    found = policy(response)
    assert {name: found[name] for name in CSP} == CSP, url
    assert found["frame-ancestors"] in {"'none'", "'self'"}, url
    assert "unsafe" not in headers["Content-Security-Policy"], url
    assert "Access-Control-Allow-Origin" not in headers, url
    assert "Server" not in headers, url
    assert "X-Powered-By" not in headers, url


def check_private(response, url):
    cached = response.headers["Cache-Control"]
    assert cached == "no-store, private", url


@pytest.mark.slow
def test_every_private_answer_is_hardened_and_never_stored(client_of, ours):
    kinds = set()
    for page in crawl(client_of(ours.owner)):
        check_headers(page.response, page.url)
        if page.route not in {"brand_css", "brand_logo", "insurance:claim_contacts"}:
            check_private(page.response, page.url)
        kinds.add(page.response.headers["Content-Type"].partition(";")[0])
        if page.text and "text/html" in page.response.headers["Content-Type"]:
            assert not re.search(r"<[a-z][^>]*\s(on[a-z]+|style)=", page.text), page.url
            assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page.text), page.url
    assert {"text/html", "application/pdf"} <= kinds


def test_back_office_is_hardened_too(client):
    client.force_login(
        create_staff(username="Z", email="z@x.example", role=StaffRole.ADMIN, password=PASSWORD)
    )
    for path in ("/zaplecze/", "/zaplecze/tenancy/company/", "/zaplecze/tenancy/membership/add/"):
        response = client.get(path)

        assert response.status_code == 200
        check_headers(response, path)
        check_private(response, path)
        assert policy(response)["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/konto/logowanie/", 200),
        ("/nie-ma-takiej/", 404),
        ("/umowy/", 302),
        ("/.git/config", 404),
        ("/.env", 404),
        ("/static/../manage.py", 404),
        ("/static/nie-ma.js", 404),
        ("/metrics", 404),
        ("/admin/", 404),
    ],
)
def test_answers_before_log_in_are_hardened(client, path, status):
    response = client.get(path)

    assert response.status_code == status
    check_headers(response, path)


def test_host_that_is_not_ours_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["portal.example"]

    response = client.get("/konto/logowanie/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    check_headers(response, "400")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_private_page_is_not_served_under_a_static_name(client_of, ours, suffix):
    browser = client_of(ours.owner)
    pages = [reverse(name, kwargs=ids_of(name, ours.rows)) for name in OBJECTS]
    pages += ["/", "/umowy/", "/faktury/", "/rozrachunki/", "/konto/haslo/"]
    for page in pages:
        response = browser.get(page + suffix)

        assert response.status_code in {400, 404}, page + suffix
        assert "CANARY-A" not in content(response).decode().replace(ours.company.name, "").replace(
            ours.owner.last_name, ""
        ), page + suffix


@pytest.mark.parametrize("path", ["/", "/umowy/", "/konto/logowanie/", "/nie-ma-takiej/"])
def test_foreign_origin_gets_no_permission(client, path):
    response = client.get(path, headers={"Origin": "https://evil.example"})

    assert not [name for name in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PUT", "DELETE", "MAKEITSO"])
@pytest.mark.parametrize("path", ["/", "/umowy/", "/konto/logowanie/", "/konto/sesja/"])
def test_odd_methods_do_nothing(client_of, ours, method, path):
    response = client_of(ours.owner).generic(method, path)

    assert response.status_code in {302, 403, 405}
    assert "CANARY" not in response.content.decode()


def test_error_of_ours_shows_a_number_and_nothing_else(ours, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("SELECT tajne FROM contracts")

    browser = Client(raise_request_exception=False)
    browser.force_login(ours.owner)
    monkeypatch.setattr("eboks.tenancy.middleware.Membership.objects.active", broken)

    with caplog.at_level(logging.ERROR):
        response = browser.get("/umowy/")

    page = response.content.decode()
    assert response.status_code == 500
    check_headers(response, "500")
    check_private(response, "500")
    assert response.headers["X-Request-ID"] in page
    for word in ("Traceback", "SELECT", "RuntimeError", "/work", "Django", "Python"):
        assert word not in page
    assert "RuntimeError" in caplog.text


def test_missing_page_says_nothing_about_the_inside(client_of, ours):
    page = client_of(ours.owner).get("/umowy/nie-ma/").content.decode()

    for word in ("Traceback", "urlpatterns", "urlconf", "DEBUG", "Django"):
        assert word not in page


def test_production_forces_tls_for_two_years():
    from eboks.settings import base

    assert base.SECURE_SSL_REDIRECT is True
    assert base.SECURE_HSTS_SECONDS >= 63_072_000
    assert base.SECURE_HSTS_INCLUDE_SUBDOMAINS is True
    assert base.DEBUG is False


def test_hsts_is_sent_over_tls(client, settings):
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True

    response = client.get("/konto/logowanie/", secure=True)

    assert response.headers["Strict-Transport-Security"] == (
        "max-age=63072000; includeSubDomains; preload"
    )


def test_brand_is_cached_for_all_but_only_because_it_is_public(client):
    response = client.get(reverse("brand_css"))

    assert "public" in response.headers["Cache-Control"]
    assert not urlsplit(reverse("brand_css")).query

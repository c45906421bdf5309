"""No parameter, however odd, makes an error of ours (SEC-53)."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.proof import prove
from tests.routes import BY_OTHER_MEANS, OBJECTS, POST_ONLY, PUBLIC, portal_routes
from tests.security.crawling import content, crawl

pytestmark = pytest.mark.django_db

# As they stand in an address, already escaped.
VALUES = (
    *("", "0", "-1", "1", "00", "1.5", "1e309", "-1e309", "NaN", "Infinity", "1_000", "0x10"),
    *("99999999999999999999", "-99999999999999999999", "2147483648", "9223372036854775808"),
    *("%00", "a%00b", "%0d%0aX:y", "%ED%A0%80", "%FF%FE", "%E2%80%AE", "%F0%9F%98%80", "%C4%B0"),
    *("'", '"', "%27%20OR%201=1--", "%25", "_", "%5C", "{{7*7}}", "{%25%20debug%20%25}", "${7*7}"),
    *("//[", "/[", "/%5C["),
    *("[]", "{}", "[1,2]", "null", "true", "%5B%22a%22%5D", "../../etc/passwd", "%2e%2e%2f"),
    *("2026-02-30", "2026-13-01", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01"),
    *(
        "2026-11-22T25:00",
        "22.11.2026",
        "-0001-01-01",
        "1,5",
        "%D9%A3",
        "%EF%BC%91",
        "%C2%BD",
        "%3Cscript%3E",
    ),
    "x" * 5000,
    "9" * 5000,
    "(" * 2000,
)
SINGLY = ("%00", "99999999999999999999", "NaN", "2026-02-30", "9999-12-31", "%ED%A0%80", "%27")
ALWAYS = {"q", "page", "strona", "sort", "sortuj", "od", "do", "okres", "umowa", "next", "company"}


def asked(browser):
    """(address, names of parameters) of each page that a person can reach, once for each route."""
    found = {}
    for page in crawl(browser):
        parts = urlsplit(page.url)
        named = {pair.partition("=")[0] for pair in parts.query.split("&") if pair}
        if page.route:
            path, names = found.get(page.route, (parts.path, set()))
            found[page.route] = (path, names | named | page.parameters)
    return found


def queries_for(path, names):
    """Each value in all parameters at once, the nastiest in each alone, and some mixtures.

    Files and pages without parameters of their own get a few drawn ones, the same each time.
    """
    draw = random.Random(path)
    wanted = sorted(names | ALWAYS)
    queries = ["&".join(f"{name}={value}" for name in wanted) for value in VALUES]
    queries += [f"{name}={value}" for name in sorted(names) for value in SINGLY]
    queries += [f"{name}=1&{name}=%00&{name}[]=2&{name}.x=3" for name in sorted(names)]
    for _ in range(10):
        queries.append("&".join(f"{name}={draw.choice(VALUES)}" for name in draw.sample(wanted, 3)))
    is_list = names - {"q"} and not path.endswith((".pdf", ".xlsx"))
    return queries if is_list else draw.sample(queries, 8)


@pytest.mark.slow
def test_no_parameter_breaks_a_page(ours):
    browser = Client(raise_request_exception=False)
    browser.force_login(ours.owner)
    pages = asked(prove(browser))
    lists = {r.name for r in portal_routes()} - PUBLIC - POST_ONLY - OBJECTS.keys()
    assert lists - BY_OTHER_MEANS <= pages.keys()
    broken = []

    for path, names in pages.values():
        for query in queries_for(path, names):
            response = browser.get(path, QUERY_STRING=query)
            content(response)
            if response.status_code >= 500:
                broken.append(f"{path}?{query[:200]}")

    assert broken == []


@pytest.mark.parametrize(
    "path",
    [
        "/umowy/%00/",
        "/umowy/99999999999999999999/",
        "/umowy/00000000-0000-0000-0000-000000000000/",
        "/umowy/ffffffff-ffff-ffff-ffff-ffffffffffff/harmonogram.pdf",
        "/faktury/%ED%A0%80/",
        "/faktury/' OR 1=1/",
        "/konto/haslo/nowe/%00-x/",
        "/konto/haslo/nowe/zzzzzzzzzzzzz-abc/",
        "/" + "x" * 4000 + "/",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_odd_addresses_find_nothing(client_of, ours, path):
    response = client_of(ours.owner).get(path)

    assert response.status_code in {200, 302, 400, 404}
    if path.startswith(("/umowy", "/faktury")):
        assert response.status_code == 404


@pytest.mark.parametrize(
    "value", ["", "\x00", "a\x00b", "x" * 300, "\u202e", "é" * 254, "' --", "1e309", "//["]
)
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/konto/logowanie/", ("login", "password", "next")),
        ("/konto/haslo/nowe/", ("email",)),
        ("/konto/haslo/", ("oldpassword", "password1", "password2")),
        ("/konto/potwierdzenie/", ("password", "next")),
        ("/konto/sesja/", ("x",)),
        ("/firma/wybierz/", ("company", "next")),
        ("/jezyk/", ("language", "next")),
    ],
)
def test_no_field_breaks_a_form(ours, path, fields, value):
    browser = Client(raise_request_exception=False)
    if "logowanie" not in path and "nowe" not in path:
        browser.force_login(ours.owner)

    response = browser.post(path, dict.fromkeys(fields, value))

    assert response.status_code < 500


def test_bodies_that_are_no_forms_are_survived(ours):
    browser = Client(raise_request_exception=False)
    browser.force_login(ours.owner)
    bodies = [
        (b"{" * 10_000, "application/json"),
        (b"\xff\xfe" * 100, "application/x-www-form-urlencoded"),
        (b"--x\r\nContent-Disposition: form-data; name=a", "multipart/form-data; boundary=x"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
    ]
    for path in ("/jezyk/", "/firma/wybierz/", "/konto/haslo/", "/konto/sesja/"):
        for body, kind in bodies:
            assert browser.post(path, body, content_type=kind).status_code < 500, (path, kind)

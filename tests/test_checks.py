"""The checks of `./ebok check` see what they are there to see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog

from tests.checks import templates, translations
from tests.checks.translations import Found

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{% if %}", "does not compile"),
        ('{% url "portal:nowhere" %}', "no route is called 'portal:nowhere'"),
        ('{% load static %}{% static "css/nowhere.css" %}', "no static file 'css/nowhere.css'"),
        ('{% include "nowhere.html" only %}', "no template 'nowhere.html'"),
        ('<p style="color: red">', "inline style breaks the CSP"),
        ("<style>p {}</style>", "inline style breaks the CSP"),
        ('<button onclick="x()">', "inline handler breaks the CSP"),
        ("<script>x()</script>", "inline script breaks the CSP"),
        ('<a href="javascript:x()">', "inline script breaks the CSP"),
    ],
)
def test_template_check_sees(source: str, complaint: str) -> None:
    found = list(templates.problems(source, browser=True))

    assert [problem for problem in found if problem.startswith(complaint)]


@pytest.mark.parametrize(
    "source",
    [
        '<p class="x">{{ name }}</p>',
        '<script src="/static/js/x.js" defer></script>',
        '<script type="application/json" id="data">{}</script>',
        '{# <p style="color: red"> #}',
    ],
)
def test_template_check_lets_good_ones_pass(source: str) -> None:
    assert list(templates.problems(source, browser=True)) == []


def test_documents_and_mail_may_carry_their_style() -> None:
    assert not templates.for_browsers(Path("documents/pdf/base.html"))
    assert not templates.for_browsers(Path("account/email/reset.txt"))
    assert templates.for_browsers(Path("portal/dashboard.html"))


def catalogue(**texts: str) -> Catalog:
    made = Catalog(locale="en")
    for msgid, string in texts.items():
        made.add(msgid, string)
    return made


def complaints(used: Found, made: Catalog) -> list[str]:
    return [text.split(": ")[1] for text in translations.problems({used: "x.py"}, made)]


def test_translation_check_sees_holes() -> None:
    fuzzy = Catalog(locale="en")
    fuzzy.add("umowa", "contract", flags=["fuzzy"])

    assert complaints((None, "umowa"), catalogue()) == ["not in the catalogue"]
    assert complaints((None, "umowa"), catalogue(umowa="")) == ["not translated"]
    assert complaints((None, "umowa"), fuzzy) == ["fuzzy"]
    assert complaints((None, "umowa"), catalogue(umowa="contract")) == []
    assert complaints(("menu", "umowa"), catalogue(umowa="contract")) == ["not in the catalogue"]


def test_translation_check_compares_placeholders() -> None:
    msgid = "Umowa %(number)s"
    wrong, right = Catalog(locale="en"), Catalog(locale="en")
    wrong.add(msgid, "Contract %(no)s")
    right.add(msgid, "Contract %(number)s")

    assert complaints((None, msgid), wrong) == ["other placeholders"]
    assert complaints((None, msgid), right) == []


def test_translation_check_wants_every_plural_form() -> None:
    msgid = ("%(n)s umowa", "%(n)s umowy")
    two, three = Catalog(locale="pl"), Catalog(locale="pl")
    two.add(msgid, ("%(n)s umowa", "%(n)s umowy", ""))
    three.add(msgid, ("%(n)s umowa", "%(n)s umowy", "%(n)s umów"))

    assert complaints((None, msgid), two) == ["not translated"]
    assert complaints((None, msgid), three) == []


def test_texts_are_found_in_code_and_templates(tmp_path: Path) -> None:
    code, page = tmp_path / "a.py", tmp_path / "a.html"
    code.write_text(
        'x = _("Umowa"); y = pgettext("menu", "Faktura"); z = ngettext("rata", "raty", n)'
    )
    page.write_text(
        "{% load i18n %}\n  <p title='it''s'>\n {% translate \"Pulpit\" %}"
        "\n{% translate 'Nie „dziś” (jutro)' %} {{ _('Stan') }}"
        "{% blocktranslate count n=n trimmed %}{{ n }} wpis{% plural %}{{ n }} wpisy"
        "{% endblocktranslate %}"
    )

    assert set(translations.messages_of(code)) == {
        (None, "Umowa"),
        ("menu", "Faktura"),
        (None, ("rata", "raty")),
    }
    assert set(translations.messages_of(page)) == {
        (None, "Pulpit"),
        (None, "Nie „dziś” (jutro)"),
        (None, "Stan"),
        (None, ("%(n)s wpis", "%(n)s wpisy")),
    }


@pytest.mark.parametrize("body", ["@pytest.mark.skip", "@pytest.mark.xfail(strict=False)"])
def test_run_without_holes_fails_on_a_test_that_did_not_run(tmp_path: Path, body: str) -> None:
    (tmp_path / "test_hole.py").write_text(f"import pytest\n{body}\ndef test_x(): assert False\n")

    def run(*plugin: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-c",
                "/dev/null",
                "-p",
                "no:django",
                *plugin,
                tmp_path,
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    strict = run("-p", "tests.no_skips")
    assert strict.returncode == 1
    assert "did not run" in strict.stdout

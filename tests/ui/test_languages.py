"""English and Ukrainian as people read them: numbers declined, nothing left in Polish."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext

from eboks.ui import words
from tests.checks.translations import used_messages

TODAY = dt.date(2026, 11, 22)
SINGULAR, PLURAL = "%(number)s umowa", "%(number)s umowy"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("pl", {1: "umowa", 2: "umowy", 5: "umów", 21: "umów", 22: "umowy"}),
        ("en", {1: "contract", 2: "contracts", 5: "contracts", 21: "contracts"}),
        ("uk", {1: "договір", 2: "договори", 5: "договорів", 11: "договорів", 21: "договір"}),
    ],
)
def test_numbers_decline_as_each_language_does(language, expected):
    with translation.override(language):
        found = {n: ngettext(SINGULAR, PLURAL, n) % {"number": n} for n in expected}

    assert found == {n: f"{n} {word}" for n, word in expected.items()}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["today", "tomorrow", "in 21 days", "yesterday", "1 day ago", "3 days ago"]),
        ("uk", ["сьогодні", "завтра", "через 21 день", "вчора", "1 день тому", "3 дні тому"]),
    ],
)
def test_days_hint_speaks_the_language_of_the_page(language, expected):
    with translation.override(language):
        hints = [words.days_hint(TODAY + dt.timedelta(days=n), TODAY) for n in (0, 1, 21, -1, -3)]
        ago = ngettext("%(days)d dzień temu", "%(days)d dni temu", 1) % {"days": 1}

    assert [*hints[:4], ago, hints[4]] == expected


def test_no_package_changes_our_polish():
    """A Polish text is its own msgid; a catalogue of Django or a package might translate it."""
    texts = [(context, text) for context, text in used_messages() if isinstance(text, str)]
    with translation.override("pl"):
        changed = [
            (text, shown)
            for context, text in texts
            if (shown := pgettext(context, text) if context else gettext(text)) != text
        ]

    assert len(texts) > 500
    assert changed == []

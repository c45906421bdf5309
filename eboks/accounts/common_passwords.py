"""Passwords that many people use, of the length that is accepted here.

Lists of common passwords hold short ones: of Django's and zxcvbn's 40 000, fewer than 100 have 15
characters. People told to type more double the old one or put an ending on it, so the list is made
from both sources in those forms when the first password is checked. Nothing is stored here.
"""

from __future__ import annotations

import re
from functools import cache

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from zxcvbn.frequency_lists import FREQUENCY_LISTS

_MOST_USED = 2000
_ENDINGS = (
    *("1234567890"[:length] for length in range(1, 11)),
    *("!", "!!", "!@#", "!@#$", "1!", "123!", "@123", "#1", "abc", "qwe", "qwerty", "qwertyuiop"),
    *("admin", "haslo", "hasło", "password", "portal", "leasing", "polska", "warszawa"),
    *(str(year) for year in range(1990, 2031)),
)
_SEPARATORS = re.compile(r"[\s\-_.,;:+/]+")


def is_common(password: str) -> bool:
    """Whether the password is on the list, in any case of letters, with or without separators."""
    small = password.casefold()
    joined = _SEPARATORS.sub("", small)
    return small in listed() or joined in listed() or _repeated(joined)


@cache
def listed() -> frozenset[str]:
    """All common passwords of at least `settings.PASSWORD_MIN_LENGTH` characters, small letters."""
    ranked = list(FREQUENCY_LISTS["passwords"])
    base = {*ranked, *CommonPasswordValidator().passwords}
    most_used = ranked[:_MOST_USED]
    found = {
        *base,
        *(word * 2 for word in base),
        *(word * 3 for word in most_used),
        *(word + ending for word in most_used for ending in _ENDINGS),
        *(word + other for word in most_used[:200] for other in most_used[:200]),
    }
    return frozenset(word for word in found if len(word) >= settings.PASSWORD_MIN_LENGTH)


def _repeated(text: str) -> bool:
    """One to five characters over and over."""
    return re.fullmatch(r"(.{1,5}?)\1{2,}.{0,4}", text) is not None

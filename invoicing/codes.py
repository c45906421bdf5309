"""Codes that tell payments: short, with a check character, without letters taken for digits."""

from __future__ import annotations

import re
import secrets

from stdnum import luhn

from eboks.onboarding.services import ALPHABET

_PREFIX = "KP"
_RANDOM = 7
_FOUND = re.compile(rf"(?={_PREFIX}([{ALPHABET}]{{{_RANDOM + 1}}}))")
_SQUEEZED = re.compile(r"[\s\-./]")


def new_code() -> str:
    """`KP` and eight characters of 24, the last of which checks the others (Luhn mod 24).

    One wrong character makes it no code at all; of neighbours that changed places, A and 9 alone
    pass, and then the code is nobody's.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))
    return f"{_PREFIX}{body}{luhn.calc_check_digit(body, ALPHABET)}"


def codes_in(title: str) -> list[str]:
    """What in the title of a transfer may be such a code, in any case, broken by spaces or not.

    Banks cut titles into lines; whether a code is anybody's is for the caller to ask.
    """
    text = _SQUEEZED.sub("", title.upper())
    bodies = [found[1] for found in _FOUND.finditer(text)]
    return [f"{_PREFIX}{body}" for body in bodies if luhn.is_valid(body, ALPHABET)]

"""Mobile numbers that codes may be sent to: Polish mobiles, in one form (E.164)."""

from __future__ import annotations

import re

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_TYPED = re.compile(r"[+0-9][0-9 ()./\u00a0-]{5,24}")
_SHOWN_DIGITS = 3


def normalise_mobile(value: str) -> str:
    """`+48601234567` for a mobile number of an allowed country (`settings.SMS_COUNTRIES`), however
    spaced; a number without a country is Polish.

    Raises ValidationError for anything else: land lines, premium and foreign numbers, extensions,
    digits that are not ASCII (SEC-38).
    """
    text = value.strip()
    if not text.isascii() and "\u00a0" not in text:
        raise ValidationError(_refusal(), code="phone")
    if not _TYPED.fullmatch(text):
        raise ValidationError(_refusal(), code="phone")
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, "PL")
    except phonenumbers.NumberParseException:
        raise ValidationError(_refusal(), code="phone") from None
    allowed = phonenumbers.region_code_for_number(number) in settings.SMS_COUNTRIES
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if not (allowed and mobile and phonenumbers.is_valid_number(number)):
        raise ValidationError(_refusal(), code="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_mobile(value: str) -> bool:
    try:
        normalise_mobile(value)
    except ValidationError:
        return False
    return True


def masked(phone: str) -> str:
    """`••• ••• 741`: recognisable to its owner, useless to others."""
    ending = re.sub(r"\D", "", phone)[-_SHOWN_DIGITS:]
    return f"••• ••• {ending}" if ending else ""


def masked_email(email: str) -> str:
    """`a•••@example.com`."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}" if domain else ""


def _refusal() -> str:
    return _("Podaj numer polskiego telefonu komórkowego, np. 601 234 567.")

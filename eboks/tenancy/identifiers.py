"""Checks of identifiers: python-stdnum where it knows the number, ours for the VIN."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import iban
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.pl import nip, regon

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_KRS = re.compile(r"\d{10}")


def validate_nip(value: str) -> None:
    """10 digits with a check digit, without separators."""
    if len(value) != 10 or not nip.is_valid(value):
        raise ValidationError(_("To nie jest poprawny NIP: potrzeba 10 cyfr, ostatnia kontrolna."))


def clean_nip(typed: str) -> str:
    """The 10 digits of a NIP typed with spaces, hyphens or PL before it. Raises ValidationError."""
    value = str(nip.compact("".join(typed.split()))).upper().removeprefix("PL")
    validate_nip(value)
    return value


def validate_regon(value: str) -> None:
    """9 or 14 digits with check digits."""
    if not value.isdigit() or not regon.is_valid(value):
        raise ValidationError(_("To nie jest poprawny REGON: potrzeba 9 albo 14 cyfr."))


def validate_krs(value: str) -> None:
    """10 digits; the register defines no check digit."""
    if not _KRS.fullmatch(value):
        raise ValidationError(_("To nie jest poprawny numer KRS: potrzeba 10 cyfr."))


def validate_nrb(value: str) -> None:
    """26 digits of a Polish account number (NRB), without the country code."""
    if len(value) != 26 or not value.isdigit() or not is_iban(f"PL{value}"):
        raise ValidationError(_("To nie jest poprawny numer rachunku: potrzeba 26 cyfr."))


def is_iban(value: str) -> bool:
    """Whether `value` is a valid IBAN; the Polish bank list changes too often to be asked."""
    try:
        iban.validate(value, check_country=False)
    except StdnumError:
        return False
    return True


def validate_vin(value: str) -> None:
    """17 characters without I, O and Q (ISO 3779). European VINs carry no check digit."""
    if not _VIN.fullmatch(value):
        raise ValidationError(_("To nie jest poprawny VIN: potrzeba 17 znaków bez I, O i Q."))

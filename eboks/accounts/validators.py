"""What a password must be: long, not common, not about its owner. No rules of composition.

One set of rules for the change, the reset and the command line (AUTH_PASSWORD_VALIDATORS).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from zxcvbn import zxcvbn

from eboks.accounts.common_passwords import is_common
from eboks.accounts.models import User
from eboks.tenancy.models import Company, LessorProfile

PRODUCT_WORDS = ("ebok", "leasing", "portal", "klient")
# zxcvbn takes at most 72 characters, and longer ones only cost time.
_GUESSED_LENGTH = 64
_GOOD_SCORE = 3  # at least 10^8 guesses
_OWN_LETTERS = 8  # that must remain when everything about the owner is struck out


class MinimumLength:
    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError below `settings.PASSWORD_MIN_LENGTH` characters."""
        if len(password) < settings.PASSWORD_MIN_LENGTH:
            raise ValidationError(
                ngettext(
                    "Hasło jest za krótkie: potrzeba co najmniej %(count)d znaku.",
                    "Hasło jest za krótkie: potrzeba co najmniej %(count)d znaków.",
                    settings.PASSWORD_MIN_LENGTH,
                )
                % {"count": settings.PASSWORD_MIN_LENGTH},
                code="password_too_short",
            )

    def get_help_text(self) -> str:
        return _(
            "Co najmniej %(count)d znaków, na przykład cztery zwykłe słowa ze spacjami."
            " Może być dowolnie długie."
        ) % {"count": settings.PASSWORD_MIN_LENGTH}


class NotCommon:
    """Refuses common passwords, also doubled or with an ending, and what zxcvbn guesses soon."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError when strangers would try this password early."""
        if is_common(password):
            raise ValidationError(
                _("To hasło jest na liście najczęściej używanych. Wymyśl inne."),
                code="password_too_common",
            )
        guess = zxcvbn(password[:_GUESSED_LENGTH], user_inputs=list(PRODUCT_WORDS))
        if guess["score"] < _GOOD_SCORE:
            raise ValidationError(
                _("To hasło łatwo odgadnąć. Użyj kilku słów, które nie tworzą znanego zwrotu."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _("Nie może być jednym z często używanych haseł.")


class NotAboutOwner:
    """Refuses passwords made of the person's, their companies' or the lessor's data."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError; `user` may be unsaved or missing (product words still count)."""
        letters = _plain(password)
        identifiers, words = _about(user)
        if any(identifier in letters for identifier in identifiers):
            raise ValidationError(
                _("Hasło nie może zawierać Twojego identyfikatora, NIP, e-maila ani telefonu."),
                code="password_about_owner",
            )
        rest = letters
        for word in sorted(words, key=len, reverse=True):
            rest = rest.replace(word, " ")
        if rest != letters and len(re.sub(r"[\W\d_]", "", rest)) < _OWN_LETTERS:
            raise ValidationError(
                _("Hasło za bardzo przypomina nazwisko, nazwę firmy albo nazwę portalu."),
                code="password_about_owner",
            )

    def get_help_text(self) -> str:
        return _("Nie może zawierać Twoich danych ani nazwy firmy.")


def _about(user: Any) -> tuple[set[str], set[str]]:
    """(identifiers that must not occur, words that must not make up the password)."""
    identifiers: set[str] = set()
    words = {*PRODUCT_WORDS}
    for lessor in LessorProfile.objects.all():
        words |= _words(lessor.name, lessor.short_name)
    if user is not None:
        email = _plain(user.email.partition("@")[0])
        digits = re.sub(r"\D", "", getattr(user, "phone", ""))
        identifiers |= {_plain(user.username), email, digits[-9:]}
        words |= _words(user.first_name, user.last_name)
        if user.pk:
            for company in Company.objects.filter(memberships__user=user.pk):
                identifiers |= {_plain(company.client_id), company.nip, company.regon}
                words |= _words(company.name)
    return {value for value in identifiers if len(value) >= 5}, words


def _words(*names: str) -> set[str]:
    parts = {_plain(part) for name in names for part in re.split(r"[^\w]+", name)}
    whole = {_plain(name) for name in names}
    return {word for word in parts | whole if len(word) >= 4}


def _plain(text: str) -> str:
    """Small Latin letters and digits only: `Żuk-Trans` and `zuk trans` are the same."""
    small = text.casefold().translate(str.maketrans("łøđ", "lod"))
    apart = unicodedata.normalize("NFKD", small)
    return "".join(char for char in apart if char.isalnum())

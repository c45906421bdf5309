"""One-time codes and links that are never stored: made of a random seed and the portal's key.

A row keeps only its seed. Whoever reads the database, the queue or a backup learns no code,
because the key (SECRET_KEY) is not there; a message that has to go out again after a crash carries
the same code, so nobody ever holds two valid ones.
"""

from __future__ import annotations

import base64
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

_SEED_BYTES = 16


def new_seed() -> str:
    """128 random bits as 32 hexadecimal digits: kept in the row that the code belongs to."""
    return secrets.token_hex(_SEED_BYTES)


def digits(*, purpose: str, ref: str, seed: str, length: int = 6) -> str:
    """The code of `length` decimal digits, leading zeros kept.

    `purpose` ("operation", "login", …) and `ref` (the row's public id) keep codes of different
    uses apart: the same seed gives another code for another purpose.
    """
    number = int.from_bytes(_mac(purpose, ref, seed), "big")
    return f"{number % 10**length:0{length}d}"


def token(*, purpose: str, ref: str, seed: str) -> str:
    """A key for a link: 256 bits in 43 characters that an address may hold."""
    return base64.urlsafe_b64encode(_mac(purpose, ref, seed)).rstrip(b"=").decode()


def is_same(given: str, expected: str) -> bool:
    """Compares in constant time; `given` may be any text that a person typed."""
    return constant_time_compare(given, expected)


def _mac(purpose: str, ref: str, seed: str) -> bytes:
    return salted_hmac(f"eboks.codes.{purpose}", f"{ref}:{seed}", algorithm="sha256").digest()

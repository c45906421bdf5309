"""Keys of third-party rows in addresses: signed, so that no address shows a running number."""

from __future__ import annotations

from django.core import signing

_SALT = "eboks.accounts.signed_keys"


class SignedKey:
    """Path converter `<signed:pk>`: a number in Python, an unguessable text in the address."""

    regex = r"[0-9A-Za-z_:-]{10,120}"

    def to_python(self, value: str) -> int:
        """Raises ValueError (no such page) for what was not made here."""
        try:
            return int(signing.loads(value, salt=_SALT))
        except signing.BadSignature:
            raise ValueError(value) from None

    def to_url(self, value: int) -> str:
        return signing.dumps(int(value), salt=_SALT)

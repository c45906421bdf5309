"""Text for an SMS: ASCII alone, so that it fits into one message of 160 characters (SEC-33)."""

from __future__ import annotations

import unicodedata

SMS_LENGTH = 160

# Letters that do not come apart into a letter and an accent, and marks of typography.
_SINGLE = {
    **dict(
        zip(
            "łŁøØđĐßæÆœŒ", ("l", "L", "o", "O", "d", "D", "ss", "ae", "AE", "oe", "OE"), strict=True
        )
    ),
    **dict.fromkeys("‘’‚′`´", "'"),
    **dict.fromkeys("“”„″«»", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),
    "…": "...",
    "•": "*",
    "×": "x",
    "€": "EUR",
}
# Ukrainian as passports write it (KMU resolution 55/2010), without its rules for first letters.
_UKRAINIAN = {
    **dict(zip("абвгґдезиіклмнопрстуфїй", "abvhgdezyiklmnoprstufii", strict=True)),
    "є": "ie",
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ю": "iu",
    "я": "ia",
    "ь": "",
}
_TABLE = str.maketrans(
    {
        **_SINGLE,
        **_UKRAINIAN,
        **{letter.upper(): latin.capitalize() for letter, latin in _UKRAINIAN.items()},
    }
)
_COUNT_TWICE = frozenset("^{}\\[]~|")


def to_ascii(text: str) -> str:
    """`Zażółć – 5 zł` becomes `Zazolc - 5 zl`; what has no likeness becomes `?`.

    White space of any kind, line ends among it, becomes one space.
    """
    text = unicodedata.normalize("NFC", text).translate(_TABLE)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = " ".join(text.split())
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def sms_length(text: str) -> int:
    """How many of the 160 places `text` takes: some signs of the GSM alphabet take two."""
    return sum(2 if c in _COUNT_TWICE else 1 for c in text)

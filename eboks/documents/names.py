"""Names of files that go to people: safe in a header, on a disk and to the eye."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_LONGEST = 120
_FORBIDDEN = '<>:"/\\|?*'
_LETTERS_WITHOUT_ACCENT = str.maketrans("łŁđĐøØßæÆœŒ", "lLdDoOsaAoO")


def clean_file_name(name: str) -> str:
    """`name` without anything that a file system, a header or a reader could trip over.

    Slashes and the like become hyphens; control, direction-changing and invisible characters go;
    at most 120 characters, keeping the extension. Never empty.
    """
    text = "".join(
        "-" if letter in _FORBIDDEN else letter
        for letter in unicodedata.normalize("NFC", name)
        if unicodedata.category(letter)[0] != "C"
    )
    text = " ".join(text.split()).strip(" .-")
    stem, dot, extension = text.rpartition(".")
    if not dot or len(extension) > 8:
        stem, dot, extension = text, "", ""
    return f"{stem[: _LONGEST - len(dot + extension)].rstrip(' .')}{dot}{extension}" or "plik"


def ascii_file_name(name: str) -> str:
    """The same name in plain ASCII letters, for programs that do not read RFC 6266."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS_WITHOUT_ACCENT))
    kept = "".join(letter for letter in plain if letter.isascii() and letter.isprintable())
    return kept.replace('"', "").replace("\\", "").strip(" .") or "plik"


def content_disposition(name: str, *, inline: bool = False) -> str:
    """Header of RFC 6266: an ASCII name for everyone, the real one for programs that read it."""
    name = clean_file_name(name)
    kind = "inline" if inline else "attachment"
    header = f'{kind}; filename="{ascii_file_name(name)}"'
    if not name.isascii():
        header += f"; filename*=UTF-8''{quote(name, safe='')}"
    return header

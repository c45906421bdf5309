"""Names of files that go to people: safe in a header, on a disk and to the eye."""

from __future__ import annotations

import re
import unicodedata
from unicodedata import is_normalized
from urllib.parse import quote

_LONGEST = 120
_LONGEST_EXTENSION = 8
_PLAIN = re.compile(r"[\w(](?:[\w ()+,=.-]{0,100}[\w)])?")
_FORBIDDEN = '<>:"/\\|?*'
_LONGEST_BYTES = 200  # of a name on a disk, where 255 is the most
# Windows takes these for devices, whatever the extension.
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"
}
_LETTERS_WITHOUT_ACCENT = str.maketrans("łŁđĐøØßæÆœŒ", "lLdDoOsaAoO")


def clean_file_name(name: str) -> str:
    """`name` without anything that a file system, a header or a reader could trip over.

    Slashes and the like become hyphens; control, direction-changing and invisible characters go;
    at most 120 characters, keeping the extension. Never empty.
    """
    if _PLAIN.fullmatch(name) and "  " not in name and is_normalized("NFC", name):
        return name  # most names are clean, and this is quicker than looking at every letter
    text = "".join(
        "-" if letter in _FORBIDDEN else letter
        for letter in unicodedata.normalize("NFC", name)
        if unicodedata.category(letter)[0] != "C"
    )
    text = " ".join(text.split()).strip(" .-")
    stem, extension = split_name(text)
    return f"{stem[: _LONGEST - len(extension)].rstrip(' .')}{extension}" or "plik"


def entry_name(name: str, *, again: int = 1) -> str:
    """`name` for a file inside an archive, safe on every system it may be unpacked on (SEC-88).

    As `clean_file_name`, and no device of Windows, at most 200 bytes; the `again`-th file of a name
    says so: `umowa (2).pdf`.
    """
    stem, extension = split_name(clean_file_name(name))
    if stem.split(".")[0].rstrip(" ").casefold() in _DEVICES:
        stem = f"_{stem}"
    tail = f" ({again}){extension}" if again > 1 else extension
    room = _LONGEST_BYTES - len(tail.encode())
    # A letter cut in half goes as a whole.
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .-")
    return f"{stem or 'plik'}{tail}"


def split_name(name: str) -> tuple[str, str]:
    """The name and its extension with the dot; no extension when it would be a long one."""
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        return name, ""
    return stem, dot + extension


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

"""`python -m tests.checks.translations [--update]`: every text of the code is translated.

Polish is the source language, so a msgid is the Polish text itself. For English and Ukrainian each
msgid that Python code or a template uses must be in locale/<language>/LC_MESSAGES/django.po,
translated in every plural form, not fuzzy, with the same placeholders. The Polish catalogue holds
only the texts with a number, because a msgid has two forms and Polish needs three. `--update`
writes new msgids into the catalogues and drops unused ones, with Babel, so that nobody needs GNU
gettext.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation import template as template_language

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("pl", "en", "uk")
Keyword = tuple[int | tuple[int, int] | tuple[int, str], ...] | None
SOURCES = ("eboks", "contracts", "invoicing", "insurance", "requests_app")

_KEYWORDS: dict[str, Keyword] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[#0 +-]*\d*(?:\.\d+)?[a-z]|\{(\w*)[^{}]*\}|%[sd]")
_CALL = re.compile(
    r"""\b(?:(?:n|p|np)?gettext|_)\((?:[^()'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*\)"""
)

Text = str | tuple[str, ...]
Found = tuple[str | None, Text]


def messages_of(path: Path) -> Iterator[Found]:
    """(context, msgid) of each translatable text in a Python file or a template."""
    source = path.read_text()
    if path.suffix != ".py":
        # Django turns a template into calls among blanks, which no tokenizer likes: keep the calls.
        source = "\n".join(_CALL.findall(template_language.templatize(source, origin=str(path))))
        # A template's indentation means nothing, but the tokenizer would refuse it.
        source = "\n".join(line.strip() for line in source.splitlines())
    rows = extract("python", io.BytesIO(source.encode()), _KEYWORDS, options={"encoding": "utf-8"})
    for _line, message, _comments, context in rows:
        yield context, message


def used_messages() -> dict[Found, str]:
    """Each text that the program uses, with the first file that uses it."""
    paths = [path for name in SOURCES for path in sorted((ROOT / name).rglob("*.py"))]
    paths += sorted(path for path in (ROOT / "templates").rglob("*.*") if path.is_file())
    found: dict[Found, str] = {}
    for path in paths:
        if "migrations" not in path.parts:
            for message in messages_of(path):
                found.setdefault(message, str(path.relative_to(ROOT)))
    return found


def placeholders(text: str) -> set[str]:
    return {match.group(0) for match in _PLACEHOLDER.finditer(text)}


def problems(used: dict[Found, str], catalogue: Catalog) -> Iterator[str]:
    """What is missing or wrong in one language's catalogue."""
    for (context, msgid), where in sorted(used.items(), key=str):
        key = msgid if isinstance(msgid, str) else msgid[0]
        message = catalogue.get(key, context)
        if message is None:
            yield f"{where}: not in the catalogue: {key!r}"
            continue
        string = message.string or ""
        strings = [string] if isinstance(string, str) else [text or "" for text in string]
        forms = 1 if isinstance(msgid, str) else catalogue.num_plurals
        if message.fuzzy:
            yield f"{where}: fuzzy: {key!r}"
        elif len(strings) != forms or not all(strings):
            yield f"{where}: not translated: {key!r}"
        else:
            yield from _different_placeholders(where, msgid, strings)


def _different_placeholders(where: str, msgid: Text, strings: list[str]) -> Iterator[str]:
    sources = [msgid] if isinstance(msgid, str) else list(msgid)
    allowed = set().union(*map(placeholders, sources))
    needed = set.intersection(*map(placeholders, sources))
    for string in strings:
        if not needed <= placeholders(string) <= allowed:
            yield f"{where}: other placeholders: {sources[0]!r} -> {string!r}"


def catalogue_path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def for_language(language: str, used: dict[Found, str]) -> dict[Found, str]:
    """The texts that this language's catalogue must hold."""
    if language != "pl":
        return used
    return {found: where for found, where in used.items() if isinstance(found[1], tuple)}


def update(language: str, used: dict[Found, str]) -> None:
    """Write the language's catalogue anew: known translations stay, new msgids come empty."""
    old = read(language)
    new = Catalog(
        locale=language,
        header_comment=f"# eBOK, {language}. See `python -m tests.checks.translations`.",
        project="eBOK",
        version="1",
        last_translator="eBOK",
        language_team=language,
        msgid_bugs_address="-",
        creation_date=old.creation_date,  # so that an update with nothing new changes nothing
        revision_date=old.creation_date,
        fuzzy=False,
        charset="utf-8",
    )
    for context, msgid in sorted(used, key=str):
        key = msgid if isinstance(msgid, str) else msgid[0]
        known: Message | None = old.get(key, context)
        same = known is not None and isinstance(known.id, str) == isinstance(msgid, str)
        new.add(
            msgid,
            string=known.string if known is not None and same else None,
            flags=known.flags if known is not None and same else (),
            context=context,
        )
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, new, width=100, omit_header=False)


def main() -> int:
    used = used_messages()
    if "--update" in sys.argv[1:]:
        for language in LANGUAGES:
            update(language, for_language(language, used))
    found = [
        f"{language}: {problem}"
        for language in LANGUAGES
        for problem in problems(for_language(language, used), read(language))
    ]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"{len(used)} texts, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

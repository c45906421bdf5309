"""The demo inbox: what the embedded demo would have sent, read back from its files."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

_NEWEST = 30
_RULE = re.compile(rb"\n-{79}\s*\Z")  # Django's file backend ends each message with it
_CODE_LINE = re.compile(r"\n@\S+ #(\S+)\s*\Z")
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Extra:
    """A code that is in no message, e.g. of an authenticator app of the demo's staff."""

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Received:
    channel: str
    to: str
    at: dt.datetime
    subject: str
    text: str
    code: str = ""
    links: tuple[tuple[str, str], ...] = ()  # (where to, as written)


Source = Callable[[dt.datetime], Iterable[Extra]]
_sources: list[Source] = []


def add_extra(source: Source) -> None:
    """`source(at)` gives codes to show above the messages. Called in `AppConfig.ready()`."""
    if source not in _sources:
        _sources.append(source)


def extras(*, at: dt.datetime) -> list[Extra]:
    return [extra for source in _sources for extra in source(at)]


def inbox() -> list[Received]:
    """The newest messages, whoever they are for: the demo's people are everybody's."""
    files = [*_files("sms", "*.txt"), *_files("mail", "*.log")]
    newest = sorted(files, key=lambda item: item[0], reverse=True)[:_NEWEST]
    return [_read(path, at) for at, path in newest]


def _files(directory: str, pattern: str) -> list[tuple[float, Path]]:
    return [(path.stat().st_mtime, path) for path in (settings.DATA_DIR / directory).glob(pattern)]


def _read(path: Path, modified: float) -> Received:
    at = dt.datetime.fromtimestamp(modified, tz=dt.UTC)
    if path.suffix == ".txt":
        head, _line, text = path.read_text(encoding="utf-8").partition("\n")
        found = _CODE_LINE.search(text)
        code = found.group(1) if found else ""
        return Received("SMS", head.removeprefix("Do: "), at, "", text.strip(), code)
    letter = email.message_from_bytes(
        _RULE.sub(b"", path.read_bytes()), policy=email.policy.default
    )
    text = _text(letter)
    written = dict.fromkeys(link for link in _LINK.findall(text) if link != settings.SITE_URL)
    links = tuple((_path(link), link) for link in written)
    return Received("e-mail", str(letter["To"]), at, str(letter["Subject"]), text, "", links)


def _path(link: str) -> str:
    """Of our own links only the path: the demo may be open on a phone, under another address."""
    own = link.removeprefix(f"{settings.SITE_URL}/")
    return f"/{own.lstrip('/')}" if own != link else link


def _text(letter: email.message.Message) -> str:
    if not isinstance(letter, EmailMessage):
        return ""
    part = letter.get_body(preferencelist=("plain",))
    return str(part.get_content()).strip() if part is not None else ""

"""Texts of messages: templates of the kind, in the person's language, with the lessor's brand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from eboks.notifications.models import OutgoingMessage
from eboks.notifications.plain import SMS_LENGTH, sms_length, to_ascii
from eboks.tenancy.models import LessorProfile

_HIDDEN = "•••"
_SUBJECT_LENGTH = 200
_COLOUR = LessorProfile._meta.get_field("brand_colour").default


class UnfittingError(Exception):
    """The text cannot be made to fit its channel."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail's texts. `kept` is the text with secrets hidden, for the row."""

    subject: str
    text: str
    html: str
    kept: str


@dataclass(frozen=True, slots=True)
class Sms:
    text: str
    kept: str


def bell_text(
    *,
    kind: str,
    language: str,
    facts: Mapping[str, Any],
    user: Any,
    known_house: Mapping[str, Any] | None = None,
) -> tuple[str, str]:
    """Subject and text of a notice in the portal; it has no secrets.

    `known_house` is `house()`, read once by who makes many.
    """
    with translation.override(language):
        context = {"facts": facts, "user": user, **(known_house or house())}
        return _subject(kind, context), _message(kind, context)


def subject_of(message: OutgoingMessage) -> str:
    """The subject alone, for a digest."""
    with translation.override(message.language):
        return _subject(message.kind, _context(message, {}))


def letter(message: OutgoingMessage, secrets: Mapping[str, str]) -> Letter:
    """The e-mail of `message`."""
    with translation.override(message.language):
        context = _context(message, secrets)
        subject, text = _subject(message.kind, context), _message(message.kind, context)
        hidden = _message(message.kind, context | _hidden(secrets))
        link = f"{settings.SITE_URL}{message.url}" if message.url else ""
        lessor = context["lessor"]
        frame = context | {
            "subject": subject,
            "text": text,
            "link": link,
            "language": message.language,
            "colour": lessor.brand_colour if lessor else _COLOUR,
        }
        return Letter(
            subject=subject,
            text=render_to_string("notifications/mail_layout.txt", frame).strip() + "\n",
            html=render_to_string(
                "notifications/mail_layout.html", frame | {"paragraphs": _paragraphs(text)}
            ),
            kept=hidden,
        )


def sms(message: OutgoingMessage, secrets: Mapping[str, str]) -> Sms:
    """The SMS of `message`: one of at most 160 characters, the code's line always whole.

    Raises `UnfittingError` when a text with a secret stays too long.
    """
    with translation.override(message.language):
        kept = _fitted(message, _hidden(secrets)).replace(to_ascii(_HIDDEN), _HIDDEN)
        return Sms(_fitted(message, secrets), kept)


def _fitted(message: OutgoingMessage, secrets: Mapping[str, str]) -> str:
    context = _context(message, secrets)
    # Browsers offer the code of such a line to the site that it names, and to no other.
    last = (
        f"\n@{urlsplit(settings.SITE_URL).hostname} #{secrets['code']}" if "code" in secrets else ""
    )
    room = SMS_LENGTH - sms_length(last)

    def render(facts: Mapping[str, Any]) -> str:
        return to_ascii(_render(f"{message.kind}_sms.txt", context | {"facts": facts}))

    text = render(message.facts)
    what = to_ascii(str(message.facts.get("what", "")))
    while sms_length(text) > room and what:
        over = max(1, sms_length(text) - room)
        what = what[:-over].rstrip(" .,")
        text = render({**message.facts, "what": f"{what}.."})
    if sms_length(text) > room:
        if secrets:
            raise UnfittingError(message.kind)
        while sms_length(text) > room - len("..."):
            text = text[:-1]
        text = f"{text.rstrip()}..."
    return text + last


def _context(message: OutgoingMessage, secrets: Mapping[str, str]) -> dict[str, Any]:
    return {"facts": message.facts, "user": message.user, **house(), **secrets}


def house() -> dict[str, Any]:
    """What every text knows: the lessor and the address of the portal."""
    lessor = LessorProfile.objects.order_by("pk").first()
    return {"lessor": lessor, "site": settings.SITE_URL}


def _hidden(secrets: Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(secrets, _HIDDEN)


def _subject(kind: str, context: dict[str, Any]) -> str:
    """One line: a line end in a header would start another (SEC-93)."""
    return " ".join(_render(f"{kind}_subject.txt", context).split())[:_SUBJECT_LENGTH]


def _message(kind: str, context: dict[str, Any]) -> str:
    text = _render(f"{kind}_message.txt", context).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _render(name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"notifications/{name}", context)


def _paragraphs(text: str) -> list[list[SafeString]]:
    """Paragraphs of lines, escaped. Only addresses of this portal become links: a name that a
    stranger chose shall not.
    """
    return [[_linked(line) for line in part.split("\n")] for part in text.split("\n\n")]


def _linked(line: str) -> SafeString:
    parts = re.split(rf"({re.escape(settings.SITE_URL)}(?:/\S*)?)", line)
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="{}">{}</a>', part, part) if number % 2 else part,)
            for number, part in enumerate(parts)
        ),
    )

"""A person's calendar as RFC 5545: whole days, nothing that rings, names that stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from eboks.listing import clean_text
from eboks.portal.calendar_entries import Entry

_REFRESH = dt.timedelta(hours=12)
_LONGEST_LINE = 500
_ONE_DAY = dt.timedelta(days=1)


def ical(entries: Iterable[Entry], *, name: str, several: bool, at: dt.datetime) -> bytes:
    """The calendar `name` with one event for each entry; `several`: the company stands in each."""
    site = settings.SITE_URL.rstrip("/")
    host = urlsplit(site).hostname or "ebok"
    calendar = Calendar()
    calendar.add("prodid", "-//eBOK//Kalendarz//PL")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line(name))
    calendar.add("x-wr-timezone", "Europe/Warsaw")
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT12H")
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.uid}@{host}")
        event.add("dtstamp", at.astimezone(dt.UTC).replace(microsecond=0))
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + _ONE_DAY)
        event.add("summary", _line(entry.title))
        lines = [*([entry.company] if several else []), *entry.details]
        if entry.url:
            lines.append(f"{_('W portalu:')} {site}{entry.url}")
            event.add("url", f"{site}{entry.url}")
        event.add("description", "\n".join(map(_line, lines)))
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _line(text: str) -> str:
    """One line without control characters: a bare carriage return would begin a property."""
    return clean_text(text, _LONGEST_LINE)

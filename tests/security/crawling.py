"""Going through the portal as a person would: every link, every list form, every file."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pypdf
from django.test import Client
from django.urls import Resolver404, resolve

# Of one page with different parameters: sorts and filters multiply without end.
_OF_A_PAGE = 40


class _Links(HTMLParser):
    """Addresses, and the fields of each form that is sent by GET."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._form: tuple[str, list[tuple[str, str]]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "data", "hx-get"):
            if given.get(name):
                self.found.append(given[name])
        if tag == "form" and given.get("method", "get").lower() == "get":
            self._form = (given.get("action", ""), [])
        if self._form is None:
            return
        if tag == "select":
            self._select = given.get("name", "")
        value = given.get("value", "")
        if tag == "input" and given.get("name"):
            self._form[1].append((given["name"], value))
        if tag == "option" and self._select:
            self._form[1].append((self._select, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.forms.append(self._form)
            self._form = None
        if tag == "select":
            self._select = ""


@dataclass
class Page:
    """One answer: the address, the route, the text of whatever kind of file it is."""

    url: str
    route: str
    response: Any
    text: str
    parameters: set[str] = field(default_factory=set)


def crawl(client: Client, start: str = "/") -> Iterator[Page]:
    """Every page, file and filtered list that `start` leads to. Static files are left out."""
    queue, seen = [start], {start}
    asked: Counter[str] = Counter()
    while queue:
        url = queue.pop(0)
        response = client.get(url)
        body = content(response)
        page = Page(url, route_of(url), response, readable(body, response))
        links = _Links()
        if "text/html" in response.headers.get("Content-Type", ""):
            links.feed(body.decode())
        if response.status_code in {301, 302}:
            links.found.append(response.headers["Location"])
        for action, fields in links.forms:
            page.parameters |= {name for name, _value in fields}
            links.found += [f"{action}?{urlencode([pair])}" for pair in fields if pair[1]]
        yield page
        for found in links.found:
            target = urljoin(url, found).partition("#")[0]
            parts = urlsplit(target)
            wanted = not (parts.scheme or parts.netloc or parts.path.startswith("/static/"))
            if wanted and target not in seen and asked[parts.path] < _OF_A_PAGE:
                seen.add(target)
                asked[parts.path] += 1
                queue.append(target)


def content(response) -> bytes:
    """The whole body, also of a streamed answer."""
    if not response.streaming:
        return response.content
    return b"".join(response.streaming_content)  # the test client closes it at the end


def readable(body: bytes, response) -> str:
    """The body as text; for a PDF the text on its pages, for a workbook the text of its parts."""
    kind = response.headers.get("Content-Type", "")
    if kind.startswith("application/pdf"):
        reader = pypdf.PdfReader(io.BytesIO(body))
        return "\n".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
    if "spreadsheetml" in kind or kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "\n".join(
                f"{name}\n{archive.read(name).decode(errors='replace')}"
                for name in archive.namelist()
            )
    return body.decode(errors="replace")


def route_of(url: str) -> str:
    """The name of the route, or an empty text when there is none."""
    try:
        return resolve(urlsplit(url).path).view_name
    except Resolver404:
        return ""

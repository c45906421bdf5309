"""HTML to tagged PDF. The renderer reaches neither the network nor a file (SEC-89).

WeasyPrint and its libraries (Pango) load at the first document, so the portal starts without them.
"""

from __future__ import annotations

import atexit
import functools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from eboks.assets import DOCUMENT_WEIGHTS, pdf_font

logger = logging.getLogger(__name__)

FONTS = {f"ebok:inter-{weight}.ttf": weight for weight in DOCUMENT_WEIGHTS}
_LARGEST_HTML = 4_000_000  # characters; an invoice of 100 rows has about 60 000
_AT_ONCE = 2  # documents rendered by one process at a time; each takes one core
_PATIENCE = 20  # seconds to wait for a free place
_places = threading.BoundedSemaphore(_AT_ONCE)


class PdfError(Exception):
    """The document cannot be made. Its text is for the client."""


class PdfUnavailableError(PdfError):
    """This machine cannot make PDFs, or not at this moment."""


@dataclass(frozen=True)
class _Engine:
    """What is loaded once in a process: the renderer, our font, the style sheet parsed."""

    html: Callable[..., Any]
    fetcher: Any
    fonts: Any
    style: Any
    fatal: type[BaseException]


def render_pdf(html: str, *, title: str) -> bytes:
    """A PDF/UA-1 file, the same bytes for the same input.

    `html` must be escaped already (a template with autoescape on). Raises PdfUnavailableError when
    Pango is missing or every place is taken for 20 s, PdfError when the document is too large or
    asks for anything outside itself.
    """
    if len(html) > _LARGEST_HTML:
        raise PdfError(_("Dokument jest zbyt duży, aby zrobić z niego plik PDF."))
    engine = _engine()
    if not _places.acquire(timeout=_PATIENCE):
        raise PdfUnavailableError(_("Powstaje teraz dużo dokumentów. Spróbuj ponownie za chwilę."))
    try:
        document = engine.html(
            string=html, base_url="ebok:document", url_fetcher=engine.fetcher
        ).render(font_config=engine.fonts, stylesheets=[engine.style], pdf_variant="pdf/ua-1")
        document.metadata.title = title
        document.metadata.generator = "eBOK"
        content: bytes = document.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)
    except engine.fatal as refusal:
        logger.error("pdf: the document asked for something outside itself")
        raise PdfError(_("Nie udało się utworzyć pliku PDF.")) from refusal
    finally:
        _places.release()
    return content


def is_available() -> bool:
    """Whether this machine can make PDFs. The first call loads the renderer (about 1.5 s)."""
    try:
        _engine()
    except PdfUnavailableError:
        return False
    return True


def renderer() -> str:
    """Name and version of the program that makes the files, for the stored document."""
    return f"WeasyPrint {version('weasyprint')}"


_loading = threading.Lock()


def _engine() -> _Engine:
    with _loading:
        return _load()


@functools.cache
def _load() -> _Engine:
    try:
        from weasyprint import CSS, HTML  # noqa: PLC0415 -- see the module's first words
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
        from weasyprint.urls import (  # noqa: PLC0415
            FatalURLFetchingError,
            URLFetcher,
            URLFetcherResponse,
        )
    except (ImportError, OSError) as error:
        logger.warning("pdf: WeasyPrint cannot load its libraries: %s", error)
        raise PdfUnavailableError(
            _(
                "Na tym serwerze nie da się teraz tworzyć plików PDF: brakuje bibliotek Pango. "
                "Wszystkie dane dokumentu są na stronie."
            )
        ) from error

    class ClosedFetcher(URLFetcher):  # type: ignore[misc]  # weasyprint ships no types
        """Knows our font and what the document carries in itself, and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in FONTS:
                return URLFetcherResponse(url, pdf_font(FONTS[url]), {"Content-Type": "font/ttf"})
            if url.startswith("data:"):
                return super().fetch(url, headers)
            # Not an ordinary error: WeasyPrint would only warn and go on.
            raise FatalURLFetchingError("refused")

    fetcher = ClosedFetcher(allowed_protocols=("data",), allow_redirects=False)
    fonts = FontConfiguration()
    # Its clean-up needs modules that an ending interpreter has already taken down.
    atexit.register(_load.cache_clear)
    style = CSS(
        string=_style_sheet().read_text(),
        base_url="ebok:style",
        url_fetcher=fetcher,
        font_config=fonts,
    )
    return _Engine(HTML, fetcher, fonts, style, FatalURLFetchingError)


def _style_sheet() -> Path:
    return Path(__file__).parents[2] / "templates" / "documents" / "pdf" / "style.css"

"""Reading what a paper says."""

from __future__ import annotations

import io
from typing import Any

import pypdf

from eboks.documents.services import read_checked


def text_of(paper: Any) -> str:
    """The words of the stored PDF, with single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(read_checked(paper.document))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())

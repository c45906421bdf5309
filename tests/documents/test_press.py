"""Rendering in a process of its own: caps of time and memory, and what outlives them (FI-17)."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from eboks.documents import pdf
from eboks.documents.press import Press

HTML = "<!doctype html><html lang=pl><title>x</title><p>Zażółć gęślą jaźń {}"
ENDLESS = "<p>x" * 20_000  # many seconds on any machine
HUGE = "<table>" + "<tr><td>x</td></tr>" * 60_000 + "</table>"


def test_press_makes_the_same_bytes_as_the_process_itself():
    with Press() as press:
        assert press.render(HTML, title="Tytuł") == pdf.render_pdf(HTML, title="Tytuł")
        assert press.render(HTML + "2", title="x").startswith(b"%PDF-")
        assert press.cpu_seconds > 0


def test_refused_document_does_not_end_the_press():
    with Press() as press:
        with pytest.raises(pdf.PdfError, match="Nie udało się"):
            press.render("<img src=http://127.0.0.1:9/x.png>", title="x")
        with pytest.raises(pdf.PdfError, match="zbyt duży"):
            press.render("x" * 4_000_001, title="x")
        assert press.render(HTML, title="x").startswith(b"%PDF-")


def test_document_that_takes_too_long_is_refused_and_the_next_one_made():
    with Press(seconds=1) as press:
        with pytest.raises(pdf.PdfError, match=r"zbyt długo|przerwał pracę"):
            press.render(ENDLESS, title="x")
        press._seconds = 60
        assert press.render(HTML, title="x").startswith(b"%PDF-")


def test_document_that_eats_memory_is_refused_and_the_next_one_made():
    with Press(megabytes=320) as press:
        with pytest.raises(pdf.PdfError, match=r"przerwał pracę|MemoryError"):
            press.render(HUGE, title="x")
        assert press.render(HTML, title="x").startswith(b"%PDF-")


def test_crash_of_the_renderer_is_one_documents_failure():
    with Press() as press:
        press.render(HTML, title="x")
        assert press._child is not None
        os.kill(press._child.pid, signal.SIGSEGV)
        with pytest.raises(pdf.PdfError, match="przerwał pracę"):
            press.render(HTML, title="x")
        assert press.render(HTML, title="x").startswith(b"%PDF-")


def test_child_ends_with_the_press_and_has_no_secrets():
    os.environ["SECRET_OF_THE_TEST"] = "x"
    try:
        with Press() as press:
            press.render(HTML, title="x")
            assert press._child is not None
            child = Path(f"/proc/{press._child.pid}")
            assert b"SECRET" not in (child / "environ").read_bytes()
    finally:
        del os.environ["SECRET_OF_THE_TEST"]
    time.sleep(0.05)
    assert not child.exists()

"""File names: safe in a header, on a disk and to the eye (SEC-87)."""

from __future__ import annotations

import pytest

from eboks.documents.names import ascii_file_name, clean_file_name, content_disposition


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("Faktura FV/L/2026/11/000042.pdf", "Faktura FV-L-2026-11-000042.pdf"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie- x=1.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ('a"b\\c.pdf', "a-b-c.pdf"),
        ("faktura\u202efdp.exe", "fakturafdp.exe"),
        ("  .hidden. ", "hidden"),
        ("///", "plik"),
        ("", "plik"),
        ("Zażółć gęślą jaźń.xlsx", "Zażółć gęślą jaźń.xlsx"),
    ],
)
def test_clean_file_name_leaves_nothing_dangerous(given, clean):
    assert clean_file_name(given) == clean


def test_clean_file_name_is_short_and_keeps_the_extension():
    name = clean_file_name("ż" * 300 + ".pdf")
    assert len(name) == 120
    assert name.endswith("ż.pdf")


def test_ascii_file_name_keeps_polish_letters_readable():
    assert ascii_file_name("Zażółć gęślą jaźń Łódź.pdf") == "Zazolc gesla jazn Lodz.pdf"
    assert ascii_file_name("Київ.pdf") == "pdf"


def test_content_disposition_has_both_names():
    assert content_disposition("Żółw.pdf") == (
        "attachment; filename=\"Zolw.pdf\"; filename*=UTF-8''%C5%BB%C3%B3%C5%82w.pdf"
    )
    assert content_disposition("a.pdf", inline=True) == 'inline; filename="a.pdf"'


@pytest.mark.parametrize("given", ["a\r\nX: y.pdf", 'a"; filename="b.exe', 'a\\".pdf', "\u2028a"])
def test_content_disposition_cannot_be_broken_out_of(given):
    header = content_disposition(given)
    assert "\r" not in header
    assert "\n" not in header
    assert header.split("; filename*=")[0].count('"') == 2

"""What the browser gets beside the pages: small, strict, complete."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from eboks import assets

STATIC = Path(__file__).resolve().parents[2] / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))


def test_style_sheets_weigh_less_than_20_kb_compressed():
    assert sum(len(gzip.compress(sheet.read_bytes())) for sheet in SHEETS) < 20_000


@pytest.mark.parametrize("path", [*SHEETS, *SCRIPTS], ids=lambda path: path.name)
def test_file_stays_short(path):
    assert len(path.read_text().splitlines()) < 500


def test_own_scripts_stay_under_500_lines_together():
    assert sum(len(script.read_text().splitlines()) for script in SCRIPTS) < 500


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_strict_and_writes_no_markup(script):
    source = script.read_text()

    assert "'use strict';" in source
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_style_sheet_loads_only_our_own(sheet):
    addresses = re.findall(r"url\(([^)]*)\)|@import", sheet.read_text())

    assert [a for a in addresses if a.strip("\"'") != "../fonts/inter.woff2"] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_colours_come_from_tokens(sheet):
    """Outside tokens.css: white on the brand, paper, shadows. Everything else is a token."""
    if sheet.name == "tokens.css":
        return
    raw = set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])", sheet.read_text()))

    assert raw <= {"#fff", "#000", "#333", "#bbb", "#888", "#ccc", "#999", "#f3f3f3", "#f0f0f0"}


def test_web_font_has_every_letter_we_write():
    assets.subset_font()
    letters = set(
        "AĄBCĆDEĘFGHIJKLŁMNŃOÓPRSŚTUWYZŹŻaąbcćdeęfghijklłmnńoóprsśtuwyzźż"
        "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯабвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
        "0123456789 \u00a0,.–—„”−€%·…/()"
    )

    with TTFont(assets.WEB_FONT) as font:
        assert {letter for letter in letters if ord(letter) not in font.getBestCmap()} == set()
        features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
        assert "tnum" in features
    assert assets.WEB_FONT.stat().st_size < 100_000

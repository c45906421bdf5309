"""The lessor's drawing goes into documents without anything that acts or points outside."""

from __future__ import annotations

import pytest

from eboks.documents.brand import clean_svg, lessor_brand, logo_address
from tests.factories import LessorFactory

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'


def test_plain_drawing_is_kept():
    clean = clean_svg(SVG.format('<path d="M0 0h8" fill="#0d5c63"/>'))
    assert '<path d="M0 0h8" fill="#0d5c63" />' in clean
    assert 'viewBox="0 0 8 8"' in clean


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<image href="http://example.com/x.png"/>',
        '<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        "<style>@import url(http://example.com/x.css);</style>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
        '<use href="http://example.com/x.svg#a"/>',
        '<path d="M0 0" onload="alert(1)" style="fill:url(http://example.com)"/>',
        '<path d="M0 0" fill="url(http://example.com/x)"/>',
        '<path d="M0 0" fill="URL(file:///etc/passwd)"/>',
    ],
)
def test_everything_that_acts_is_dropped(inside):
    clean = clean_svg(SVG.format(inside))
    assert clean.startswith("<svg")
    for word in ("script", "example.com", "passwd", "javascript", "import", "onload", "foreign"):
        assert word not in clean, word


@pytest.mark.parametrize(
    "svg",
    [
        "",
        "not a drawing",
        "<svg",
        "<html></html>",
        '<!DOCTYPE svg [<!ENTITY x "y">]>' + SVG.format("&x;"),
        SVG.format("x" * 70_000),
    ],
)
def test_what_is_no_plain_drawing_is_refused(svg):
    assert clean_svg(svg) == ""
    assert logo_address(svg) == ""


@pytest.mark.django_db
def test_brand_of_an_odd_colour_falls_back():
    LessorFactory(brand_colour="red;}x{", logo_svg=SVG.format("<path d='M0 0'/>"))
    brand = lessor_brand()
    assert brand.colour == "#0d5c63"
    assert brand.logo.startswith("data:image/svg+xml;base64,")


@pytest.mark.django_db
def test_brand_stands_on_an_empty_database():
    assert lessor_brand().short_name == "eBOK"

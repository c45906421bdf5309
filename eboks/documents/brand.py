"""The lessor's brand as a document may carry it: a drawing without anything that acts."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from eboks.tenancy.models import LessorProfile, hex_colour

_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = {
    *("svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line"),
    *("polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop"),
    "clipPath",
}
_LONGEST = 60_000
_ID_REFERENCE = re.compile(r"url\(#[\w-]+\)")
_DEFAULT_COLOUR = "#0d5c63"


@dataclass(frozen=True)
class Brand:
    """What a document shows of the lessor. `logo` is a data: address, or empty."""

    name: str
    short_name: str
    address: str
    contact: str
    register_note: str
    colour: str
    logo: str
    is_demo: bool


def lessor_brand() -> Brand:
    """The brand of the lessor that runs this portal; a nameless one on an empty database."""
    lessor = LessorProfile.objects.order_by("pk").first()
    if lessor is None:
        return Brand("eBOK", "eBOK", "", "", "", _DEFAULT_COLOUR, "", is_demo=False)
    colour = lessor.brand_colour
    return Brand(
        name=lessor.name,
        short_name=lessor.short_name,
        address=f"{lessor.street}, {lessor.postcode} {lessor.city}",
        contact=f"{lessor.email} · {lessor.phone}",
        register_note=lessor.register_note,
        # It goes into a style sheet, so it is looked at again here.
        colour=colour if re.fullmatch(hex_colour.regex, colour) else _DEFAULT_COLOUR,
        logo=logo_address(lessor.logo_svg),
        is_demo=lessor.is_demo,
    )


def logo_address(svg: str) -> str:
    """`svg` as a data: address without scripts, styles, links and outside references.

    Empty when there is no drawing, or when it is not one that can be cleaned: then the name
    stands in its place.
    """
    clean = clean_svg(svg)
    if not clean:
        return ""
    return "data:image/svg+xml;base64," + base64.b64encode(clean.encode()).decode()


def clean_svg(svg: str) -> str:
    """The drawing with allowed elements and attributes only; empty when it cannot be trusted."""
    # No document type, so no entities: the parser has nothing to expand.
    if not svg.strip() or len(svg) > _LONGEST or "<!" in svg or "<?" in svg.strip()[1:]:
        return ""
    try:
        root = ET.fromstring(svg.strip())  # noqa: S314 -- no document type, size capped above
    except ET.ParseError:
        return ""
    if root.tag != f"{{{_SVG}}}svg":
        return ""
    _clean(root)
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode")


def _clean(element: ET.Element) -> None:
    for name, value in list(element.attrib.items()):
        acts = name.startswith(("{", "on")) or name in {"href", "style", "class"}
        points = "url(" in value.lower() and not _ID_REFERENCE.fullmatch(value.strip())
        if acts or points or ":" in value:
            del element.attrib[name]
    for child in list(element):
        namespace, _, tag = str(child.tag).rpartition("}")
        if namespace != "{" + _SVG or tag not in _ELEMENTS:
            element.remove(child)
        else:
            _clean(child)

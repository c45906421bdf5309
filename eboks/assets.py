"""Files that are made, not written: compiled translations, the fonts of pages and documents.

`python -m eboks.assets` makes what is missing or older than its source; it needs no Django and no
settings, takes about a tenth of a second when there is nothing to do, and may be run at any time.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB_FONT = ROOT / "build" / "static" / "fonts" / "inter.woff2"

# Latin with Polish letters, Cyrillic with Ukrainian ones, punctuation, currency signs, arrows,
# mathematical minus and the few marks that the interface draws as text.
LETTERS = (
    "U+0020-007E,U+00A0-017F,U+0218-021B,U+0300-0304,U+0306-030C,U+0400-045F,U+0490-0491,"
    "U+2000-2015,U+2018-201E,U+2020-2022,U+2026,U+202F,U+2030,U+2032-2033,U+2039-203A,U+2044,"
    "U+20AC,U+20B4,U+2116,U+2122,U+2190-2193,U+2196-2199,U+2212,U+2215,U+2248,U+2260,U+2264-2265,"
    "U+25CF,U+2713,U+2715"
)
# Documents carry names and addresses of people: the rest of Latin and Cyrillic, Vietnamese too.
DOCUMENT_LETTERS = LETTERS + ",U+0180-024F,U+0460-052F,U+1E80-1E85,U+1EA0-1EF9"
DOCUMENT_WEIGHTS = (400, 600)
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "calt", "liga", "tnum", "lnum", "case", "frac"]


def compile_translations() -> int:
    """Compile each locale/*/LC_MESSAGES/*.po newer than its .mo; return how many were compiled."""
    stale = [
        po
        for po in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
        if not po.with_suffix(".mo").exists()
        or po.with_suffix(".mo").stat().st_mtime < po.stat().st_mtime
    ]
    if stale:
        from babel.messages.mofile import write_mo  # noqa: PLC0415 -- only when there is work
        from babel.messages.pofile import read_po  # noqa: PLC0415

        for po in stale:
            with po.open("rb") as source:
                catalogue = read_po(source, locale=po.parts[-3], abort_invalid=True)
            part = po.with_suffix(".mo.part")
            with part.open("wb") as target:
                write_mo(target, catalogue)
            part.replace(po.with_suffix(".mo"))
    return len(stale)


def subset_font() -> bool:
    """Cut the packaged Inter down to the letters we use, all weights kept; False when up to date.

    The whole file is 877 kB; the subset is under 100 kB and is made in about two seconds.
    """
    recipe = f"{version('fontpkg-inter')} {version('fonttools')} {LETTERS} {FEATURES}"
    stamp = ROOT / "build" / "inter.sha256"
    digest = hashlib.sha256(recipe.encode()).hexdigest()
    if WEB_FONT.exists() and stamp.exists() and stamp.read_text() == digest:
        return False

    import fontpkg_inter  # noqa: PLC0415 -- only when there is work
    from fontTools.subset import Options, Subsetter, parse_unicodes  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib.instancer import instantiateVariableFont  # noqa: PLC0415

    source = Path(fontpkg_inter.__file__).parent / "files" / "Inter[opsz,wght].ttf"
    options = Options(flavor="woff2", layout_features=FEATURES, notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=parse_unicodes(LETTERS))
    with TTFont(source) as font:
        subsetter.subset(font)
        # Screens get one optical size; the weights that the style sheets use stay variable.
        font = instantiateVariableFont(font, {"opsz": 14, "wght": (400, 700)})
        font.flavor = "woff2"
        WEB_FONT.parent.mkdir(parents=True, exist_ok=True)
        part = WEB_FONT.with_suffix(".part")
        font.save(part)
    part.replace(WEB_FONT)
    stamp.write_text(digest)
    return True


def pdf_font(weight: int) -> bytes:
    """Inter of one weight (400, 600) for documents: a static TTF with whole alphabets.

    Given the variable file, the PDF renderer would cut an instance for every size of every
    document (half a second each). Made at set-up; made here when it is missing.
    """
    path = ROOT / "build" / "fonts" / f"inter-{weight}.ttf"
    stamp = path.with_suffix(".sha256")
    recipe = f"{version('fontpkg-inter')} {version('fonttools')} {DOCUMENT_LETTERS} {weight}"
    digest = hashlib.sha256(recipe.encode()).hexdigest()
    if path.exists() and stamp.exists() and stamp.read_text() == digest:
        return path.read_bytes()
    content = _static_font(weight)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(path)
        stamp.write_text(digest)
    except OSError:
        pass  # a read-only image that was built without this step: made again in each process
    return content


def _static_font(weight: int) -> bytes:
    import fontpkg_inter  # noqa: PLC0415 -- only when there is work
    from fontTools.subset import Options, Subsetter, parse_unicodes  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib.instancer import instantiateVariableFont  # noqa: PLC0415

    source = Path(fontpkg_inter.__file__).parent / "files" / "Inter[opsz,wght].ttf"
    subsetter = Subsetter(Options(layout_features=FEATURES, notdef_outline=True))
    subsetter.populate(unicodes=parse_unicodes(DOCUMENT_LETTERS))
    # The clock stays out of the file: documents must come out the same on every day.
    with TTFont(source, recalcTimestamp=False) as font:
        subsetter.subset(font)
        static = instantiateVariableFont(font, {"opsz": 14, "wght": weight})
        for record in static["name"].names:
            # Two files of one family must not share a PostScript name (docs/dependencies.md).
            if record.nameID in {1, 3, 4, 6, 16}:
                record.string = f"InterDocument-{weight}"
        content = io.BytesIO()
        static.save(content)
    return content.getvalue()


def main() -> None:
    compiled = compile_translations()
    made = subset_font()
    for weight in DOCUMENT_WEIGHTS:
        pdf_font(weight)
    if compiled or made:
        sys.stdout.write(f"przygotowane: tłumaczenia {compiled}, krój pisma {int(made)}\n")


if __name__ == "__main__":
    main()

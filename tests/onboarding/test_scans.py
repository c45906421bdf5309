"""Files from strangers: what they are, not what they say they are (SEC-85, 87)."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFile

from eboks.onboarding.scans import LARGEST_BYTES, read_scan

PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"
HTML = b"<html><script>alert(1)</script></html>"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def picture(kind="PNG", size=(80, 60), mode="RGB", **more):
    out = io.BytesIO()
    Image.new(mode, size, "white").save(out, kind, **more)
    return out.getvalue()


def read(name, content):
    return read_scan(SimpleUploadedFile(name, content))


def png_head(width, height):
    """A PNG that says it is huge and has next to nothing in it."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"")


def object_stream(hidden):
    packed = zlib.compress(hidden)
    return (
        b"%PDF-1.7\n1 0 obj\n<</Type/ObjStm/Filter/FlateDecode/Length "
        + str(len(packed)).encode()
        + b">>\nstream\n"
        + packed
        + b"\nendstream\nendobj\n%%EOF\n"
    )


def test_pdf_is_kept_byte_for_byte():
    scan = read("Wniosek.PDF", PDF)

    assert (scan.content, scan.content_type, scan.extension) == (PDF, "application/pdf", "pdf")


@pytest.mark.parametrize(
    ("kind", "name", "extension"), [("PNG", "a.png", "png"), ("JPEG", "a.jpeg", "jpg")]
)
def test_picture_is_drawn_anew(kind, name, extension):
    exif = Image.Exif()
    exif[0x010E] = "52.2297N 21.0122E"
    content = picture(kind, exif=exif) + HTML + PDF

    scan = read(name, content)

    assert scan.extension == extension
    assert HTML not in scan.content
    assert b"%PDF" not in scan.content
    assert b"52.2297N" not in scan.content
    with Image.open(io.BytesIO(scan.content)) as image:
        assert image.size == (80, 60)


def test_picture_with_holes_gets_a_white_ground():
    scan = read("a.png", picture(mode="RGBA"))

    with Image.open(io.BytesIO(scan.content)) as image:
        assert image.mode == "RGB"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wniosek.pdf", HTML),
        ("wniosek.pdf", picture()),
        ("wniosek.png", PDF),
        ("wniosek.jpg", picture("PNG")),
        ("wniosek.png", picture("GIF")),
        ("wniosek.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("wniosek.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("wniosek.html", HTML),
        ("wniosek.docx", b"PK\x03\x04"),
        ("wniosek.pdf.exe", b"MZ" + PDF),
        ("wniosek.pdf.html", PDF),
        ("wniosek", PDF),
        (".pdf", EICAR),
        ("wniosek.pdf", EICAR),
        ("wniosek.pdf", b" " + PDF),
        ("wniosek.pdf", b""),
    ],
)
def test_wrong_kinds_are_refused(name, content):
    with pytest.raises(ValidationError):
        read(name, content)


@pytest.mark.parametrize(
    "content",
    [
        PDF + HTML,
        PDF.replace(b"%%EOF", b""),
        PDF[:9] + HTML + PDF[9:],
        PDF[:9] + b"<?php system($_GET[0]); ?>" + PDF[9:],
        PDF + b"PK\x03\x04payload" + b"PK\x05\x06" + b"\0" * 18,
        PDF[:60] + b"PK\x05\x06" + b"\0" * 18 + PDF[60:],
        PDF.replace(b"/Pages", b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>/Pages"),
        PDF.replace(b"/Pages", b"/OpenAction<</S/J#61vaScript>>/Pages"),
        PDF.replace(b"/Pages", b"/AA<</O<</S/Launch/F(cmd.exe)>>>>/Pages"),
        PDF.replace(b"/Pages", b"/Names<</EmbeddedFiles 3 0 R>>/Pages"),
        PDF.replace(b"/Root", b"/Encrypt 9 0 R/Root"),
        object_stream(b"5 0 <</S/JavaScript/JS(app.alert(1))>>"),
        object_stream(b"\0" * 25_000_000),
        object_stream(b"x").replace(b"stream\n", b"stream\nnot packed", 1),
    ],
)
def test_pdf_that_is_more_than_paper_is_refused(content):
    with pytest.raises(ValidationError):
        read("wniosek.pdf", content)


def test_pdf_with_ordinary_streams_is_taken():
    assert read("a.pdf", object_stream(b"5 0 <</Type/Page/JStreet 1>>")).extension == "pdf"
    content = b"%PDF-1.4\n4 0 obj<</Length 11>>stream\n/JavaScript\nendstream endobj\n%%EOF"
    assert read("a.pdf", content).extension == "pdf"  # the words of a page are no action


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 12_000), (2_000_000_000, 2)])
def test_huge_picture_is_refused_before_it_is_unpacked(size):
    with pytest.raises(ValidationError, match="punktów"):
        read("a.png", png_head(*size))


@pytest.mark.parametrize("lenient", [False, True])  # as WeasyPrint leaves Pillow
@pytest.mark.parametrize("part", [0.001, 0.01, 0.5])
def test_broken_picture_is_refused(part, lenient, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    out = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(out, "PNG")
    whole = out.getvalue()

    assert read("a.png", whole).extension == "png"
    with pytest.raises(ValidationError):
        read("a.png", whole[: int(len(whole) * part)])


def test_file_over_ten_megabytes_is_refused_unread():
    class Big(SimpleUploadedFile):
        def read(self, *args):
            raise AssertionError("it was read")

    file = Big("a.pdf", b"x")
    file.size = LARGEST_BYTES + 1
    with pytest.raises(ValidationError, match="10 MB"):
        read_scan(file)

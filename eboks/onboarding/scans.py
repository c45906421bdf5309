"""Files that strangers send: a signed application as PDF, JPG or PNG, and nothing else (SEC-85).

Pictures are drawn anew, so that only the picture remains. A PDF is kept byte for byte, since a
signature may stand in it; one that could act, hides files or is two things at once is refused.
Staff get it as an attachment under a name of ours, never as a page.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_PIXELS = 40_000_000  # an A3 page at 300 dpi has 17 million
_LARGEST_UNPACKED = 20 * 1024 * 1024
_EXTENSIONS = {"pdf": "pdf", "jpg": "jpeg", "jpeg": "jpeg", "png": "png"}
_TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
_MAGIC = {"pdf": b"%PDF-", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}

# What makes a PDF act, carry other files, or fetch something.
_ACTING = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE|GoToR"
    rb"|Rendition|Movie|Sound|Encrypt)(?![A-Za-z0-9])"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_MARKUP = re.compile(rb"<(?:!doctype|html|script|svg|body|iframe|\?php)", re.IGNORECASE)
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06", 66_000
_PDF_TAIL, _PDF_HEAD = 1024, 1024


@dataclass(frozen=True, slots=True)
class Scan:
    """A file that may be kept. `extension` belongs to what is really in it."""

    content: bytes
    content_type: str
    extension: str


def read_scan(file: UploadedFile[bytes]) -> Scan:
    """The uploaded file, checked. Raises ValidationError with a text for the person."""
    if not file.size:
        raise ValidationError(_("Ten plik jest pusty."), code="scan")
    if file.size > LARGEST_BYTES:
        raise ValidationError(_("Plik jest za duży: może mieć najwyżej 10 MB."), code="scan")
    content = file.read()
    _stem, _dot, extension = (file.name or "").lower().rpartition(".")
    kind = _EXTENSIONS.get(extension)
    if kind is None or not content.startswith(_MAGIC[kind]):
        raise ValidationError(
            _("To nie jest plik PDF, JPG ani PNG. Zapisz skan w jednym z tych formatów."),
            code="scan",
        )
    if kind == "pdf":
        _check_pdf(content)
    else:
        content = _redrawn(content, kind)
    return Scan(content, _TYPES[kind], "jpg" if kind == "jpeg" else kind)


_END_MARKS = {"png": b"IEND\xaeB`\x82", "jpeg": b"\xff\xd9"}
_PICTURE_TAIL = 1 << 16  # some cameras write a little after the end


def _redrawn(content: bytes, kind: str) -> bytes:
    """The same picture without anything that was beside it: place, camera, hidden files."""
    try:
        # Asked here: in a process that has made a PDF, WeasyPrint has told Pillow to be lenient.
        if _END_MARKS[kind] not in content[-_PICTURE_TAIL:]:
            raise ValueError("cut off")
        with Image.open(io.BytesIO(content), formats=[kind.upper()]) as image:
            # Known from the head of the file, before anything is unpacked.
            if image.width * image.height > LARGEST_PIXELS:
                raise ValidationError(_too_many_pixels(), code="scan")
            upright = ImageOps.exif_transpose(image)
            plain = Image.new("RGB", upright.size, "white")
            rgba = upright.convert("RGBA")
            plain.paste(rgba, mask=rgba.getchannel("A"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(_too_many_pixels(), code="scan") from None
    except ValidationError:
        raise
    except Exception as error:  # a decoder that is fed rubbish raises whatever it likes
        raise ValidationError(
            _("Nie umiemy odczytać tego obrazu. Zrób zdjęcie albo skan jeszcze raz."), code="scan"
        ) from error
    out = io.BytesIO()
    plain.save(out, format=kind.upper(), **({"quality": 88} if kind == "jpeg" else {}))
    return out.getvalue()


def _check_pdf(content: bytes) -> None:
    tail = content[-_PDF_TAIL:]
    whole = tail.rstrip().endswith(b"%%EOF")
    two_things = _MARKUP.search(content[:_PDF_HEAD]) is not None or _ZIP_END in content[-_ZIP_TAIL:]
    if not whole or two_things:
        raise ValidationError(
            _("Ten plik PDF jest uszkodzony albo zawiera coś więcej. Zapisz go jeszcze raz."),
            code="scan",
        )
    if any(_acts(part) for part in _parts(content)):
        raise ValidationError(
            _(
                "Ten plik PDF jest zaszyfrowany, ma skrypty albo załączniki. Wydrukuj go do nowego"
                " pliku PDF i wyślij ten nowy."
            ),
            code="scan",
        )


def _acts(part: bytes) -> bool:
    if _ACTING.search(part):
        return True
    # Names may be spelt with #xx in the place of letters.
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part) if b"#" in part else part
    return plain is not part and _ACTING.search(plain) is not None


def _parts(content: bytes) -> list[bytes]:
    """The file without its streams, and what those streams hold that hold objects themselves."""
    outside, inside, position, unpacked = [], [], 0, 0
    for found in _STREAM.finditer(content):
        if found.start() < position:
            continue
        end = content.find(b"endstream", found.end())
        end = len(content) if end < 0 else end
        outside.append(content[position : found.start()])
        position = end
        dictionary = content[max(0, found.start() - 400) : found.start()]
        if b"/ObjStm" not in dictionary[dictionary.rfind(b"obj") :]:
            continue
        left = _LARGEST_UNPACKED - unpacked
        objects = _unpacked(content[found.end() : end], left)
        unpacked += len(objects)
        inside.append(objects)
    outside.append(content[position:])
    return [b"\n".join(outside), *inside]


def _unpacked(stream: bytes, most: int) -> bytes:
    """Raises ValidationError for a stream that unpacks to more than `most` bytes, or not at all."""
    refusal = ValidationError(
        _("Nie umiemy sprawdzić tego pliku PDF. Wydrukuj go do nowego pliku i wyślij ten nowy."),
        code="scan",
    )
    unpacker = zlib.decompressobj()
    try:
        objects = unpacker.decompress(stream, max(1, most))
    except zlib.error:
        raise refusal from None
    if unpacker.unconsumed_tail:
        raise refusal
    return objects


def _too_many_pixels() -> str:
    return _("Obraz ma za dużo punktów. Zeskanuj go z mniejszą rozdzielczością, np. 300 dpi.")

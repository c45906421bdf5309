"""A signed PDF proves who made it and that it is whole; without a certificate nothing changes."""

from __future__ import annotations

import datetime as dt
import io

import pypdf
import pytest
from django.utils import timezone

from eboks.documents import pdf, signing
from eboks.documents.checks import certificate_signs
from eboks.health import findings
from tests.certificates import check, make_p12

HTML = "<!doctype html><html lang=pl><title>x</title><h1>Zgoda</h1><p>Zażółć gęślą jaźń"
AT = dt.datetime(2026, 11, 20, 12, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def plain() -> bytes:
    return pdf.render_pdf(HTML, title="Zgoda")


@pytest.fixture
def certificate(tmp_path, settings):
    made = make_p12(tmp_path, days=(-3650, 3650))
    made.use(settings)
    return made


def sign(content: bytes, at: dt.datetime = AT) -> bytes:
    return signing.sign_pdf(content, reason="Zgoda WN/1", at=at)


def test_signature_is_valid_and_covers_the_whole_file(plain, certificate):
    found = check(sign(plain), certificate.root)

    assert found.bottom_line
    assert found.coverage.name == "ENTIRE_FILE"
    assert found.signing_cert.subject.native["common_name"] == "Przykładowy Leasing"
    assert found.signer_reported_dt == AT


def test_signature_is_pades_and_invisible(plain, certificate):
    (field,) = pypdf.PdfReader(io.BytesIO(sign(plain))).get_fields().values()
    value = field["/V"]

    assert field["/T"] == "eBOK"
    assert value["/SubFilter"] == "/ETSI.CAdES.detached"
    assert value["/Reason"] == "Zgoda WN/1"


def test_chain_goes_with_the_signature(plain, tmp_path, settings):
    made = make_p12(tmp_path, days=(-3650, 3650), by_authority=True)
    made.use(settings)

    assert check(sign(plain), made.root).bottom_line


def test_signature_of_another_certificate_is_not_trusted(plain, certificate, tmp_path):
    (tmp_path / "other").mkdir()
    other = make_p12(tmp_path / "other")
    found = check(sign(plain), other.root)

    assert (found.intact, found.trusted, found.bottom_line) == (True, False, False)


def test_changed_byte_is_detected(plain, certificate):
    content = bytearray(sign(plain))
    place = content.index(b"eBOK")  # who made the file, in its metadata
    content[place] ^= 1

    found = check(bytes(content), certificate.root)
    assert (found.intact, found.bottom_line) == (False, False)


def test_tags_and_text_stay(plain, certificate):
    content = sign(plain)
    reader = pypdf.PdfReader(io.BytesIO(content))

    assert content.startswith(plain)
    assert "Zażółć gęślą jaźń" in reader.pages[0].extract_text()
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    # PDF/UA: an untagged field is hidden, and its page says in which order to go through it.
    (field,) = (note.get_object() for note in reader.pages[0]["/Annots"])
    assert (field["/F"] & 2, field["/TU"]) == (2, "Zgoda WN/1")
    assert reader.pages[0]["/Tabs"] == "/S"


def test_nothing_changes_without_a_certificate(plain):
    assert sign(plain) == plain
    assert not signing.is_on()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("password", "wrong password"),
        ("absent", "No such file"),
        ("no file of that kind", "wrong password, or no PKCS#12"),
        ("no key", "private key"),
        ("expired", "expired on"),
        ("not yet", "not valid before"),
    ],
)
def test_what_cannot_be_signed_is_refused(fault, words, plain, tmp_path, settings, caplog):
    days = {"expired": (-30, -1), "not yet": (1, 30)}.get(fault, (-1, 30))
    made = make_p12(tmp_path, days=days, with_key=fault != "no key")
    made.use(settings)
    if fault == "password":
        settings.PDF_SIGN_P12_PASSWORD = "other-word"
    elif fault == "absent":
        made.path.unlink()
    elif fault == "no file of that kind":
        made.path.write_bytes(b"%PDF-1.7")

    with pytest.raises(signing.DocumentSigningError, match="Nie udało się podpisać"):
        sign(plain, at=timezone.now())

    assert words in caplog.text
    assert "hidden-word" not in caplog.text
    (message,) = certificate_signs()
    assert message.id == "documents.E001"
    assert words in message.msg


def test_what_is_no_pdf_is_not_signed(certificate, caplog):
    with pytest.raises(signing.DocumentSigningError):
        sign(b"no PDF")

    assert "pdf: cannot sign" in caplog.text


def test_new_certificate_needs_no_restart(plain, certificate, tmp_path):
    sign(plain)
    newer = make_p12(tmp_path, days=(-3650, 3650))

    assert check(sign(plain), newer.root).bottom_line


@pytest.mark.django_db
def test_operator_hears_of_a_certificate_that_ends(tmp_path, settings):
    at = timezone.now()
    assert certificate_signs() == []
    make_p12(tmp_path, days=(-1, 100)).use(settings)
    assert certificate_signs() == []

    make_p12(tmp_path, days=(-1, 20)).use(settings)

    assert [message.id for message in certificate_signs()] == ["documents.W001"]
    found = [(f.name, f.fatal) for f in findings(at=at)]
    assert ("signing", False) in found  # beside what Redis without a worker gives

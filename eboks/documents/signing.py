"""Signs PDFs with the lessor's certificate (PDF_SIGN_P12), so that a changed copy shows itself.

The signature is invisible, PAdES B-B: who signed, and that nothing changed since. No time authority
confirms when (B-T), for the portal reaches no network: the time in the signature is our own clock.
Whether a reader trusts the certificate is the reader's business; a qualified seal is trusted in the
whole Union.

pyHanko loads at the first signature (1.2 s); a certificate is opened with `cryptography` alone.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
import logging
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import Certificate
from django.conf import settings
from django.utils.translation import gettext as _

from eboks.documents.pdf import PdfError

logger = logging.getLogger(__name__)

FIELD = "eBOK"


class DocumentSigningError(PdfError):
    """The document is to be signed and cannot be. Its text is for the client."""


class CertificateError(Exception):
    """The certificate cannot sign. Its text is for the operator and names no secret."""


def is_on() -> bool:
    """Whether the lessor gave a certificate, so that documents are signed or not issued at all."""
    return bool(settings.PDF_SIGN_P12)


def sign_pdf(content: bytes, *, reason: str, at: dt.datetime) -> bytes:
    """`content` with a signature made at `at`; as it is when the lessor gave no certificate.

    The file before stays as it is, tags and all; the signature is appended to it. Raises
    DocumentSigningError when the certificate cannot be read, is not valid at `at` or does not sign.
    """
    if not is_on():
        return content
    try:
        return _signed(content, _open(at), reason=reason, at=at)
    except CertificateError as error:
        logger.error("pdf: cannot sign: %s", error)
        raise DocumentSigningError(_not_signed()) from error
    except Exception as error:  # whatever it is, an unsigned file must not go out in its place
        logger.exception("pdf: cannot sign")
        raise DocumentSigningError(_not_signed()) from error


def expires_at(*, at: dt.datetime) -> dt.datetime:
    """The last moment of the certificate. Raises CertificateError when it cannot sign at `at`."""
    return _certificate(_open(at)).not_valid_after_utc


def _open(at: dt.datetime) -> pkcs12.PKCS12KeyAndCertificates:
    path = Path(settings.PDF_SIGN_P12)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}") from error
    try:
        found = _unlocked(content, settings.PDF_SIGN_P12_PASSWORD)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"{path}: wrong password, or no PKCS#12 file") from error
    if found.key is None or found.cert is None:
        raise CertificateError(f"{path}: no certificate with its private key inside")
    certificate = _certificate(found)
    if at < certificate.not_valid_before_utc:
        first = certificate.not_valid_before_utc
        raise CertificateError(f"{path}: the certificate is not valid before {first:%Y-%m-%d}")
    if at > certificate.not_valid_after_utc:
        last = certificate.not_valid_after_utc
        raise CertificateError(f"{path}: the certificate expired on {last:%Y-%m-%d}")
    return found


@functools.lru_cache(maxsize=1)
def _unlocked(content: bytes, password: str) -> pkcs12.PKCS12KeyAndCertificates:
    return pkcs12.load_pkcs12(content, password.encode())  # slow on purpose: once for each file


def _certificate(found: pkcs12.PKCS12KeyAndCertificates) -> Certificate:
    if found.cert is None:
        raise CertificateError("no certificate")
    return found.cert.certificate


def _signed(
    content: bytes, found: pkcs12.PKCS12KeyAndCertificates, *, reason: str, at: dt.datetime
) -> bytes:
    from pyhanko.keys import internal  # noqa: PLC0415 -- see the module's first words
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import fields, signers  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_signer import PdfSigningSession  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    class Signer(signers.PdfSigner):
        """Signs at the time it is given; pyHanko's own looks at the clock."""

        def init_signing_session(self, *args: Any, **options: Any) -> PdfSigningSession:
            session = super().init_signing_session(*args, **options)
            session.system_time = at
            return session

    translate = internal.translate_pyca_cryptography_cert_to_asn1
    chain = [translate(one.certificate) for one in found.additional_certs]
    signer = Signer(
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            reason=reason,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
        ),
        signer=signers.SimpleSigner(
            signing_cert=translate(_certificate(found)),
            signing_key=internal.translate_pyca_cryptography_key_to_asn1(found.key),
            cert_registry=SimpleCertificateStore.from_certs(chain),  # type: ignore[no-untyped-call]
        ),
        new_field_spec=fields.SigFieldSpec(
            FIELD,
            readable_field_name=reason,
            # PDF/UA wants an untagged field hidden.
            invis_sig_settings=fields.InvisSigSettings(set_print_flag=False, set_hidden_flag=True),
        ),
    )
    output = io.BytesIO()
    signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), output=output)
    return output.getvalue()


def _not_signed() -> str:
    return _("Nie udało się podpisać dokumentu. Spróbujemy ponownie.")

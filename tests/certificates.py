"""Certificates made on the spot, for what the portal signs."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from django.utils import timezone

PASSWORD = "hidden-word"


OTHER_USES = (
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Made:
    path: Path
    root: x509.Certificate  # the lessor's own, or that of an authority

    def use(self, settings: Any) -> None:
        settings.PDF_SIGN_P12, settings.PDF_SIGN_P12_PASSWORD = str(self.path), PASSWORD


@dataclass(frozen=True)
class Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_p12(
    folder: Path,
    *,
    days: tuple[int, int] = (-1, 365),
    with_key: bool = True,
    by_authority: bool = False,
) -> Made:
    """A PKCS#12 file with a certificate of an invented lessor, valid in `days` from now: self-made,
    or of an authority below a root, of which only the authority's is in the file."""
    root = _issue("Główny urząd", days=days, authority=True)
    authority = _issue("Urząd", by=root, days=days, authority=True)
    lessor = _issue("Przykładowy Leasing", by=authority if by_authority else None, days=days)
    path = folder / "sign.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"lessor",
            lessor.key if with_key else None,
            lessor.certificate,
            [authority.certificate] if by_authority else None,
            serialization.BestAvailableEncryption(PASSWORD.encode()),
        )
    )
    return Made(path, root.certificate if by_authority else lessor.certificate)


def _issue(
    name: str, *, by: Pair | None = None, days: tuple[int, int], authority: bool = False
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    own_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = timezone.now()
    uses = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        **dict.fromkeys(OTHER_USES, False),
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own_name)
        .issuer_name(by.certificate.subject if by else own_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(uses, critical=True)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(by.key if by else key, hashes.SHA256())
    )
    return Pair(certificate, key)


def check(content: bytes, trusted: x509.Certificate) -> Any:
    """What pyHanko says about the one signature of a PDF, `trusted` its only root; no network."""
    from asn1crypto.x509 import Certificate
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    root = Certificate.load(trusted.public_bytes(serialization.Encoding.DER))
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    return validate_pdf_signature(
        signature,
        signer_validation_context=ValidationContext(trust_roots=[root], allow_fetching=False),
    )

"""What `manage.py check --deploy` says about the certificate that signs documents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.checks import (
    CheckMessage,
    Error,
    Tags,
    Warning,  # noqa: A004 -- Django's name
    register,
)
from django.utils import timezone

from eboks.documents import signing

SOON = dt.timedelta(days=30)


def trouble_with_certificate(*, at: dt.datetime) -> tuple[str, bool]:
    """Why documents are not signed at `at`, or soon will not be; whether that is so already.
    An empty text when all is well, and when the lessor gave no certificate."""
    if not signing.is_on():
        return "", False
    try:
        last = signing.expires_at(at=at)
    except signing.CertificateError as error:
        return f"documents cannot be signed: {error}", True
    if last - at < SOON:
        return f"the certificate that signs documents expires on {last:%Y-%m-%d}", False
    return "", False


@register(Tags.security, deploy=True)
def certificate_signs(**kwargs: Any) -> list[CheckMessage]:
    """Papers of requests wait as long as they cannot be signed."""
    text, already = trouble_with_certificate(at=timezone.now())
    if not text:
        return []
    hint = "See PDF_SIGN_P12 and PDF_SIGN_P12_PASSWORD in .env.example."
    if already:
        return [Error(text, hint=hint, id="documents.E001")]
    return [Warning(text, hint=hint, id="documents.W001")]

"""Files of requests and the antivirus (`eboks.documents.antivirus`)."""

from __future__ import annotations

from eboks.documents import antivirus
from eboks.documents.antivirus import Scan
from requests_app.models import RequestFile


def scan(*, file_id: int) -> Scan:
    """Scans one file; see `antivirus.scan`."""
    return antivirus.scan(RequestFile.objects.select_related("document").get(pk=file_id))

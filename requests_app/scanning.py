"""The antivirus: ClamAV's daemon over its own protocol (INSTREAM), where the operator runs one.

Until a file has been found clean nobody may read it; with the daemon down it waits (SEC-86).
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

from eboks.documents.services import read_checked
from requests_app.enums import Scan
from requests_app.models import RequestFile

_PATIENCE = 30  # seconds
_CHUNK = 1 << 16


class ScannerDownError(OSError):
    """The daemon did not answer, or not in its words."""


def scan(*, file_id: int) -> Scan:
    """Scans one file and writes the answer down. Raises ScannerDownError, or DocumentDamagedError
    when the stored file is not what was stored; the file waits on."""
    row = RequestFile.objects.select_related("document").get(pk=file_id)
    if row.scan != Scan.WAITING or row.document is None:
        return Scan(row.scan)
    answer = ask(read_checked(row.document))
    verdict = Scan.CLEAN if answer.endswith(" OK") else Scan.INFECTED
    RequestFile.objects.filter(pk=row.pk, scan=Scan.WAITING).update(scan=verdict)
    return verdict


def ask(content: bytes) -> str:
    """What clamd says of `content`: `stream: OK` or `stream: NAME FOUND`."""
    try:
        with _connection() as daemon:
            daemon.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                part = content[start : start + _CHUNK]
                daemon.sendall(struct.pack("!L", len(part)) + part)
            daemon.sendall(struct.pack("!L", 0))
            answer = b""
            while part := daemon.recv(1024):
                answer += part
    except OSError as error:
        raise ScannerDownError(str(error)) from error
    text = answer.rstrip(b"\0").decode("ascii", "replace").strip()
    if not text.endswith((" OK", " FOUND")):
        raise ScannerDownError(f"clamd: {text[:100]}")
    return text


def _connection() -> socket.socket:
    """`tcp://host:3310` or `unix:///run/clamav/clamd.ctl`, as `settings.CLAMD_URL` says."""
    url = urlsplit(settings.CLAMD_URL)
    if url.scheme == "tcp":
        return socket.create_connection((url.hostname or "", url.port or 3310), _PATIENCE)
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    daemon.settimeout(_PATIENCE)
    try:
        daemon.connect(url.path)
    except OSError:
        daemon.close()
        raise
    return daemon

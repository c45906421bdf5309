"""The antivirus: ClamAV's daemon over its own protocol (INSTREAM), where the operator runs one.

Until a file has been found clean nobody may read it; with the daemon down it waits (SEC-86).
"""

from __future__ import annotations

import socket
import struct
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from eboks.documents.models import Document
from eboks.documents.services import DocumentDamagedError, read_checked

log = structlog.get_logger("ebok.documents")

_PATIENCE = 30  # seconds
_CHUNK = 1 << 16


class Scan(models.TextChoices):
    """What the antivirus said of a file (SEC-86)."""

    WAITING = "waiting", _("sprawdzamy plik")
    CLEAN = "clean", _("sprawdzony")
    INFECTED = "infected", _("zatrzymany: wirus")


class ScannerDownError(OSError):
    """The daemon did not answer, or not in its words."""


class Scanned(Protocol):
    """A row with a file that somebody sent: `RequestFile`, `PolicyFile` and their like."""

    pk: int
    scan: str
    document: Document | None


def first_state() -> Scan:
    """What a new file begins with: without a daemon nothing is waited for."""
    return Scan.WAITING if settings.CLAMD_URL else Scan.CLEAN


def scan(row: Scanned) -> Scan:
    """Scans the file of a row and writes the answer down, unless somebody else has. Raises
    ScannerDownError, or DocumentDamagedError when the stored file is not what was stored; the file
    waits on."""
    if row.scan != Scan.WAITING or row.document is None:
        return Scan(row.scan)
    answer = ask(read_checked(row.document))
    verdict = Scan.CLEAN if answer.endswith(" OK") else Scan.INFECTED
    rows = type(row)._default_manager  # type: ignore[attr-defined]
    rows.filter(pk=row.pk, scan=Scan.WAITING).update(scan=verdict)
    return verdict


def scan_waiting(rows: QuerySet[Any], *, most: int = 200) -> None:
    """Scans those of `rows` (with `scan` and `document`) that wait, the oldest first. A daemon that
    is down ends it; a damaged file does not keep the others from their turn."""
    waiting = rows.filter(scan=Scan.WAITING).order_by("pk")
    for row in waiting[:most]:
        try:
            scan(row)
        except ScannerDownError as error:
            log.error("antivirus does not answer", reason=str(error))
            return
        except DocumentDamagedError:
            log.error("file is damaged", kind=row._meta.label, file=row.pk)


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

"""The antivirus: what it says of a file decides whether anybody reads it (SEC-86)."""

from __future__ import annotations

import socketserver
import threading

import pytest
from django.utils import timezone

from eboks.documents import antivirus, storage
from eboks.documents.antivirus import Scan
from eboks.onboarding.scans import Scan as Picture
from requests_app import conversation, scanning, sweeping
from tests.requests_app.conftest import draft

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}
VIRUS = b"EICAR"


class Daemon(socketserver.BaseRequestHandler):
    """Speaks clamd's INSTREAM; finds a virus in what holds `VIRUS`."""

    def handle(self) -> None:
        stream = self.request.makefile("rb")
        assert stream.read(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(stream.read(4), "big"):
            content += stream.read(size)
        found = b"Test FOUND" if VIRUS in content else b"OK"
        self.request.sendall(b"stream: " + found + b"\0")


@pytest.fixture
def clamd(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Daemon) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CLAMD_URL = f"tcp://127.0.0.1:{server.server_address[1]}"
        yield
        server.shutdown()


@pytest.fixture
def attach(lessee):
    row = draft("general-question", lessee, QUESTION, about=False)
    return lambda content: conversation.attach(
        request=row,
        author=lessee.user,
        picture=Picture(content, "application/pdf", "pdf"),
        file_name="pismo.pdf",
        at=timezone.now(),
    )


@pytest.mark.parametrize(
    ("content", "scan", "status"),
    [(b"%PDF-1.4 letter", Scan.CLEAN, 200), (b"%PDF-1.4 " + VIRUS, Scan.INFECTED, 404)],
)
def test_scanned_file_is_read_only_when_clean(client, lessee, clamd, attach, content, scan, status):
    file = attach(content)

    assert scanning.scan(file_id=file.pk) == scan

    client.force_login(lessee.user)
    answer = client.get(f"/wnioski/pliki/{file.public_id}/")
    b"".join(answer)  # to its end, so that the file is closed
    assert answer.status_code == status


def test_file_waits_while_the_scanner_is_down(settings, attach):
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    file = attach(b"%PDF-1.4")

    with pytest.raises(antivirus.ScannerDownError):
        scanning.scan(file_id=file.pk)
    sweeping.sweep(at=timezone.now())

    file.refresh_from_db()
    assert file.scan == Scan.WAITING


def test_damaged_file_does_not_keep_the_others_waiting(clamd, attach):
    damaged, sound = attach(b"%PDF-1.4 one"), attach(b"%PDF-1.4 two")
    storage.delete(damaged.document.storage_name)

    sweeping.sweep(at=timezone.now())

    damaged.refresh_from_db()
    sound.refresh_from_db()
    assert (damaged.scan, sound.scan) == (Scan.WAITING, Scan.CLEAN)

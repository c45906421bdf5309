"""Rendering in a process of its own, which may hang or run out of memory without harm (FI-17).

For batches: the process loads the renderer once (about a second) and then takes one document after
another. It gets nothing of this process but the HTML: no database, no secrets in its environment.
Each document has a time and a memory cap; when one is exceeded the process is ended, the document
is refused, and the next one gets a new process.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.utils.translation import gettext as _

from eboks.documents.pdf import PdfError, PdfUnavailableError

_START_SECONDS = 60
SECONDS = 60  # processor or waiting time of one document; an invoice takes a tenth of a second
MEGABYTES = 1_000  # of address space; an invoice needs about 250
HEADER = struct.Struct(">II")
DONE, REFUSED, UNAVAILABLE = 0, 1, 2
_ROOT = Path(__file__).parents[2]
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "XDG_CACHE_HOME",
    "FONTCONFIG_PATH",
    "TMPDIR",
    "VIRTUAL_ENV",
)


class Press:
    """Makes PDFs in a child process; use as a context manager, by one thread."""

    def __init__(self, *, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self._seconds = seconds
        self._megabytes = megabytes
        self._child: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self.cpu_seconds = 0.0  # what the child used for documents, for benchmarks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def render(self, html: str, *, title: str) -> bytes:
        """As `pdf.render_pdf`, in the child.

        Raises PdfError also when the document exceeded its time or memory, and
        PdfUnavailableError when the child cannot make PDFs at all.
        """
        child = self._child if self._child is not None else self._start()
        html_bytes, title_bytes = html.encode(), title.encode()
        assert child.stdin is not None  # noqa: S101 -- a pipe
        assert child.stdout is not None  # noqa: S101 -- a pipe
        try:
            if not self._is_ready:  # loading the renderer is not the document's time
                _read(child.stdout, 1, time.monotonic() + _START_SECONDS)
                self._is_ready = True
            child.stdin.write(HEADER.pack(len(html_bytes), len(title_bytes)))
            child.stdin.write(html_bytes + title_bytes)
            child.stdin.flush()
            stop = time.monotonic() + self._seconds
            status, size = HEADER.unpack(_read(child.stdout, HEADER.size, stop))
            (cpu,) = struct.unpack(">d", _read(child.stdout, 8, stop))
            content = _read(child.stdout, size, stop)
        except TimeoutError:
            self.close()
            raise PdfError(_("Tworzenie pliku PDF trwało zbyt długo.")) from None
        except (BrokenPipeError, EOFError):
            raise PdfError(self._why_it_died()) from None
        self.cpu_seconds += cpu
        if status == DONE:
            return content
        words = content.decode(errors="replace")
        raise PdfUnavailableError(words) if status == UNAVAILABLE else PdfError(words)

    def close(self) -> None:
        """End the child; the next document starts a new one."""
        child, self._child, self._is_ready = self._child, None, False
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                # What was not sent to it is not needed any more.
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [
                *(sys.executable, "-m", "eboks.documents.press_child"),
                *(str(self._seconds), str(self._megabytes)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        return self._child

    def _why_it_died(self) -> str:
        child = self._child
        code = child.wait() if child is not None else None
        self.close()
        return _("Program tworzący PDF przerwał pracę (%s): za dużo pamięci lub czasu.") % code


def _read(pipe: IO[bytes], size: int, stop: float) -> bytes:
    """`size` bytes until the moment `stop`. Raises TimeoutError, EOFError."""
    descriptor = pipe.fileno()
    parts: list[bytes] = []
    while size:
        left = stop - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise TimeoutError
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

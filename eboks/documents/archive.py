"""A ZIP written piece by piece, so that it can be sent while it is being made.

Python's own `zipfile` does the work; only what it writes to is ours. Sizes and check sums stand in
front of each file, not behind it: several programs (Java's, SharpZipLib) cannot read a file that is
stored without compression when they stand behind. So one entry at a time is kept in memory.
"""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
import zipfile
from collections.abc import Sequence

from eboks import clock
from eboks.documents.names import entry_name

_REGULAR_FILE = 0o100644 << 16
# Compressed inside already: pressing them again would only cost time.
_PRESSED = (".pdf", ".xlsx", ".zip", ".png", ".jpg", ".jpeg")


class _Window(io.RawIOBase):
    """The end of an endless file: what was written since the last `take`, free to go back in."""

    def __init__(self) -> None:
        self._kept = io.BytesIO()
        self._gone = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any bytes-like there
        return self._kept.write(data)

    def tell(self) -> int:
        return self._gone + self._kept.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._gone + self._kept.seek(offset - self._gone)

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    @property
    def waiting(self) -> int:
        return self._kept.tell()

    def take(self) -> bytes:
        taken = self._kept.getvalue()
        self._gone += len(taken)
        self._kept = io.BytesIO()
        return taken


class Archive:
    """Files one after another; `take` gives the bytes that are ready to go."""

    def __init__(self, *, at: dt.datetime) -> None:
        self._window = _Window()
        self._zip = zipfile.ZipFile(self._window, "w", allowZip64=True)
        self._moment = at.astimezone(clock.WARSAW).timetuple()[:6]
        self._taken: set[str] = set()
        self._times: dict[str, int] = {}

    def add(self, name: str, content: bytes, *, folder: str = "") -> str:
        """Adds a file under a safe name, unlike any other in the archive; returns that name."""
        path = self._free_path(name, folder)
        info = zipfile.ZipInfo(path, self._moment)
        info.external_attr = _REGULAR_FILE
        pressed = path.casefold().endswith(_PRESSED)
        info.compress_type = zipfile.ZIP_STORED if pressed else zipfile.ZIP_DEFLATED
        self._zip.writestr(info, content)
        return path

    @property
    def waiting(self) -> int:
        """How many bytes `take` would give."""
        return self._window.waiting

    def take(self) -> bytes:
        """What was written since the last call."""
        return self._window.take()

    def close(self) -> bytes:
        """The end of the archive: its table of contents."""
        self._zip.close()
        return self.take()

    def _free_path(self, name: str, folder: str) -> str:
        """Two names are the same when any system would write one file over the other."""
        inside = f"{entry_name(folder)}/" if folder else ""
        path = inside + entry_name(name)
        wanted = alike = _alike(path)
        while alike in self._taken:
            self._times[wanted] = self._times.get(wanted, 1) + 1
            path = inside + entry_name(name, again=self._times[wanted])
            alike = _alike(path)
        self._taken.add(alike)
        return path


def text_file(lines: Sequence[str]) -> bytes:
    """Plain text that Notepad reads too."""
    return "\ufeff{}\r\n".format("\r\n".join(lines)).encode()


def _alike(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()

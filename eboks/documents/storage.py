"""Files on disk: written whole or not at all, under names that say nothing about their content."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

_PART = ".part"
_OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{38}")  # as `new_file` names them: nothing leads outside


def write(content: bytes) -> str:
    """Store `content` under a new random name and return the name; see `new_file`."""
    with new_file() as (name, file):
        file.write(content)
    return name


@contextlib.contextmanager
def new_file() -> Iterator[tuple[str, BinaryIO]]:
    """A new random name, and a file to fill that gets it at the end of the block.

    When the block has ended, the bytes are on the disk: a temporary file is flushed, then renamed,
    then the folder entry is flushed too (REL-14). Whatever it raises leaves no file behind.
    """
    token = secrets.token_hex(20)
    name = f"{token[:2]}/{token[2:]}"
    target = _path(name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(target.name + _PART)
    try:
        with part.open("xb+") as file:
            yield name, file
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        _flush_folder(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def open_file(name: str) -> BinaryIO:
    """The stored file. Raises FileNotFoundError."""
    return _path(name).open("rb")


def read(name: str) -> bytes:
    """The stored bytes. Raises FileNotFoundError."""
    # An archive reads thousands: as a text, the path costs a third of the time.
    path = f"{settings.MEDIA_ROOT}/{name}" if _OURS.fullmatch(name) else str(_path(name))
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def delete(name: str) -> None:
    """Remove a file that no row names (any more)."""
    with contextlib.suppress(FileNotFoundError):
        _path(name).unlink()


def names() -> Iterator[tuple[str, float]]:
    """Every stored file's name and the moment of its last change (seconds since 1970).

    Includes the unfinished ones (`.part`) that a crash may have left.
    """
    root = Path(settings.MEDIA_ROOT)
    if not root.is_dir():
        return
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        for path in sorted(folder.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # finished or removed meanwhile
                yield f"{folder.name}/{path.name}", path.stat().st_mtime


def _path(name: str) -> Path:
    if _OURS.fullmatch(name):
        return Path(settings.MEDIA_ROOT, name)
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or path == root:
        raise ValueError("a stored name must stay inside the store")
    return path


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

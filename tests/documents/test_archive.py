"""A ZIP that goes while it is made: safe names, sizes in front, little memory (SEC-88)."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import struct
import subprocess
import zipfile

import pytest

from eboks.documents.archive import Archive
from eboks.documents.names import entry_name

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
NAMES = [
    *("../../x", "FV/1/2026", "CON", "con.pdf", "LPT1.tar.gz", "nul .txt", "/etc/passwd"),
    *("C:\\Windows\\x.pdf", "a.pdf", "A.PDF", "a.pdf", "a (2).pdf", "..", "", "  ", "."),
    *("ż" * 300 + ".pdf", "ż" * 300 + ".pdf", "Ą.pdf", "A\u0328.pdf", "x\u202efdp.exe"),
    *("a\x00b.pdf", "a\nb.pdf", "straße.pdf", "STRASSE.pdf", "ﬁle.pdf", "file.pdf"),
]


def pack(names, content=b"tresc", folder=""):
    archive = Archive(at=AT)
    given, out = [], io.BytesIO()
    for name in names:
        given.append(archive.add(name, content, folder=folder))
        out.write(archive.take())
    out.write(archive.close())
    return given, out.getvalue()


def test_unpacked_in_a_jail_every_file_is_where_the_list_says(tmp_path):
    given, content = pack(NAMES)
    path, jail = tmp_path / "a.zip", tmp_path / "out" / "jail"
    path.write_bytes(content)

    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == given
        archive.extractall(jail)

    inside = {str(p.relative_to(jail)) for p in jail.rglob("*") if p.is_file()}
    assert inside == set(given)
    assert len({name.casefold() for name in given}) == len(NAMES)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["jail"]
    assert not any(p.is_symlink() for p in jail.rglob("*"))


def test_names_are_what_was_expected():
    given, _content = pack(NAMES)

    assert given[:16] == [
        *("x", "FV-1-2026", "_CON", "_con.pdf", "_LPT1.tar.gz", "_nul.txt", "etc-passwd"),
        *("C--Windows-x.pdf", "a.pdf", "A (2).PDF", "a (3).pdf", "a (2) (2).pdf"),
        *("plik", "plik (2)", "plik (3)", "plik (4)"),
    ]
    assert given[20:] == [
        *("xfdp.exe", "ab.pdf", "ab (2).pdf", "straße.pdf", "STRASSE (2).pdf"),
        *("ﬁle.pdf", "file (2).pdf"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_name_fits_every_disk(name):
    for again in (1, 2, 5_000):
        safe = entry_name(name, again=again)
        assert len(safe.encode()) <= 200
        assert not set(safe) & set('<>:"/\\|?*\x00\r\n')
        assert safe.strip(" .") == safe


def test_folder_is_made_safe_too():
    given, _content = pack(["a.pdf"], folder="../TRANS/ŻUK")

    assert given == ["TRANS-ŻUK/a.pdf"]


def test_unzip_reads_it():
    given, content = pack(["Faktura FV/1.pdf", "manifest.csv", "Umowa żółw.xlsx"])
    unzip = shutil.which("unzip")
    if unzip:
        done = subprocess.run([unzip, "-tqq", "/dev/stdin"], input=content, check=False)
        assert done.returncode in {0, 9}  # some versions cannot read a pipe
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == given


def test_sizes_stand_in_front_of_each_file():
    """Programs that read a ZIP from its beginning cannot skip a stored file without its size."""
    _given, content = pack(["a.pdf", "b.csv"], content=b"x" * 1000)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
    assert [entry.compress_type for entry in entries] == [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
    for entry in entries:
        flags, _method, _time, _day, checksum, packed, size = struct.unpack(
            "<HHHHLLL", content[entry.header_offset + 6 : entry.header_offset + 26]
        )
        assert flags & 8 == 0
        assert (checksum, packed, size) == (entry.CRC, entry.compress_size, 1000)
        assert entry.external_attr >> 16 == 0o100644
        assert entry.date_time == (2026, 11, 22, 9, 0, 0)  # in Warsaw


def test_what_was_taken_is_not_kept():
    archive = Archive(at=AT)
    for number in range(50):
        archive.add(f"{number}.pdf", b"x" * 100_000)
        assert archive.waiting == pytest.approx(100_000, abs=200)
        assert len(archive.take()) == pytest.approx(100_000, abs=200)
    assert archive.waiting == 0

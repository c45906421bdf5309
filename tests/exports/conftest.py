"""A folder of its own for stored files, and the limits as in production."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from eboks.exports.models import ExportFile
from eboks.exports.registry import Export, Order, add_export
from eboks.tenancy.rights import Right

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "documents"
    settings.EXPORTS_PER_HOUR = 10
    folder: Path = settings.MEDIA_ROOT
    return folder


def files(media: Path) -> list[Path]:
    return sorted(path for path in media.rglob("*") if path.is_file())


def kind(name: str, build: Any = None, **options: Any) -> Export:
    """A kind of export made up for a test; the next one of that name takes its place."""

    def write(order: Order) -> None:
        order.file_name = "plik.txt"
        order.progress(0, 2)
        order.out.write("|".join(company.name for company in order.companies).encode())
        order.progress(2)

    made = Export(
        name=name, title="Próba", right=Right.EXPORT_REPORTS, build=build or write, **options
    )
    add_export(made)
    return made


def fresh(file: ExportFile) -> ExportFile:
    return ExportFile.objects.get(pk=file.pk)


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: dt.datetime = AT) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at

    def wait(self, **time: float) -> dt.datetime:
        self.at += dt.timedelta(**time)
        return self.at

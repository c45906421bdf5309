"""Excel: the report writer against a bare openpyxl write-only loop of the same cells."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from eboks.documents.xlsx import About, Sheet, write_workbook
from invoicing.reports import detail_columns

# One file holds at most 100 000 rows, so the largest size is no larger than the middle one.
ROWS = {"small": 10_000, "mid": 100_000, "large": 100_000}
AIM = 1.3
FEW = 10_000
AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
FIRST = dt.date(2026, 1, 1)


def run(size: str) -> None:
    """Rows per second of both, their ratio, and memory for 10 000 and for all rows."""
    count = ROWS[size]
    seconds = {"bare": 0.0, "report": 0.0}
    for _round in range(2):  # in turns, so that a slow minute hits both
        seconds["bare"] += _measured(bare_loop, count)[0]
        elapsed, memory = _measured(report_writer, count)
        seconds["report"] += elapsed
    few = _measured(report_writer, FEW)[1]
    for name, value in seconds.items():
        print(f"{name}: {2 * count / value:,.0f} rows/s")
    print(f"memory over the start: {few:.1f} MB for {FEW:,} rows, {memory:.1f} MB for {count:,}")
    ratio = seconds["report"] / seconds["bare"]
    print(f"bench excel size={size} ratio={ratio:.2f} aim<={AIM} memory_mb={memory:.1f}")


def report_writer(count: int) -> None:
    """What a client's download does, without the database."""
    sheet = Sheet("Pozycje", detail_columns(), rows(count), total_by=17)
    with write_workbook(sheets=[sheet], about=About("Raport kosztów", AT)) as file:
        assert file.seek(0, 2) > 0


def bare_loop(count: int) -> None:
    """The same values, no styles, no types given: what openpyxl takes at least."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Pozycje")
    for row in rows(count):
        sheet.append(row)
    with tempfile.TemporaryFile() as file:
        book.save(file)


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of a cost report as the database gives them."""
    for number in range(count):
        net = Decimal(100_000 + number) / 100
        vat = Decimal(23_000 + number) / 100
        yield (
            FIRST + dt.timedelta(days=number % 300),
            FIRST + dt.timedelta(days=number % 300),
            f"FV/2026/{number % 12 + 1:02d}/{number:07d}",
            "faktura",
            f"TRANS-ŻUK {number % 50} sp. z o.o.",
            f"OL/2025/{number % 7000:06d}",
            "Scania R450",
            f"WGM{number % 7000:05d}",
            f"YS2R4X2000{number % 7000:07d}",
            "rata leasingowa",
            f"Rata leasingowa {number % 36} z 36",
            net,
            "23%",
            vat,
            net + vat,
            net,
            vat,
            "PLN",
            vat,
        )


def _measured(work: Callable[[int], None], count: int) -> tuple[float, float]:
    """Seconds and the growth of memory (MB) of `work(count)` in a process of its own."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(work, count, sender))
    child.start()
    sender.close()
    seconds, growth = receiver.recv()
    child.join()
    return seconds, growth


def _child(work: Callable[[int], None], count: int, sender: Connection) -> None:
    work(10)  # caches and templates of openpyxl are not what is measured
    before = _peak_memory(reset=True)
    start = time.process_time()
    work(count)
    seconds = time.process_time() - start
    sender.send((seconds, _peak_memory() - before))


def _peak_memory(*, reset: bool = False) -> float:
    """The most memory (MB) that this process has held, since the last reset where that is known."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if reset:
        clear.write_text("5")  # Linux: forget the peak, it was the parent's
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024

"""First load of a portfolio against a bare COPY of the same rows into unindexed tables.

Works in a database of its own beside the one in DATABASE_URL, made and dropped here. The made-up
portfolio is kept under the data directory, so that a second run starts at once. `ratio` compares
the import with a COPY of the rows that it leaves (the feed's, and the items, allocations and
balances made of them) into copies of their tables; `feed_ratio` with a COPY of the feed's files
alone. Tables of the baseline are logged, without indexes, keys and checks.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management import call_command

from eboks.feeds.registry import registry

CONTRACTS = {"small": 4_000, "mid": 70_000, "large": 300_000}
AIM = 4.0
_BLOCK = 1 << 20


def run(size: str) -> None:
    """Make the portfolio if needed, import it once, and compare."""
    directory = _portfolio(CONTRACTS[size])
    url = os.environ["DATABASE_URL"]
    scratch = f"{urlsplit(url).path.strip('/')}_bench_feed"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{scratch}"')
        connection.execute(f'CREATE DATABASE "{scratch}"')
        try:
            _measure(size, directory, urlunsplit(urlsplit(url)._replace(path=f"/{scratch}")))
        finally:
            connection.execute(f'DROP DATABASE "{scratch}"')


def _measure(size: str, directory: Path, url: str) -> None:
    files = {f"bare_{kind.name}": directory / f"{kind.name}.csv" for kind in registry.kinds}
    columns = {
        f"bare_{kind.name}": ", ".join(f'"{one.name}" {one.staged_as[0]}' for one in kind.columns)
        for kind in registry.kinds
    }
    rows = sum(_lines(path) - 1 for path in files.values() if path.exists())
    print(f"wierszy w paczce: {rows}")
    feed = _bare_copy(url, columns, files, "FORMAT csv, HEADER")
    print(f"COPY plików paczki: {feed:.1f} s")
    seconds, memory = _in_a_process_of_its_own(directory, url)
    print(f"wczytanie paczki: {seconds:.1f} s")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=settings.DATA_DIR) as folder:
        stored = _dump(url, Path(folder))
        likes = {name: f"LIKE {name.removeprefix('bare_')}" for name in stored}
        bare = min(_bare_copy(url, likes, stored, "FORMAT text") for _round in range(2))
    print(f"COPY zapisanych wierszy: {bare:.1f} s")
    print(
        f"bench feed size={size} ratio={seconds / bare:.2f} aim<={AIM:g}"
        f" memory_mb={memory:.0f} rows_per_s={rows / seconds:.0f} feed_ratio={seconds / feed:.2f}"
    )


def _portfolio(contracts: int) -> Path:
    """The feed directory, made once: written aside and renamed when it is whole."""
    directory = Path(settings.DATA_DIR) / "bench" / f"portfolio-{contracts}"
    if not directory.exists():
        print(f"robię portfel {contracts} umów…")
        aside = directory.with_suffix(f".{os.getpid()}")
        call_command(
            "make_portfolio", contracts=contracts, seed=1, out=aside, plain=True, verbosity=0
        )
        aside.rename(directory)
    return directory


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))


def _dump(url: str, folder: Path) -> dict[str, Path]:
    """Every table that the import filled, as a file."""
    files = {f"bare_{table}": folder / table for table in registry.tables}
    with psycopg.connect(url) as connection:
        for name, path in files.items():
            statement = f"COPY {name.removeprefix('bare_')} TO STDOUT"
            with path.open("wb") as file, connection.cursor().copy(statement) as copy:
                for block in copy:
                    file.write(block)
    return files


def _bare_copy(url: str, columns: dict[str, str], files: dict[str, Path], options: str) -> float:
    """Seconds of COPY of the files into tables made for it, in one transaction."""
    with psycopg.connect(url) as connection:
        for name, definition in columns.items():
            connection.execute(f"CREATE TABLE {name} ({definition})")
        connection.commit()
        start = time.perf_counter()
        for name, path in files.items():
            if not path.exists():
                continue
            statement = f"COPY {name} FROM STDIN ({options})"
            with path.open("rb") as file, connection.cursor().copy(statement) as copy:
                while block := file.read(_BLOCK):
                    copy.write(block)
        connection.commit()
        seconds = time.perf_counter() - start
        for name in columns:
            connection.execute(f"DROP TABLE {name}")
    return seconds


def _in_a_process_of_its_own(directory: Path, url: str) -> tuple[float, float]:
    """(seconds, peak memory in MB) of the import, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_import, args=(str(directory), url, send))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit("bench feed: the import failed")
    seconds, memory = receive.recv()
    return seconds, memory


def _import(directory: str, url: str, send: Connection) -> None:
    os.environ["DATABASE_URL"] = url
    import django  # noqa: PLC0415 -- a fresh process

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    start = time.perf_counter()
    call_command("import_feed", directory)
    seconds = time.perf_counter() - start
    send.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))

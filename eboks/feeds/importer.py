"""The import of feeds: staged, checked, applied in one transaction, wholly or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from eboks.feeds.applying import Load
from eboks.feeds.checking import run_checks
from eboks.feeds.dialect import Cursor, drop_temporary, is_postgresql
from eboks.feeds.documents import read_documents
from eboks.feeds.locking import only_import
from eboks.feeds.manifest import Manifest
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.feeds.problems import FeedRefusedError, Problems
from eboks.feeds.reading import CsvFile
from eboks.feeds.rebuilding import is_first_load, rebuilding
from eboks.feeds.registry import Document, registry
from eboks.feeds.runs import (
    Outcome,
    close_interrupted,
    place,
    read_directory,
    record,
    refuse_mixture,
    turn,
    waiting_next,
)
from eboks.feeds.staging import create_stage, reserve_ids, stage_file

Clock = Callable[[], dt.datetime]


def _silent(title: str, total: int) -> Callable[[int], None]:
    return lambda done: None


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far the import is: `begin(title, total)` gives a function of steps done."""

    begin: Callable[[str, int], Callable[[int], None]] = field(default=_silent)


def import_feeds(
    *, directories: Sequence[Path], now: Clock, dry_run: bool = False, watch: Watch | None = None
) -> list[Outcome]:
    """Import feed directories, given in any order, in the order of their sequence numbers.

    Each feed is applied in its own transaction, wholly or not at all; a refused one stops nothing
    but those after it, which then wait. A feed that waited before and whose turn has come is
    taken up by itself. A dry run does all the work and keeps nothing but its log.

    Raises AlreadyRunningError when another import runs.
    """
    watch = watch or Watch()
    with only_import():
        close_interrupted(at=now())
        if not dry_run:
            return _import_all(directories, now, watch, keep=True)
        with transaction.atomic():
            outcomes = _import_all(directories, now, watch, keep=False)
            transaction.set_rollback(True)
        for outcome in outcomes:
            if outcome.status == FeedStatus.APPLIED:
                outcome.status = FeedStatus.CHECKED
            outcome.run_id = None  # its row went with the rest
            record(outcome, at=now())
        return outcomes


def _import_all(
    directories: Sequence[Path], now: Clock, watch: Watch, *, keep: bool
) -> list[Outcome]:
    outcomes = [read_directory(directory, at=now()) for directory in directories]
    refuse_mixture(outcomes)
    queue = sorted(
        ((one, one.manifest) for one in outcomes if one.manifest and not one.problems),
        key=lambda pair: turn(pair[1]),
    )
    while queue:
        outcome, manifest = queue.pop(0)
        _import_one(outcome, manifest, now, watch)
        if keep:
            record(outcome, at=now())
        if outcome.status == FeedStatus.APPLIED and keep:
            for run in registry.followers:
                # Robust: the feed is in, whatever becomes of what others do about it.
                transaction.on_commit(run, robust=True)
            follower = waiting_next(manifest, at=now())
            if follower is not None and all(turn(follower[1]) != turn(one) for _, one in queue):
                outcomes.append(follower[0])
                queue.insert(0, follower)
    if keep:
        for outcome in outcomes:
            if outcome.run_id is None:
                record(outcome, at=now())
    return outcomes


def _import_one(outcome: Outcome, manifest: Manifest, now: Clock, watch: Watch) -> None:
    """Decide what the feed is (new, known, early, late) and apply a new one."""
    outcome.status, outcome.message = place(manifest)
    if outcome.status != FeedStatus.RUNNING:
        return
    run = FeedRun.objects.create(
        lessor_code=manifest.lessor,
        source_system=manifest.source_system,
        sequence=manifest.sequence,
        business_date=manifest.business_date,
        manifest_sha256=manifest.sha256,
        status=FeedStatus.RUNNING,
        started_at=outcome.started_at,
        directory=str(outcome.directory)[:500],
    )
    outcome.run_id = run.pk
    try:
        with transaction.atomic():
            outcome.counts = _apply(manifest, outcome.problems, now(), watch)
            done = FeedRun.objects.filter(pk=run.pk, status=FeedStatus.RUNNING).update(
                status=FeedStatus.APPLIED, counts=outcome.counts, finished_at=now()
            )
            if done != 1:
                raise RuntimeError(f"feed run {run.pk} was closed by somebody else")
        outcome.status, outcome.message = FeedStatus.APPLIED, ""
    except FeedRefusedError:
        outcome.status = FeedStatus.REFUSED
        outcome.message = "Paczka ma błędy; nic z niej nie zapisano."
    except (DataError, IntegrityError) as error:
        outcome.status = FeedStatus.REFUSED
        outcome.message = "Baza danych odrzuciła paczkę; nic z niej nie zapisano."
        outcome.problems.add("", str(error).splitlines()[0])
    except BaseException:
        outcome.status = FeedStatus.REFUSED
        outcome.message = "Wczytywanie przerwano; nic z paczki nie zapisano."
        if not connection.in_atomic_block:
            record(outcome, at=now())
        raise


def _apply(
    manifest: Manifest, problems: Problems, at: dt.datetime, watch: Watch
) -> dict[str, dict[str, int]]:
    documents = read_documents(manifest, problems)
    with connection.cursor() as cursor:
        _tune(cursor)
        files = _stage(cursor, manifest, problems, watch)
        staged = {name: files[name].rows if name in files else 0 for name in registry.kinds_by_name}
        load = Load(cursor, manifest, at, staged)

        def check(*, guarded: bool | None = None) -> None:
            run_checks(cursor, registry, files, load.params, problems, guarded=guarded)

        trusting = is_first_load(cursor, registry.tables, staged.values())
        check(guarded=False if trusting else None)
        if problems:
            if trusting:
                check(guarded=True)
            raise FeedRefusedError(problems)
        try:
            with transaction.atomic():
                _run_steps(load, documents, watch, rebuild=trusting)
        except IntegrityError:
            check(guarded=True)
            if problems:
                raise FeedRefusedError(problems) from None
            raise
        for kind in registry.kinds:
            drop_temporary(cursor, kind.stage)
    return load.counts


def _run_steps(
    load: Load, documents: list[tuple[Document, Any]], watch: Watch, *, rebuild: bool
) -> None:
    steps = registry.steps
    progress = watch.begin("zapis", len(steps) + 1)
    with rebuilding(load.cursor, registry.tables if rebuild else ()):
        for document, parsed in documents:
            document.apply(load, parsed)
        for step in steps:
            step.run(load)
            progress(1)
    progress(1)


def _stage(
    cursor: Cursor, manifest: Manifest, problems: Problems, watch: Watch
) -> dict[str, CsvFile]:
    progress = watch.begin("wczytanie", manifest.csv_bytes)
    files: dict[str, CsvFile] = {}
    for kind in registry.kinds:
        create_stage(cursor, kind)
        entry = manifest.file(kind.name)
        if entry is not None and not problems.is_full:
            files[kind.name] = stage_file(
                cursor, kind, entry, manifest.directory, problems, progress
            )
    reserve_ids(cursor, registry.kinds)
    return files


def _tune(cursor: Cursor) -> None:
    """For big sorts and hashes of this transaction only."""
    if is_postgresql():
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL default_statistics_target = 10")  # sizes, not distributions

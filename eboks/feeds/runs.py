"""The log of imports, and what it says about the next feed: new, known, too early, too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eboks.feeds.manifest import Manifest, read_manifest
from eboks.feeds.models import FeedError, FeedRun, FeedStatus
from eboks.feeds.problems import Problems
from eboks.tenancy.models import LessorProfile


@dataclass(slots=True)
class Outcome:
    """What became of one feed directory."""

    directory: Path
    started_at: dt.datetime
    manifest: Manifest | None
    problems: Problems = field(default_factory=Problems)
    status: FeedStatus = FeedStatus.REFUSED
    message: str = ""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    run_id: int | None = None


def read_directory(directory: Path, *, at: dt.datetime) -> Outcome:
    """An outcome to be decided; refused already when the manifest is bad."""
    problems = Problems()
    manifest = read_manifest(directory, problems)
    message = "Manifest paczki jest błędny." if problems else ""
    return Outcome(directory.resolve(), at, manifest, problems, message=message)


def turn(manifest: Manifest) -> tuple[str, int]:
    """Place in the queue."""
    return manifest.source_system, manifest.sequence


def place(manifest: Manifest) -> tuple[FeedStatus, str]:
    """RUNNING for a feed that may be applied now; else what it is, and why."""
    applied = FeedRun.objects.filter(
        status=FeedStatus.APPLIED,
        lessor_code=manifest.lessor,
        source_system=manifest.source_system,
    )
    last = applied.order_by("-sequence").first()
    last_sequence = 0 if last is None or last.sequence is None else last.sequence
    if manifest.sequence <= last_sequence:
        known = applied.filter(sequence=manifest.sequence, manifest_sha256=manifest.sha256)
        if known.exists():
            return FeedStatus.UNCHANGED, "Ta paczka jest już wczytana; nic się nie zmieniło."
        return FeedStatus.REFUSED, (
            f"Paczka nr {manifest.sequence} przyszła po nowszej: wczytano już nr {last_sequence}."
        )
    profile = LessorProfile.objects.order_by("pk").first()
    if profile is not None and profile.code != manifest.lessor:
        return FeedStatus.REFUSED, (
            f"Paczka należy do leasingodawcy „{manifest.lessor}”, "
            f"a portal prowadzi „{profile.code}”."
        )
    if manifest.sequence > last_sequence + 1:
        return FeedStatus.WAITING, (
            f"Paczka nr {manifest.sequence} czeka: brakuje nr {last_sequence + 1}."
        )
    if profile is None and manifest.file("lessor") is None:
        return FeedStatus.REFUSED, "Pierwsza paczka musi zawierać plik rodzaju lessor."
    if last is not None and last.business_date and manifest.business_date < last.business_date:
        return FeedStatus.REFUSED, (
            f"Dzień danych {manifest.business_date} jest wcześniejszy niż {last.business_date}, "
            "który już wczytano."
        )
    return FeedStatus.RUNNING, ""


def refuse_mixture(outcomes: Sequence[Outcome]) -> None:
    """Feeds of two lessors given together are a mistake: none of them is touched."""
    lessors = sorted({one.manifest.lessor for one in outcomes if one.manifest is not None})
    if len(lessors) > 1:
        for outcome in outcomes:
            reason = "podano razem paczki różnych leasingodawców: " + ", ".join(lessors)
            outcome.problems.add("manifest.json", reason, column="lessor")
            outcome.message = "Paczki dwóch leasingodawców podano razem."


def waiting_next(done: Manifest, *, at: dt.datetime) -> tuple[Outcome, Manifest] | None:
    """The feed that waited for this one, if its directory still holds what it held then."""
    run = (
        FeedRun.objects.filter(
            status=FeedStatus.WAITING,
            lessor_code=done.lessor,
            source_system=done.source_system,
            sequence=done.sequence + 1,
        )
        .exclude(directory="")
        .order_by("-pk")
        .first()
    )
    if run is None:
        return None
    outcome = read_directory(Path(run.directory), at=at)
    if outcome.manifest is None or outcome.manifest.sha256 != run.manifest_sha256:
        return None
    return outcome, outcome.manifest


def record(outcome: Outcome, *, at: dt.datetime) -> None:
    """Write the outcome into the log, with its errors."""
    manifest = outcome.manifest
    facts: dict[str, Any] = {
        "status": outcome.status,
        "message": outcome.message,
        "counts": outcome.counts,
        "finished_at": at,
    }
    if outcome.run_id is None:
        run_id = FeedRun.objects.create(
            lessor_code=manifest.lessor if manifest else "",
            source_system=manifest.source_system if manifest else "",
            sequence=manifest.sequence if manifest else None,
            business_date=manifest.business_date if manifest else None,
            manifest_sha256=manifest.sha256 if manifest else "",
            started_at=outcome.started_at,
            directory=str(outcome.directory)[:500],
            **facts,
        ).pk
        outcome.run_id = run_id
    else:
        run_id = outcome.run_id
        FeedRun.objects.filter(pk=run_id).update(**facts)
    FeedError.objects.bulk_create(
        FeedError(
            run_id=run_id,
            file=problem.file[:100],
            line=problem.line,
            column=problem.column[:60],
            value=problem.value[:200],
            reason=problem.reason[:300],
        )
        for problem in outcome.problems.found
    )


def close_interrupted(*, at: dt.datetime) -> None:
    """Runs that a crash left open. Only the holder of the import lock may say so."""
    FeedRun.objects.filter(status=FeedStatus.RUNNING).update(
        status=FeedStatus.REFUSED,
        message="Wczytywanie przerwano; nic z paczki nie zapisano.",
        finished_at=at,
    )

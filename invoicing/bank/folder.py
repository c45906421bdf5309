"""The watched folder: files that arrive are taken over and moved to `done/` or `refused/`.

A file is left alone until it has not changed for a while, so a half-written one waits (FI-05). It
is claimed by renaming it into `working/`: of two workers one gets it. A claim whose worker died
goes back after a quarter of an hour; taking a file over twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import Error
from django.utils import translation
from django.utils.translation import gettext as _

from eboks.jobs import leases
from invoicing.bank import reports
from invoicing.bank.importing import Outcome, Ready, import_ready, prepare
from invoicing.bank.statements import Problem
from invoicing.models import BankFile

log = structlog.get_logger("ebok.bank")

DONE, REFUSED, WORKING = "done", "refused", "working"
_JOB = "statements"
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".swp")
_ABANDONED = dt.timedelta(minutes=15)
_REMEMBERED = 24 * 3600  # seconds
_AT_ONCE = 50  # files; the next look takes the rest


def take_over(*, folder: Path, at: dt.datetime) -> list[Outcome]:
    """Take over the files that lie in `folder` and have settled. Safe to run as often as you like.

    A database that is away leaves the files where they were.
    """
    for name in (DONE, REFUSED, WORKING):
        (folder / name).mkdir(exist_ok=True)
    _give_back_abandoned(folder, at)
    settled = [path for path in _files(folder) if _has_settled(path, at)]
    claimed = [mine for path in settled[:_AT_ONCE] if (mine := _claim(path)) is not None]
    left = set(claimed)
    outcomes = []
    try:
        over, ready = prepare(claimed, at=at)
        for outcome in over:
            left.discard(_finish(folder, outcome, at))
            outcomes.append(outcome)
        for one in ready:
            result = _import(one, at)
            if result is not None:
                left.discard(_finish(folder, result, at))
                outcomes.append(result)
    finally:
        for path in left:
            path.rename(folder / path.name)
    return outcomes


def _files(folder: Path) -> Iterator[Path]:
    """Files that may be statements, in the order of their names."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED):
            continue
        if stat.S_ISREG(path.lstat().st_mode):  # no links: they may lead anywhere
            yield path


def _has_settled(path: Path, at: dt.datetime) -> bool:
    """Whether the file is what it was some looks ago. Its time may be the one it has elsewhere."""
    found = path.lstat()
    seen = [found.st_size, found.st_mtime_ns]
    key = f"statements:{sha256(str(path).encode()).hexdigest()}"
    known = cache.get(key)
    if known is None or known[:2] != seen:
        cache.set(key, [*seen, at.timestamp()], timeout=_REMEMBERED)
        return False
    return bool(at.timestamp() - known[2] >= settings.STATEMENTS_SETTLE_SECONDS)


def _claim(path: Path) -> Path | None:
    mine = path.parent / WORKING / path.name
    try:
        path.rename(mine)
    except FileNotFoundError:  # another worker was quicker
        return None
    return mine


def _give_back_abandoned(folder: Path, at: dt.datetime) -> None:
    for path in _files(folder / WORKING):
        if at.timestamp() - path.lstat().st_ctime > _ABANDONED.total_seconds():
            path.rename(folder / path.name)


def _import(ready: Ready, at: dt.datetime) -> Outcome | None:
    """The outcome; None when it failed in a way that may pass. The third failure is a refusal."""
    reference = ready.raw.sha256
    try:
        outcome = import_ready(ready, at=at)
    except Error:
        raise
    except Exception as error:  # a file that breaks the program must not stop the others (FI-17)
        log.exception("bank_file_failed", sha256=reference)
        if not leases.note_failure(
            job=_JOB, object_ref=reference, reason=type(error).__name__, at=at
        ):
            return None
        reason = _("Programu nie udało się doprowadzić do końca (%s). Zgłoś to administratorowi.")
        problem = Problem(0, "", reason % type(error).__name__)
        return Outcome(ready.raw.name, path=ready.path, problems=[problem])
    leases.clear_failure(job=_JOB, object_ref=reference)
    return outcome


def _finish(folder: Path, outcome: Outcome, at: dt.datetime) -> Path:
    """Move the file and write its report beside it. Returns where it was claimed."""
    claimed = outcome.path
    assert claimed is not None  # noqa: S101 -- every file here has one
    place = folder / (REFUSED if outcome.is_refused else DONE)
    name = f"{at:%Y%m%dT%H%M%S}_{claimed.name}"[-190:]
    with translation.override(settings.LANGUAGE_CODE):
        report = "\n".join(reports.lines(outcome))
    (place / f"{name}.txt").write_text(f"{report}\n", encoding="utf-8")
    claimed.rename(place / name)
    outcome.path = place / name
    if outcome.file is not None and outcome.is_refused:
        BankFile.objects.filter(pk=outcome.file.pk).update(kept_as=name)
    return claimed

"""Reading the chains from the beginning and naming the first row of each that does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eboks.audit.anchoring import digest_of
from eboks.audit.models import AuditAnchor, AuditChain, AuditEntry
from eboks.audit.sealing import is_sealed, known_keys

_CHUNK = 2_000

# Where a chain stood when an anchor was dropped: {sequence: [(hash, name of the anchor)]}
Heads = dict[int, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place where a chain (or an anchor) does not fit, and in what way."""

    chain: str
    sequence: int | None
    why: str

    def __str__(self) -> str:
        place = self.chain if self.sequence is None else f"{self.chain} #{self.sequence}"
        return f"{place}: {self.why}"


@dataclass(slots=True)
class Report:
    chains: int = 0
    entries: int = 0
    anchors: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(*, anchors: Path | None = None) -> Report:
    """Every chain against its seals, against its head and against the anchors: those of the
    database, and those kept as files in the directory `anchors`.
    """
    report = Report()
    heads: dict[str, Heads] = {}
    for name, anchor in [*_stored_anchors(), *(_kept_anchors(anchors) if anchors else ())]:
        report.anchors += 1
        if anchor is None or anchor["digest"] != digest_of(anchor["day"], anchor["heads"]):
            report.faults.append(Fault(name, None, "the anchor was changed"))
            continue
        for key, (sequence, digest) in anchor["heads"].items():
            heads.setdefault(key, {}).setdefault(sequence, []).append((digest, name))
    keys = known_keys()
    for chain in AuditChain.objects.order_by("pk"):
        report.chains += 1
        fault = _first_fault(chain, heads.pop(chain.key, {}), keys, report)
        if fault is not None:
            report.faults.append(fault)
    for key, at in heads.items():  # left over: anchors know them, the database does not
        if any(at):
            report.faults.append(Fault(key, None, f"the chain is gone; {_named(at)}"))
    return report


def _first_fault(
    chain: AuditChain, heads: Heads, keys: Mapping[str, bytes], report: Report
) -> Fault | None:
    last, last_hash = 0, ""
    # Also by the key: two rows with one number can stand only where the constraint was dropped.
    rows = AuditEntry.objects.filter(chain=chain, sequence__lte=chain.last_sequence)
    for entry in rows.order_by("sequence", "pk").iterator(chunk_size=_CHUNK):
        report.entries += 1
        why = _what_is_wrong(entry, chain, last, last_hash, keys) or _other_than(heads, entry)
        if why:
            return Fault(chain.key, min(entry.sequence, last + 1), why)
        last, last_hash = entry.sequence, entry.hash
    beyond: Heads = {n: told for n, told in heads.items() if n > last}
    if beyond:
        return Fault(chain.key, last + 1, f"the tail is cut; {_named(beyond)}")
    if chain.last_sequence > last:
        why = f"the tail is cut; the head of the chain is #{chain.last_sequence}"
        return Fault(chain.key, last + 1, why)
    if chain.last_hash != last_hash:
        return Fault(chain.key, last, "the head of the chain was changed")
    return _beyond_the_head(chain)


def _beyond_the_head(chain: AuditChain) -> Fault | None:
    """An entry after the head. What was written while we read has moved the head as well."""
    after = AuditEntry.objects.filter(chain=chain, sequence__gt=chain.last_sequence)
    first = after.order_by("sequence", "pk").first()
    if first is None:
        return None
    now = AuditChain.objects.filter(pk=chain.pk, last_sequence__gte=first.sequence)
    if now.exists():
        return None
    return Fault(chain.key, first.sequence, f"row {first.pk} stands beyond the head of the chain")


def _what_is_wrong(
    entry: AuditEntry, chain: AuditChain, last: int, last_hash: str, keys: Mapping[str, bytes]
) -> str:
    if entry.sequence > last + 1:
        gap = entry.sequence - last - 1
        return f"missing ({gap} deleted)" if gap > 1 else "missing (deleted)"
    if entry.sequence <= last:
        return f"row {entry.pk} stands here as well (inserted)"
    key = keys.get(entry.key_id)
    if key is None:
        return (
            f"sealed with the key {entry.key_id}, which is neither in SECRET_KEY_FALLBACKS"
            " nor in AUDIT_OLD_KEYS"
        )
    if not is_sealed(entry, chain_key=chain.key, key=key):
        return f"row {entry.pk} does not fit its seal (changed, swapped or inserted)"
    if entry.previous_hash != last_hash:
        return f"row {entry.pk} does not follow the entry before it"
    return ""


def _other_than(heads: Heads, entry: AuditEntry) -> str:
    told = [name for digest, name in heads.get(entry.sequence, ()) if digest != entry.hash]
    return f"another entry stood here when {told[0]} was made" if told else ""


def _named(heads: Heads) -> str:
    furthest = max(heads)
    return f"{heads[furthest][0][1]} knows #{furthest}"


def _stored_anchors() -> Iterator[tuple[str, dict[str, Any]]]:
    for row in AuditAnchor.objects.order_by("day").iterator():
        yield (
            f"anchor {row.day}",
            {"day": row.day.isoformat(), "heads": row.heads, "digest": row.digest},
        )


def _kept_anchors(directory: Path) -> Iterable[tuple[str, dict[str, Any] | None]]:
    for path in sorted(directory.glob("*.json")):
        yield f"file {path.name}", _read(path)


def _read(path: Path) -> dict[str, Any] | None:
    """What the file holds; None when it does not look like an anchor."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("heads"), dict):
        return None
    pairs: Sequence[Any] = list(found["heads"].values())
    good = all(
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(pair[0], int)
        and isinstance(pair[1], str)
        for pair in pairs
    )
    named = isinstance(found.get("day"), str) and isinstance(found.get("digest"), str)
    return found if good and named and path.stem == found["day"] else None

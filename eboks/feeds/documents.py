"""JSON files of a feed: read whole, held against the manifest, handed to their domain."""

from __future__ import annotations

import hashlib
from typing import Any

from eboks.feeds.manifest import Manifest
from eboks.feeds.problems import Problems
from eboks.feeds.registry import Document, registry

_MAX_BYTES = 1_000_000


def read_documents(manifest: Manifest, problems: Problems) -> list[tuple[Document, Any]]:
    """The documents of a feed, each as its domain understands it."""
    result = []
    for entry in manifest.files:
        document = registry.document(entry.kind)
        if document is None:
            continue
        path = manifest.directory / entry.name
        if path.stat().st_size > _MAX_BYTES:
            problems.add(entry.name, "plik jest za duży")
            continue
        raw = path.read_bytes()
        if hashlib.sha256(raw).hexdigest() != entry.sha256:
            reason = "suma sha256 pliku różni się od manifestu: plik zmieniony lub niepełny"
            problems.add(entry.name, reason)
        if entry.rows != 1:
            problems.add(entry.name, "taki plik liczy się w manifeście jako 1 wiersz")
        parsed = document.read(entry.name, raw, manifest, problems)
        if parsed is not None:
            result.append((document, parsed))
    return result

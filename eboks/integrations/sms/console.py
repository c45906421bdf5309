"""The demo's gateway: each SMS is a file, shown by the demo inbox."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.utils import timezone

from eboks.integrations.sms.client import Answer, Fate
from eboks.phones import masked

log = structlog.get_logger("ebok.sms")


class ConsoleGateway:
    """Writes `DATA_DIR/sms/<time>-<id>.txt`: `Do: <number>` in the first line, then the text."""

    repeats_are_safe = True

    def send(self, *, id: str, to: str, text: str) -> Answer:  # noqa: A002 -- the contract's word
        directory = settings.DATA_DIR / "sms"
        directory.mkdir(mode=0o700, exist_ok=True)
        if not list(directory.glob(f"*-{id}.txt")):
            name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{id}.txt"
            (directory / name).write_text(f"Do: {to}\n{text}\n", encoding="utf-8")
        log.info("sms", to=masked(to), id=id)
        return Answer(id, "file")

    def status(self, *, id: str) -> Fate:  # noqa: A002
        found = list((settings.DATA_DIR / "sms").glob(f"*-{id}.txt"))
        return Fate.SENT if found else Fate.MISSING

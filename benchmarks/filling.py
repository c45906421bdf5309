"""A made-up portfolio for benchmarks that need rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.management import call_command

from contracts.models import Contract


def fill(contracts: int) -> None:
    """Make the tables; into an empty database import a portfolio of `contracts`, which stays."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    if Contract.objects.exists():
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "feed"
        call_command("make_portfolio", contracts=contracts, seed=1, out=out)
        call_command("import_feed", str(out))

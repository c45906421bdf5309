"""Which process of xdist runs which test: every test as it comes, the browser tests all in one.

A mark alone does not keep them together: with pytest 9.2 `xdist_group` is passed over in silence
(pytest-dev/pytest-xdist#1386), and then each process starts a portal of its own.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

BROWSER = "tests/browser/"


class PortalScheduling(LoadGroupScheduling):
    """The largest group goes first, so the browser is busy from the start."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> PortalScheduling | None:
    """For `--dist loadgroup`, which `./ebok test` asks for."""
    return PortalScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None

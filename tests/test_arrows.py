"""The import contract in pyproject.toml knows every room of the house."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# They tie the rooms together, so they may import any of them.
OUTSIDE = {"eboks.celery", "eboks.settings", "eboks.urls", "eboks.wsgi"}


def contracted() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [contract] = settings["contracts"]
    return {name for layer in contract["layers"] for name in re.findall(r"[\w.]+", layer)}


def test_every_room_stands_in_the_contract() -> None:
    rooms = {
        f"eboks.{path.stem}"
        for path in (ROOT / "eboks").iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    domains = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert rooms | domains <= contracted() | OUTSIDE
    assert not contracted() & OUTSIDE

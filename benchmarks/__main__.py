"""`python -m benchmarks NAME [--size small|mid|large]`: one measurement, run by `./ebok bench`.

Each module of this folder is a benchmark: `def run(size: str) -> None`, the first line of its
docstring the description shown here. It works on the database in DATABASE_URL and ends with one
line `bench NAME size=… ratio=… aim<=… memory_mb=…`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
from pathlib import Path

SIZES = ("small", "mid", "large")  # 4 000, 70 000 and 300 000 contracts


def benchmarks() -> dict[str, str]:
    """Name of each benchmark and the first line of its docstring, without importing it."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in module.body):
            found[path.stem] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found


def main() -> None:
    known = benchmarks()
    parser = argparse.ArgumentParser(
        prog="./ebok bench",
        description="Measure one thing on the database in DATABASE_URL.",
        epilog="\n".join(f"  {name:10} {about}" for name, about in known.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=known, metavar="NAME", help="one of those below")
    parser.add_argument("--size", choices=SIZES, default="small")
    chosen = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        parser.error("DATABASE_URL is not set: postgres://user@127.0.0.1:5432/name is needed")

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eboks.settings.dev")
    import django  # noqa: PLC0415 -- after the settings are named

    django.setup()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    importlib.import_module(f"benchmarks.{chosen.name}").run(chosen.size)


if __name__ == "__main__":
    main()

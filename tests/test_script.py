"""`./ebok` where it needs no environment: help, wrong verbs, a busy port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VERBS = ("run", "test", "check", "manage", "bench", "lock")


def ebok(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "ebok"), *arguments],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_every_verb() -> None:
    answer = ebok("help")

    assert answer.returncode == 0
    assert tuple(re.findall(r"^\./ebok (\w+)", answer.stdout, re.MULTILINE)) == VERBS


def test_unknown_verb_is_refused_with_the_help() -> None:
    answer = ebok("deploy")

    assert answer.returncode == 2
    assert "nie znam polecenia: deploy" in answer.stderr
    assert "./ebok run" in answer.stderr


def test_busy_port_is_told_at_once_in_two_languages() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        answer = ebok("run", EBOK_PORT=port)

    assert answer.returncode == 1
    assert f"port {port} jest zajęty" in answer.stderr
    assert f"port {port} is in use" in answer.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_odd_port_is_refused(port: str) -> None:
    answer = ebok("run", EBOK_PORT=port)

    assert answer.returncode == 1
    assert f"EBOK_PORT='{port}'" in answer.stderr


def test_machine_without_a_fitting_python_is_told_what_to_type() -> None:
    answer = ebok("run", EBOK_PYTHON="no-such-python")

    assert answer.returncode == 1
    assert "apt-get install python3" in answer.stderr


def test_lock_pins_every_package_by_hash_and_names_no_address() -> None:
    for name in ("run", "dev", "ci", "uv"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        pins = re.findall(
            r"^[\w.\[\]-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", text, re.MULTILINE
        )

        assert len(pins) == len(re.findall(r"^\w", text, re.MULTILINE)) > 0
        assert "://" not in text


def test_locks_are_nested_so_that_tests_run_what_production_runs() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([\w.\[\]-]+==[\w.+-]+)", text, re.MULTILINE))

    assert pins("run") < pins("dev") < pins("ci")

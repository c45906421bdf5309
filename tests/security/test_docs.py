"""docs/security.md names only what exists, and every security event that is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
# Names that reach `security_event` through a variable.
IN_VARIABLES = {
    *("password_link_started", "sessions_ended", "factor_added", "factor_removed"),
    *("instruction_executed", "instruction_refused", "instruction_awaits_second"),
    *("application_received", "application_completed", "application_scan_read"),
    *("application_representation_noted", "application_proposed", "application_asked_for_more"),
    *("application_accepted", "application_refused"),
    *("e_invoice_enabled", "e_invoice_disabled"),
}


def calls_of(name):
    for folder in ("eboks", "contracts", "invoicing"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                    yield node


def written_events():
    """Every text that stands as the name of an event, both branches of a choice included."""
    for call in calls_of("security_event"):
        if isinstance(call.args[0], ast.JoinedStr):
            continue  # instruction_…: in IN_VARIABLES
        for node in ast.walk(call.args[0]):
            if isinstance(node, ast.Constant):
                yield str(node.value)


def test_table_names_every_event_and_no_other():
    table = PAGE.partition("## Events")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert sorted(named) == sorted({*written_events(), *IN_VARIABLES})


def test_tests_that_are_named_exist():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    existing = set(re.findall(r"^def (test_\w+)", written, re.MULTILINE))

    assert named
    assert named - existing == set()


def test_files_and_settings_that_are_named_exist():
    files = re.findall(r"`((?:eboks|requirements)/[\w/.]*)`", PAGE)
    settings = (ROOT / "eboks" / "settings" / "base.py").read_text("utf-8")
    named = re.findall(r"`([A-Z][A-Z_]+)(?:…\w*)?`", PAGE)

    assert [name for name in files if not (ROOT / name).exists()] == []
    assert [name for name in named if name not in settings] == []

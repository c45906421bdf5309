"""Money and rates are Decimal from the column to the page; no float comes near them (REL-03)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / "eboks" / "money.py",
    *sorted((ROOT / "invoicing").rglob("*.py")),
    *sorted((ROOT / "contracts").rglob("*.py")),
]
# Seconds, points of a drawing, cells as Excel gives them: not money.
NO_MONEY = {"running.py", "pdf_batches.py", "new_invoices.py", "nightly.py"}
NO_MONEY |= {"cost_charts.py", "supplier_values.py"}


def floats(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, node.value
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_of_money_has_no_floats(path):
    if path.name not in NO_MONEY:
        assert list(floats(path)) == []


def test_no_column_is_a_float():
    columns = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
    ]
    assert columns == []

"""The first travel rules, for tests that run after one has emptied the table."""

from __future__ import annotations

import importlib
from pathlib import Path

from django.apps import apps

import requests_app.migrations


def first_rules() -> None:
    """Those of the data migration, whatever its number."""
    folder = Path(requests_app.migrations.__file__).parent
    (name,) = (path.stem for path in folder.glob("*_first_country_rules.py"))
    importlib.import_module(f"requests_app.migrations.{name}").add(apps, None)

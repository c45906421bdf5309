from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps

from eboks.feeds.importer import import_feeds
from eboks.feeds.runs import Outcome
from tests.feeds.feed_files import Feed

AT = dt.datetime(2026, 11, 21, 5, 30, tzinfo=dt.UTC)


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    """The sample, sealed."""
    return Feed(tmp_path / "feed-1")


@pytest.fixture
def load() -> Callable[..., list[Outcome]]:
    """Import feeds at a fixed moment."""

    def run(*feeds: Feed, dry_run: bool = False) -> list[Outcome]:
        directories = [feed.directory for feed in feeds]
        return import_feeds(directories=directories, now=lambda: AT, dry_run=dry_run)

    return run


@pytest.fixture
def stored() -> Callable[[], dict[str, int]]:
    """How many rows the tables of the domains hold, all of them."""

    def count() -> dict[str, int]:
        labels = ("accounts", "tenancy", "contracts", "invoicing", "insurance", "fleet")
        models = [model for label in labels for model in apps.get_app_config(label).get_models()]
        return {model._meta.label: model._default_manager.count() for model in models}

    return count

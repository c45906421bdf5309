"""/healthz and /readyz say one word; the reasons are for the operator."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from eboks import health
from eboks.feeds.models import FeedRun, FeedStatus

AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
Usage = namedtuple("Usage", "total used free")


def names(at: dt.datetime = AT) -> list[tuple[str, bool]]:
    return [(finding.name, finding.fatal) for finding in health.findings(at=at)]


@pytest.fixture
def with_broker(settings: Any) -> None:
    settings.REDIS_URL = settings.REDIS_URL or "redis://127.0.0.1:1/0"


def applied_feed(finished_at: dt.datetime) -> None:
    FeedRun.objects.create(
        lessor_code="demo",
        source_system="core",
        sequence=1,
        business_date=finished_at.date(),
        manifest_sha256="0" * 64,
        status=FeedStatus.APPLIED,
        started_at=finished_at,
        finished_at=finished_at,
    )


def broken(*_: object, **__: object) -> None:
    raise OperationalError("password of the database")


def test_process_answers_to_any_host_without_the_database() -> None:
    answer = Client(headers={"host": "10.0.0.7"}).get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )


@pytest.mark.django_db
def test_portal_is_ready(settings: Any) -> None:
    settings.REDIS_URL = ""

    answer = Client(headers={"host": "10.0.0.7"}).get("/readyz")

    assert (answer.status_code, answer.content) == (200, b"ready\n")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.django_db
def test_broken_database_is_fatal_and_the_reason_is_kept_from_strangers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(connections["default"]), "cursor", broken)
        answer = Client().get("/readyz")

    assert (answer.status_code, answer.content) == (503, b"not ready\n")


@pytest.mark.django_db
def test_missing_migration_is_fatal_until_it_has_run(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = ""
    health._migrated_once.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["a migration"])
        assert names() == [("migrations", True)]

    assert names() == []


@pytest.mark.django_db
def test_full_disk_is_fatal(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = ""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100, 0))

    assert names() == [("disk", True)]


@pytest.mark.django_db
def test_missing_data_directory_is_fatal(settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = ""
    settings.DATA_DIR = tmp_path / "gone"

    assert names() == [("disk", True)]


@pytest.mark.django_db
@pytest.mark.usefixtures("with_broker")
def test_queue_is_judged_by_its_last_heartbeat() -> None:
    assert names() == [("queue", False)]

    cache.set(health.HEARTBEAT, AT - dt.timedelta(minutes=5))
    assert names() == []

    cache.set(health.HEARTBEAT, AT - dt.timedelta(minutes=6))
    assert names() == [("queue", False)]


@pytest.mark.django_db
@pytest.mark.usefixtures("with_broker")
def test_worker_notes_the_heartbeat() -> None:
    health.heartbeat()

    assert cache.get(health.HEARTBEAT) is not None


@pytest.mark.django_db
def test_broker_that_is_away_degrades_but_serves(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert names() == [("redis", False)]
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"degraded\n")


@pytest.mark.django_db
def test_old_data_degrades(settings: Any) -> None:
    settings.REDIS_URL = ""
    applied_feed(AT - dt.timedelta(hours=27))

    assert names() == [("feed", False)]
    assert names(AT - dt.timedelta(hours=1)) == []


@pytest.mark.django_db
def test_command_tells_the_operator_why(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.REDIS_URL = ""
    call_command("readiness")
    assert capsys.readouterr().out == "ready\n"

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100, 0))
    with pytest.raises(CommandError, match="not ready"):
        call_command("readiness")
    assert capsys.readouterr().out.startswith("fatal: disk: ")

"""Feeds follow each other: twice, late, early, in any order, two at once, cut in the middle."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import models

from eboks.feeds import importer
from eboks.feeds.locking import AlreadyRunningError, only_import
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.feeds.registry import registry
from eboks.portal.demo.portfolio import make_portfolio
from eboks.tenancy.models import Company
from invoicing.models import Allocation, Balance, Invoice, Payment, ReceivableItem, SetOff
from tests.factories import LessorFactory
from tests.feeds.conftest import AT
from tests.feeds.feed_files import Feed

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def four_feeds(tmp_path_factory) -> list[Path]:
    """A small portfolio as four days."""
    import datetime as dt

    days = [dt.date(2026, 11, day) for day in (10, 13, 17, 20)]
    out = tmp_path_factory.mktemp("portfolio") / "feeds"
    return make_portfolio(out=out, contracts=12, seed=7, business_dates=days)


def _import(*directories: Path) -> list[FeedStatus]:
    outcomes = importer.import_feeds(directories=list(directories), now=lambda: AT)
    return [outcome.status for outcome in outcomes]


def _rows(model: type[models.Model], *fields: str) -> list[tuple[object, ...]]:
    return sorted(model._default_manager.values_list(*fields), key=str)


def _state() -> list[object]:
    """Everything that the feeds say, by their own keys."""
    return [
        _rows(Company, "source_id", "name", "as_of"),
        _rows(Invoice, "source_id", "gross", "corrects__source_id"),
        _rows(ReceivableItem, "source_id", "gross", "open_amount", "effective_due_on"),
        _rows(Payment, "source_id", "amount", "unallocated_amount", "contract__source_id"),
        _rows(Allocation, "payment__source_id", "item__source_id", "amount", "rule"),
        _rows(SetOff, "credit_item__source_id", "debit_payment__source_id", "amount"),
        _rows(Balance, "contract__source_id", "as_of", "open_amount", "overpaid_amount"),
    ]


@pytest.fixture(scope="module")
def expected_state(four_feeds, django_db_setup, django_db_blocker) -> list[object]:
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        assert _import(*four_feeds) == [FeedStatus.APPLIED] * 4
        state = _state()
        transaction.set_rollback(True)
    return state


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_feeds_one_by_one_in_any_order_end_the_same(four_feeds, expected_state, order):
    for place in order:
        _import(four_feeds[place])

    applied = FeedRun.objects.filter(status=FeedStatus.APPLIED).order_by("pk")
    assert [run.sequence for run in applied] == [1, 2, 3, 4]
    assert _state() == expected_state


def test_feeds_on_one_command_line_in_any_order_end_the_same(four_feeds, expected_state):
    assert _import(*reversed(four_feeds)) == [FeedStatus.APPLIED] * 4

    assert _state() == expected_state


def test_gap_waits_and_is_closed_by_the_missing_feed(four_feeds):
    assert _import(four_feeds[1]) == [FeedStatus.WAITING]
    assert not Company.objects.exists()

    assert _import(four_feeds[0]) == [FeedStatus.APPLIED, FeedStatus.APPLIED]


def test_waiting_feed_whose_directory_changed_is_left_alone(feed, load, tmp_path):
    second = Feed(tmp_path / "feed-2").keep(companies=[2]).seal(sequence=2)
    load(second)
    second.change("companies", 2, city="Ostrów")

    assert [one.status for one in load(feed)] == [FeedStatus.APPLIED]


def test_older_feed_after_a_newer_one_is_refused(four_feeds, tmp_path):
    _import(four_feeds[0], four_feeds[1])
    before = _state()
    other = Feed(tmp_path / "other", source=four_feeds[0])
    other.seal(created_at="2026-11-11T08:00:00+00:00")

    assert _import(other.directory) == [FeedStatus.REFUSED]
    assert _import(four_feeds[0]) == [FeedStatus.UNCHANGED]
    assert _state() == before


def test_business_date_cannot_go_back(four_feeds, tmp_path):
    _import(four_feeds[0])
    other = Feed(tmp_path / "other", source=four_feeds[1]).seal(business_date="2026-11-09")

    assert _import(other.directory) == [FeedStatus.REFUSED]


def test_two_lessors_together_are_refused(feed, load, tmp_path):
    other = Feed(tmp_path / "other").seal(lessor="obcy", sequence=2)

    outcomes = load(feed, other)

    assert [one.status for one in outcomes] == [FeedStatus.REFUSED] * 2
    assert not Company.objects.exists()


def test_feed_of_another_lessor_is_refused(feed, load):
    LessorFactory(code="nasz")

    (outcome,) = load(feed)

    assert outcome.status == FeedStatus.REFUSED
    assert "nasz" in outcome.message


def test_first_feed_must_bring_the_lessor(feed, load):
    (feed.directory / "lessor.json").unlink()

    (outcome,) = load(feed.seal())

    assert outcome.status == FeedStatus.REFUSED
    assert "lessor" in outcome.message


@pytest.mark.parametrize("step", [step.name for step in registry.steps])
def test_failure_in_any_step_leaves_nothing(feed, load, stored, monkeypatch, step):
    before = stored()
    broken = registry._steps[step]

    def fail(load):
        broken.run(load)
        raise ZeroDivisionError("power cut")

    monkeypatch.setitem(
        registry._steps,
        step,
        type(broken)(broken.name, broken.title, broken.order, fail, broken.fills),
    )
    with pytest.raises(ZeroDivisionError):
        load(feed)

    assert stored() == before
    monkeypatch.undo()
    assert load(feed)[0].status == FeedStatus.APPLIED


def test_run_left_open_by_a_crash_is_closed_by_the_next(feed, load):
    FeedRun.objects.create(
        lessor_code="przykladowy", source_system="core", status=FeedStatus.RUNNING, started_at=AT
    )

    load(feed)

    statuses = FeedRun.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [FeedStatus.REFUSED, FeedStatus.APPLIED]


_HOLD_LOCK = """
import django, sys
django.setup()
from eboks.feeds.locking import only_import
with only_import():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_import():
    """Another process that holds the import lock of this database."""
    import os

    from django.conf import settings
    from django.db import connection

    env = {**os.environ, "DATA_DIR": str(settings.DATA_DIR)}
    env["DJANGO_SETTINGS_MODULE"] = "eboks.settings.dev"
    if connection.vendor == "postgresql":
        url, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        env["DATABASE_URL"] = f"{url}/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD_LOCK],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def lock_is_free() -> bool:
    try:
        with only_import():
            return True
    except AlreadyRunningError:
        return False


def test_second_import_at_once_says_so(feed, load, other_import, capsys):
    with pytest.raises(AlreadyRunningError):
        load(feed)
    with pytest.raises(SystemExit) as stopped:
        call_command("import_feed", str(feed.directory))

    assert stopped.value.code == 4
    assert "już trwa" in capsys.readouterr().err
    other_import.kill()
    other_import.wait()
    # PostgreSQL ends the session when it reads that the other side has gone: soon, not at once.
    gives_up = time.monotonic() + 60
    while not lock_is_free() and time.monotonic() < gives_up:
        time.sleep(0.05)
    assert load(feed)[0].status == FeedStatus.APPLIED  # the lock died with its holder


def test_lock_is_free_again_after_a_failure():
    with pytest.raises(ZeroDivisionError), only_import():
        raise ZeroDivisionError
    with only_import():
        pass

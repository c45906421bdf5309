"""Tasks inside the embedded portal: long work leaves room for the codes that somebody waits for."""

from __future__ import annotations

import threading

import pytest

from eboks.celery import app

SECONDS = 3  # far more than a busy machine needs, and never waited for in full


@pytest.fixture
def embedded(settings):
    settings.REDIS_URL = ""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    return settings


@pytest.fixture
def task_of():
    """`task_of(name, function)`: a task that is gone again after the test."""
    names = []

    def make(name, function):
        names.append(name)
        return app.task(name=name)(function)

    yield make
    for name in names:
        app.tasks.unregister(name)


def test_code_leaves_while_every_other_queue_is_busy(embedded, task_of):
    go_on, sent = threading.Event(), threading.Event()
    busy = {}
    for route in ("bulk", "exports"):
        busy[route] = threading.Event()

        def work(route=route):
            busy[route].set()
            go_on.wait(SECONDS)

        name = f"tests.{route}"
        embedded.CELERY_TASK_ROUTES = embedded.CELERY_TASK_ROUTES | {name: {"queue": route}}
        task = task_of(name, work)
        for _number in range(3):  # more than there are threads
            task.delay()
    try:
        assert all(started.wait(SECONDS) for started in busy.values())

        task_of("tests.code", sent.set).delay()

        assert sent.wait(SECONDS)
        assert not go_on.is_set()
    finally:
        go_on.set()

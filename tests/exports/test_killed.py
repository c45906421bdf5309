"""kill -9 in the middle of a file: the row says so, the next worker makes it whole."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
import warnings

import pytest
from django.db import connections
from django.utils import timezone

from eboks.documents.services import inspect_store
from eboks.exports import making, sweeping
from eboks.exports.models import ExportFile, ExportState
from tests.exports.conftest import AT, Clock, files, fresh, kind
from tests.factories import MembershipFactory

HALF = b"x" * 1_000_000


def in_child(act):
    """Runs `act` in a process of its own, with connections of its own; gives the process's id."""
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests, if any
        pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(1)
    return pid


@pytest.mark.django_db(transaction=True)
def test_killed_process_leaves_a_row_that_is_taken_up(media):
    reading, writing = os.pipe()

    def half(order):
        order.progress(0, 2)
        order.out.write(HALF)
        order.out.flush()
        order.progress(1, 2)
        os.write(writing, b"!")
        time.sleep(60)

    kind("proba", half)
    file = ExportFile.objects.create(
        owner=MembershipFactory().user, kind="proba", title="x", ordered_at=AT, expires_at=AT
    )
    pid = in_child(lambda: making.make(file_id=file.pk, now=Clock()))
    assert os.read(reading, 1) == b"!"

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reading)
    os.close(writing)

    left = fresh(file)
    assert (left.state, left.storage_name, left.attempts) == (ExportState.RUNNING, "", 1)
    [part] = files(media)
    assert part.suffix == ".part"
    later = AT + dt.timedelta(minutes=10)
    kind("proba")
    assert sweeping.sweep(at=later) == [file.pk]
    making.make(file_id=file.pk, now=Clock(later))
    made = fresh(file)
    assert (made.state, made.attempts) == (ExportState.READY, 2)
    assert (media / made.storage_name).stat().st_size == made.size

    soon = timezone.now() + dt.timedelta(minutes=1)
    found = inspect_store(older_than=soon, delete_orphans=True)

    assert len(found.orphans) == 1
    assert len(files(media)) == 1

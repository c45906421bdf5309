"""A run that is broken off goes on; one contract that cannot be done stops no other (FI-17)."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts import repricing_batches
from contracts.models import RateChange, ScheduleVersion
from contracts.repricing import _known, reprice_due
from contracts.repricing_batches import Batches
from eboks.jobs import leases
from eboks.jobs.models import JobFailure, JobRun
from tests.contracts.reset_rows import AT, ON, fix, floating

pytestmark = pytest.mark.django_db


def run(at=AT, **options):
    return reprice_due(on=ON, at=at, **options)


@pytest.fixture
def five(monkeypatch):
    """Five contracts in batches of two."""
    monkeypatch.setattr(repricing_batches, "BATCH", 2)
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    return [floating() for _n in range(5)]


@pytest.mark.parametrize("where", ["before", "after"])
def test_run_that_is_broken_off_is_taken_up(five, monkeypatch, where):
    write, calls = Batches._write, []

    def breaks(self, plan):
        calls.append(plan)
        if where == "before" and len(calls) == 2:
            raise KeyboardInterrupt
        written = write(self, plan)
        if where == "after" and len(calls) == 2:
            raise KeyboardInterrupt
        return written

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "_write", breaks)
        with pytest.raises(KeyboardInterrupt):
            run()
    done = RateChange.objects.count()
    assert done == (2 if where == "before" else 4)

    assert run().outcomes == {"changed": 5 - done}
    assert RateChange.objects.count() == 5
    assert ScheduleVersion.objects.count() == 10


def test_silent_holder_loses_the_run_after_its_lease(five):
    leases.take(job="reprice", business_on=ON, shard=_known(), at=AT)

    with pytest.raises(leases.AlreadyRunningError):
        run()
    assert run(at=AT + dt.timedelta(minutes=6)).outcomes == {"changed": 5}
    assert JobRun.objects.get(job="reprice").attempts == 2


def test_contract_that_cannot_be_done_stops_no_other(five):
    bad = five[0]
    bad.fixing_rule = "co łaska"
    bad.save()

    report = run()

    assert report.outcomes == {"changed": 4}
    assert report.failed == [f"{bad.number}: nieznana reguła ustalania stopy: „co łaska”"]
    assert JobFailure.objects.get().object_ref == bad.number


def test_third_failure_sets_the_contract_aside_until_asked_again(five):
    bad = five[0]
    bad.fixing_rule = "co łaska"
    bad.save()
    for day in range(3):
        reprice_due(on=ON + dt.timedelta(days=day), at=AT)

    report = reprice_due(on=ON + dt.timedelta(days=3), at=AT)
    assert (report.failed, report.set_aside) == ([], 1)

    bad.fixing_rule = ""
    bad.save()
    again = reprice_due(on=ON + dt.timedelta(days=3), at=AT, again=True)
    assert again.outcomes == {"changed": 1}

"""Two exports at a time and ten an hour for each person, whoever asks at once (SEC-57)."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections

from eboks.exports import limits, making, services
from eboks.exports.models import ExportFile, ExportState, ExportUse
from eboks.settings import base
from tests.exports.conftest import AT, Clock, kind
from tests.factories import MembershipFactory

HOUR = dt.timedelta(hours=1)


def order(member, n=0, at=AT):
    params = {"n": str(n)}
    values = {"company": member.company, "title": "Próba", "at": at}
    return services.order(user=member.user, kind="proba", params=params, **values)


def test_limits_are_those_of_the_promise():
    assert (base.EXPORTS_PER_HOUR, base.EXPORTS_AT_A_TIME, base.EXPORT_DAYS) == (10, 2, 7)


@pytest.mark.django_db
def test_eleventh_order_of_an_hour_is_refused():
    kind("proba")
    member = MembershipFactory()
    for n in range(10):
        order(member, n, at=AT + dt.timedelta(minutes=n))

    with pytest.raises(limits.LimitError) as refused:
        order(member, 10, at=AT + dt.timedelta(minutes=30))

    assert refused.value.retry_after == 30 * 60 + 1
    order(MembershipFactory(), 0)  # somebody else's limit is theirs
    order(member, 11, at=AT + HOUR + dt.timedelta(seconds=1))


@pytest.mark.django_db
def test_deleting_files_gives_no_orders_back():
    kind("proba")
    member = MembershipFactory()
    for n in range(10):
        services.delete(file=order(member, n))

    with pytest.raises(limits.LimitError):
        order(member, 10)


@pytest.mark.django_db
def test_same_order_while_it_waits_is_the_same_file():
    kind("proba")
    member = MembershipFactory()

    first, second = order(member), order(member)

    assert first == second
    assert ExportUse.objects.count() == 1
    making.make(file_id=first.pk, now=Clock())
    assert order(member) != first


@pytest.mark.django_db
def test_third_answer_at_a_time_is_refused_until_one_ends():
    user = MembershipFactory().user
    first = limits.begin(owner=user, kind="x", at=AT)
    limits.begin(owner=user, kind="x", at=AT)

    with pytest.raises(limits.LimitError) as refused:
        limits.begin(owner=user, kind="x", at=AT)

    assert 0 < refused.value.retry_after < 60
    limits.let_go(first)
    limits.begin(owner=user, kind="x", at=AT)


@pytest.mark.django_db
def test_place_of_a_process_that_died_goes_free():
    user = MembershipFactory().user
    for _time in range(2):
        limits.begin(owner=user, kind="x", at=AT)

    limits.begin(owner=user, kind="x", at=AT + dt.timedelta(minutes=11))


@pytest.mark.django_db
def test_old_uses_are_forgotten():
    user = MembershipFactory().user
    limits.begin(owner=user, kind="x", at=AT)

    assert limits.forget_old(at=AT + HOUR) == 0
    assert limits.forget_old(at=AT + dt.timedelta(days=2)) == 1


def at_once(count, act):
    """Calls `act(n)` in threads that start together; what each gave or raised."""
    start = threading.Barrier(count)
    found: list[Any] = [None] * count

    def run(n):
        try:
            start.wait()
            found[n] = act(n)
        except limits.LimitError as error:
            found[n] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_six_answers_at_once_get_two_places():
    user = MembershipFactory().user

    found = at_once(6, lambda n: limits.begin(owner=user, kind="x", at=AT))

    assert sum(isinstance(one, ExportUse) for one in found) == 2


@pytest.mark.django_db(transaction=True)
def test_orders_at_once_stay_within_the_hour(settings):
    settings.EXPORTS_PER_HOUR = 3
    kind("proba")
    member = MembershipFactory()

    found = at_once(6, lambda n: order(member, n))

    assert sum(isinstance(one, ExportFile) for one in found) == 3


@pytest.mark.django_db(transaction=True)
def test_one_file_claimed_at_once_is_made_by_one(settings):
    runs = []

    def build(order):
        runs.append(threading.get_ident())
        order.file_name = "x.txt"

    kind("proba", build)
    file = ExportFile.objects.create(
        owner=MembershipFactory().user,
        kind="proba",
        title="x",
        ordered_at=AT,
        expires_at=AT + HOUR,
    )

    at_once(4, lambda n: making.make(file_id=file.pk, now=Clock()))

    assert len(runs) == 1
    assert ExportFile.objects.get().state == ExportState.READY


@pytest.mark.django_db(transaction=True)
def test_files_claimed_at_once_are_two_at_a_time():
    """Each waits inside for the others: more than two would meet there."""
    member = MembershipFactory()
    inside, most, guard = [0], [0], threading.Lock()
    gone = threading.Event()

    def build(order):
        order.file_name = "x.txt"
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        gone.wait(0.5)
        with guard:
            inside[0] -= 1

    kind("proba", build)
    made = [
        ExportFile.objects.create(
            owner=member.user, kind="proba", title="x", ordered_at=AT, expires_at=AT + HOUR
        )
        for _n in range(4)
    ]

    at_once(4, lambda n: making.make(file_id=made[n].pk, now=Clock()))

    assert most[0] <= 2

"""An ordered file is made once, survives its worker, and never tries for ever."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from eboks.documents import storage
from eboks.documents.services import inspect_store
from eboks.exports import making, services, sweeping
from eboks.exports.models import ExportFile, ExportState
from eboks.exports.registry import ExportError
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.exports.conftest import AT, Clock, files, fresh, kind
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


class Died(BaseException):
    """The worker is killed: nothing of its own runs any more."""


@pytest.fixture
def member():
    return MembershipFactory(company__name="TRANS-ŻUK")


def order(member, name="proba", **more):
    values = {"company": member.company, "params": {"a": "1"}, "title": "Próba", "at": AT}
    return services.order(user=member.user, kind=name, **(values | more))


def test_file_is_made_stored_and_told_about(member, media):
    kind("proba")
    file = order(member)

    assert making.make(file_id=file.pk, now=Clock()) == []

    made = fresh(file)
    assert (made.state, made.attempts, made.done, made.total) == (ExportState.READY, 1, 2, 2)
    assert made.reach == {str(member.company_id): None}
    with storage.open_file(made.storage_name) as stored:
        assert stored.read() == "TRANS-ŻUK".encode()
    assert (made.size, made.file_name, made.content_type) == (10, "plik.txt", "text/plain")
    assert made.expires_at == AT + dt.timedelta(days=7)
    notice = OutgoingMessage.objects.get(user=member.user)
    assert (notice.kind, notice.url) == ("export_ready", "/moje-pliki/")
    assert len(files(media)) == 1


def test_make_twice_makes_once(member, media):
    runs = []

    def build(order):
        runs.append(1)
        order.out.write(b"x")

    kind("proba", build)
    file = order(member)

    making.make(file_id=file.pk, now=Clock())
    making.make(file_id=file.pk, now=Clock())

    assert (runs, len(files(media)), OutgoingMessage.objects.count()) == ([1], 1, 1)


def test_killed_worker_is_followed_by_another(member, media):
    clock = Clock()

    def killed(order):
        order.progress(1, 5)
        raise Died

    kind("proba", killed)
    file = order(member)
    with pytest.raises(Died):
        making.make(file_id=file.pk, now=clock)
    assert (fresh(file).state, fresh(file).done, files(media)) == (ExportState.RUNNING, 1, [])

    assert sweeping.sweep(at=clock.wait(minutes=1)) == []  # it may still be alive
    kind("proba")
    assert sweeping.sweep(at=clock.wait(minutes=5)) == [file.pk]
    making.make(file_id=file.pk, now=clock)

    made = fresh(file)
    assert (made.state, made.attempts, made.token) == (ExportState.READY, 2, 2)


def test_worker_that_slept_through_its_lease_leaves_nothing(member, media):
    clock = Clock()
    slow = []

    def sleeps(order):
        order.file_name = "x.txt"
        if not slow:
            slow.append(1)
            clock.wait(minutes=10)
            making.make(file_id=file.pk, now=clock)  # somebody else takes it and finishes
        order.out.write(b"late" if len(slow) == 1 else b"")
        slow.append(1)
        order.progress(1, 1)

    kind("proba", sleeps)
    file = order(member)

    making.make(file_id=file.pk, now=clock)

    made = fresh(file)
    assert (made.state, made.token, made.attempts) == (ExportState.READY, 2, 2)
    assert [path.parent.name + "/" + path.name for path in files(media)] == [made.storage_name]


def test_worker_killed_three_times_ends_as_failed(member):
    clock = Clock()

    def killed(order):
        raise Died

    kind("proba", killed)
    file = order(member)
    for _try in range(3):
        assert sweeping.sweep(at=clock.wait(minutes=10)) == [file.pk]
        with pytest.raises(Died):
            making.make(file_id=file.pk, now=clock)

    assert sweeping.sweep(at=clock.wait(minutes=10)) == []

    assert (fresh(file).state, fresh(file).error) == (ExportState.FAILED, making.given_up())
    assert OutgoingMessage.objects.get(user=member.user).kind == "export_failed"
    assert making.make(file_id=file.pk, now=clock) == []
    assert fresh(file).attempts == 3


def test_error_of_ours_is_tried_three_times(member, media, caplog):
    clock = Clock()

    def broken(order):
        raise RuntimeError("disk")

    kind("proba", broken)
    file = order(member)
    making.make(file_id=file.pk, now=clock)
    assert (fresh(file).state, fresh(file).error) == (ExportState.QUEUED, "")
    assert sweeping.sweep(at=clock.at) == []  # after a pause
    for _try in range(2):
        assert sweeping.sweep(at=clock.wait(minutes=2)) == [file.pk]
        making.make(file_id=file.pk, now=clock)

    assert (fresh(file).state, fresh(file).error) == (ExportState.FAILED, making.given_up())
    assert files(media) == []


def test_error_for_people_ends_it_at_once(member):
    def refused(order):
        raise ExportError("Zawęź wybór.")

    kind("proba", refused)
    file = order(member)

    making.make(file_id=file.pk, now=Clock())

    assert (fresh(file).state, fresh(file).error) == (ExportState.FAILED, "Zawęź wybór.")


def test_right_lost_before_the_work_gives_nothing(member, media):
    kind("proba")
    file = order(member)
    Membership.objects.update(role=Role.FLEET)

    making.make(file_id=file.pk, now=Clock())

    assert fresh(file).state == ExportState.FAILED
    assert "dostępu" in fresh(file).error
    assert files(media) == []


def test_rights_that_move_during_the_work_make_it_start_anew(member, caplog):
    def narrowed(order):
        order.file_name = "x.txt"
        Membership.objects.update(role=Role.FINANCE, is_limited=True)

    kind("proba", narrowed)
    file = order(member)

    making.make(file_id=file.pk, now=Clock())

    assert fresh(file).state == ExportState.QUEUED


def test_deleted_while_it_is_made_leaves_no_file(member, media):
    def goes_on(order):
        ExportFile.objects.all().delete()
        order.progress(1, 1)

    kind("proba", goes_on)
    file = order(member)

    making.make(file_id=file.pk, now=Clock())

    assert files(media) == []
    assert not ExportFile.objects.exists()


def test_progress_is_written_now_and_then_and_prolongs_the_lease(member):
    clock, seen = Clock(), []

    def counts(order):
        order.progress(0, 100)
        for done in range(1, 101):
            clock.wait(seconds=0.5)
            order.progress(done)
            now = fresh(file)
            assert now.lease_until is not None
            seen.append((now.done, now.lease_until - clock.at))

    kind("proba", counts)
    file = order(member)

    making.make(file_id=file.pk, now=clock)

    assert {done for done, _left in seen} == set(range(0, 101, 4))
    assert min(left for _done, left in seen) > dt.timedelta(minutes=2, seconds=55)


def test_third_file_waits_for_one_of_two_places(member):
    kind("proba")
    orders = [order(member, params={"n": str(n)}) for n in range(3)]
    running = {"state": ExportState.RUNNING, "lease_until": AT + making.LEASE}
    ExportFile.objects.filter(pk__in=[orders[0].pk, orders[1].pk]).update(**running)

    assert making.make(file_id=orders[2].pk, now=Clock()) == []
    assert fresh(orders[2]).state == ExportState.QUEUED

    ExportFile.objects.filter(pk=orders[0].pk).update(state=ExportState.READY)
    making.make(file_id=orders[2].pk, now=Clock())
    assert fresh(orders[2]).state == ExportState.READY


def test_end_of_one_gives_the_place_to_the_next(member):
    kind("proba")
    first, second = (order(member, params={"n": str(n)}) for n in range(2))

    assert making.make(file_id=first.pk, now=Clock()) == [second.pk]


def test_queue_that_was_lost_is_found_by_the_sweeper(member):
    kind("proba")
    file = order(member)

    assert sweeping.sweep(at=AT) == []
    assert sweeping.sweep(at=AT + dt.timedelta(minutes=1)) == [file.pk]


def test_file_of_seven_days_ago_is_removed_and_can_be_ordered_again(member, media):
    kind("proba")
    file = order(member)
    making.make(file_id=file.pk, now=Clock())

    assert sweeping.purge(at=AT + dt.timedelta(days=6, hours=23)) == 0
    assert sweeping.purge(at=AT + dt.timedelta(days=7)) == 1
    assert sweeping.purge(at=AT + dt.timedelta(days=7)) == 0

    gone = fresh(file)
    assert (gone.state, gone.storage_name, files(media)) == (ExportState.EXPIRED, "", [])
    again = services.order_again(file=gone, at=AT + dt.timedelta(days=8))
    assert (again.pk != gone.pk, again.params) == (True, gone.params)
    sweeping.purge(at=AT + dt.timedelta(days=40))
    assert list(ExportFile.objects.values_list("pk", flat=True)) == [again.pk]


def test_stored_file_is_no_orphan(member, media):
    kind("proba")
    file = order(member)
    making.make(file_id=file.pk, now=Clock())
    storage.write(b"left over")
    later = timezone.now() + dt.timedelta(minutes=1)

    found = inspect_store(older_than=later)

    assert len(found.orphans) == 1
    assert fresh(file).storage_name not in found.orphans

"""The night: its duties in order, once a business date, missed days in order, failures apart."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Permission

from eboks.audit.models import AuditEntry
from eboks.jobs import nights
from eboks.jobs.leases import LEASE
from eboks.jobs.models import JobFailure, JobRun, JobState
from eboks.jobs.nights import Result
from eboks.notifications.models import OutgoingMessage
from tests.factories import UserFactory
from tests.jobs.conftest import warsaw

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 22)
ONE = dt.timedelta(days=1)
NIGHT = warsaw(DAY, 4, 15)
FIVE_MINUTES = dt.timedelta(minutes=5)


def run_due(at):
    return [
        (outcome.duty.name, outcome.on, outcome.result)
        for outcome in nights.run_due(now=lambda: at)
    ]


def done(job, day=DAY):
    JobRun.objects.create(
        job=job,
        business_on=day,
        state=JobState.DONE,
        started_at=NIGHT,
        beat_at=NIGHT,
        lease_until=NIGHT,
    )


def test_duties_run_in_their_order_once_a_day(duties):
    seen = []
    duties("b", lambda night: seen.append(("b", night.on)), order=20)
    duties("a", lambda night: seen.append(("a", night.on)), order=10)

    first = run_due(NIGHT)
    again = run_due(NIGHT + FIVE_MINUTES)

    assert first == [("a", DAY, Result.DONE), ("b", DAY, Result.DONE)]
    assert again == []
    assert seen == [("a", DAY), ("b", DAY)]
    assert set(JobRun.objects.values_list("job", "state")) == {("a", "done"), ("b", "done")}


def test_report_is_kept_and_named(duties):
    duties("a", lambda night: {"n": 7, "other": 1}, labels={"n": "umów"})

    run_due(NIGHT)

    assert JobRun.objects.get().report == {"n": 7, "other": 1}
    assert nights.labelled("a", {"n": 7, "other": 1}) == [("umów", 7), ("other", 1)]
    assert nights.title_of("a") == "Praca a"
    assert nights.title_of("gone") == "gone"


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (NIGHT, DAY),
        (NIGHT - dt.timedelta(minutes=1), DAY - ONE),
        (warsaw(DAY, 23, 59), DAY),
        (warsaw(DAY, 0), DAY - ONE),
    ],
)
def test_night_of_a_day_begins_at_a_quarter_past_four(at, due):
    assert nights.due_day(at) == due


def test_new_duty_waits_for_its_first_night(duties):
    duties("a")

    assert run_due(NIGHT - dt.timedelta(hours=1)) == []
    assert run_due(NIGHT + dt.timedelta(hours=7)) == [("a", DAY, Result.DONE)]


def test_missed_nights_are_caught_up_in_order(duties):
    seen = []
    duties("a", lambda night: seen.append(("a", night.on)), order=0)
    duties("b", lambda night: seen.append(("b", night.on)), order=1)
    duties("newest", lambda night: seen.append(("newest", night.on)), order=2, catch_up=False)
    for job in ("a", "b", "newest"):
        done(job, DAY - 3 * ONE)

    run_due(NIGHT)

    assert seen == [
        *(("a", DAY - 2 * ONE), ("b", DAY - 2 * ONE)),
        *(("a", DAY - ONE), ("b", DAY - ONE)),
        *(("a", DAY), ("b", DAY), ("newest", DAY)),
    ]


def test_long_gap_is_caught_up_no_further_than_forty_days(duties):
    seen = []
    duties("a", lambda night: seen.append(night.on))
    done("a", DAY - 60 * ONE)

    run_due(NIGHT)

    # The old run is beyond the horizon, so the duty counts as new.
    assert seen == [DAY]
    seen.clear()
    run_due(NIGHT + 40 * ONE)
    assert seen == [DAY + n * ONE for n in range(1, 41)]


def test_failing_duty_stops_no_other_and_its_later_days_wait(duties):
    def broken(night):
        raise ValueError(f"zły dzień {night.on}")

    duties("broken", broken, order=0)
    duties("fine", order=1)
    done("broken", DAY - 2 * ONE)
    done("fine", DAY - 2 * ONE)

    assert run_due(NIGHT) == [
        ("broken", DAY - ONE, Result.FAILED),
        ("fine", DAY - ONE, Result.DONE),
        ("fine", DAY, Result.DONE),
    ]
    run = JobRun.objects.get(job="broken", business_on=DAY - ONE)
    assert (run.state, run.error) == (JobState.FAILED, f"ValueError: zły dzień {DAY - ONE}")


def test_failing_day_is_set_aside_after_three_tries_and_the_next_one_goes_on(duties, settings):
    settings.OPERATOR_EMAIL = "operator@example.com"

    def broken(night):
        if night.on == DAY - ONE:
            raise ValueError("zły dzień")

    duties("a", broken)
    done("a", DAY - 2 * ONE)

    results = [run_due(NIGHT + n * FIVE_MINUTES) for n in range(5)]

    failed = [("a", DAY - ONE, Result.FAILED)]
    aside = [("a", DAY - ONE, Result.SET_ASIDE), ("a", DAY, Result.DONE)]
    assert results == [failed, failed, aside, [], []]
    failure = JobFailure.objects.get()
    assert (failure.job, failure.object_ref) == ("a", (DAY - ONE).isoformat())
    assert (failure.tries, failure.is_set_aside) == (3, True)
    assert failure.reason == "ValueError: zły dzień"
    mails = OutgoingMessage.objects.order_by("pk")
    assert [(mail.address, mail.facts["is_aside"]) for mail in mails] == [
        ("operator@example.com", False),
        ("operator@example.com", True),
    ]


def test_operator_is_told_in_words(
    duties, settings, mailoutbox, django_capture_on_commit_callbacks
):
    settings.OPERATOR_EMAIL = "operator@example.com"
    duties("a", lambda night: 1 / 0)

    with django_capture_on_commit_callbacks(execute=True):
        run_due(NIGHT)

    [mail] = mailoutbox
    assert mail.subject == "Praca nocna nie udała się: Praca a, 2026-11-22"
    assert "ZeroDivisionError: division by zero" in mail.body
    assert "spróbuje jeszcze raz" in mail.body


def test_day_that_was_set_aside_is_tried_again_when_somebody_says_so(duties):
    broken = [True]

    def run(night):
        if broken:
            raise ValueError

    duties("a", run)
    for n in range(4):
        run_due(NIGHT + n * FIVE_MINUTES)
    broken.clear()
    assert run_due(NIGHT + 5 * FIVE_MINUTES) == []
    staff = UserFactory(is_staff=True)

    nights.try_again(failure_id=JobFailure.objects.get().pk, staff=staff, at=NIGHT)

    assert run_due(NIGHT + 6 * FIVE_MINUTES) == [("a", DAY, Result.DONE)]
    assert not JobFailure.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.object_ref) == ("staff_retried_job", f"a {DAY}")


def test_silent_run_is_continued_by_the_sweeper(duties):
    from eboks.jobs import leases

    seen = []
    duties("a", lambda night: seen.append(night.lease.position))
    leases.take(job="a", business_on=DAY, at=NIGHT).beat(at=NIGHT, position="40")

    too_early = run_due(NIGHT + LEASE - dt.timedelta(seconds=1))
    results = run_due(NIGHT + dt.timedelta(minutes=5))

    assert too_early == [("a", DAY, Result.RUNNING)]
    assert results == [("a", DAY, Result.DONE)]
    assert seen == ["40"]


def test_run_that_vanishes_again_and_again_is_set_aside(duties):
    from eboks.jobs import leases

    duties("a")
    at = NIGHT
    for _n in range(nights.SILENT_DEATHS):
        leases.take(job="a", business_on=DAY, at=at)
        at += 2 * LEASE

    assert run_due(at) == [("a", DAY, Result.SET_ASIDE)]
    assert run_due(at + FIVE_MINUTES) == []
    assert "znikał bez śladu" in JobFailure.objects.get().reason


def test_second_one_says_that_it_is_running(duties, caplog):
    def run(night):
        [second] = nights.run_due(now=lambda: NIGHT)
        assert second.result == Result.RUNNING

    duties("a", run)

    with caplog.at_level("INFO"):
        assert run_due(NIGHT) == [("a", DAY, Result.DONE)]

    assert "już działa" in caplog.text
    assert JobRun.objects.count() == 1


def test_holder_that_lost_the_run_finishes_nothing(duties):
    def run(night):
        JobRun.objects.update(token=2)  # somebody took it meanwhile

    duties("a", run)

    assert run_due(NIGHT) == [("a", DAY, Result.RUNNING)]
    assert JobRun.objects.get().state == JobState.RUNNING
    assert not JobFailure.objects.exists()


def test_by_hand_again_makes_a_run_beside_the_one_that_stays(duties):
    seen = []
    duties("a", lambda night: seen.append(night.again))
    one = nights.duty("a")

    for _n in range(3):
        assert nights.by_hand(one, on=DAY, now=lambda: NIGHT).result == Result.DONE

    assert seen == [False, True, True]
    assert list(JobRun.objects.order_by("pk").values_list("shard", flat=True)) == ["", "2", "3"]
    assert run_due(NIGHT) == []


def test_sweep_with_nothing_to_do_asks_little(duties, django_assert_max_num_queries):
    for name in "abc":
        duties(name)
    run_due(NIGHT)

    with django_assert_max_num_queries(6):
        run_due(NIGHT + FIVE_MINUTES)


def test_staff_look_at_the_report_and_retry(duties, client_of):
    duties("a", lambda night: {"n": 7}, labels={"n": "umów"})
    run_due(NIGHT)
    failure = JobFailure.objects.create(
        job="a", object_ref="contract:3", reason="za dużo", first_at=NIGHT, last_at=NIGHT
    )
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(content_type__app_label="jobs"))
    office = client_of(viewer)

    page = office.get(f"/zaplecze/jobs/jobrun/{JobRun.objects.get().pk}/change/").content.decode()
    for text in ("Praca a", "umów", ">7<", "contract:3", "za dużo", "zakończona"):
        assert text in page
    answer = office.post(
        "/zaplecze/jobs/jobfailure/", {"action": "try_again", "_selected_action": [failure.pk]}
    )

    assert answer.status_code == 302
    assert not JobFailure.objects.exists()


def test_staff_without_the_right_cannot_retry(duties, client_of):
    failure = JobFailure.objects.create(
        job="a", object_ref="contract:3", reason="x", first_at=NIGHT, last_at=NIGHT
    )
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_job"))

    client_of(viewer).post(
        "/zaplecze/jobs/jobfailure/", {"action": "try_again", "_selected_action": [failure.pk]}
    )

    assert JobFailure.objects.exists()

"""A company always keeps an administrator, whoever removes whom at once (SEC-58)."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.utils import timezone

from eboks import clock
from eboks.accounts.models import User
from eboks.tenancy import people
from eboks.tenancy.mandates import Mandate
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.tenancy.conftest import administrator, days, invitation, url

ROUNDS = 12
_LOW = Mandate(role=Role.FINANCE)


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_last_administrator_cannot_leave(browser, admin, act):
    f.MembershipFactory(company=admin.company, role=Role.SIGNATORY)

    response = browser.post(url(f"person_{act}", admin), follow=True)

    assert "jedyny administrator" in response.text
    admin.refresh_from_db()
    assert (admin.is_active, admin.removed_at) == (True, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cells", [{"role": "finance"}, {"role": "read_only", "valid_to": "2030-01-01"}]
)
def test_last_administrator_cannot_step_down(browser, admin, cells):
    response = browser.post(url("person_edit", admin), invitation(**cells))

    assert "jedyny administrator" in response.text
    admin.refresh_from_db()
    assert admin.role == Role.OWNER


@pytest.mark.django_db
@pytest.mark.parametrize("days_on", [-1, 30])
def test_last_administrator_cannot_set_an_end(admin, days_on):
    end = clock.today() + days(days_on)
    mandate = Mandate(role=Role.OWNER, valid_to=end)

    with pytest.raises(people.PeopleError):
        people.change_person(
            membership_id=admin.pk,
            actor=admin.user,
            mandate=mandate,
            at=timezone.now(),
            reference="D-1",
        )


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["not in yet", "suspended", "expired", "frozen", "switched off"])
def test_who_cannot_log_in_is_no_other_administrator(admin, why):
    other = administrator(admin.company, phone="+48601234742")
    match why:
        case "not in yet":
            User.objects.filter(pk=other.user_id).update(activated_at=None, password="!x")
        case "suspended":
            type(other).objects.filter(pk=other.pk).update(is_active=False)
        case "expired":
            type(other).objects.filter(pk=other.pk).update(valid_to=clock.today() - days(1))
        case "frozen":
            User.objects.filter(pk=other.user_id).update(frozen_at=timezone.now())
        case _:
            User.objects.filter(pk=other.user_id).update(is_active=False)

    with pytest.raises(people.PeopleError):
        people.remove_person(membership_id=admin.pk, actor=admin.user, at=timezone.now())


@pytest.mark.django_db
def test_administrator_leaves_where_another_stays(browser, admin):
    administrator(admin.company, phone="+48601234742")

    response = browser.post(url("person_remove", admin))

    assert response.url == "/firma/"
    admin.refresh_from_db()
    assert not admin.is_active
    assert browser.get("/firma/osoby/").status_code == 403


@pytest.mark.django_db
def test_where_two_people_sign_two_stay(admin):
    Company.objects.filter(pk=admin.company_id).update(two_people_sign=True)
    other = administrator(admin.company, phone="+48601234742")

    with pytest.raises(people.PeopleError, match="dwie osoby"):
        people.suspend_person(membership_id=other.pk, actor=admin.user, at=timezone.now())


@pytest.mark.django_db
def test_removed_administrator_changes_nothing_any_more(admin):
    other = administrator(admin.company, phone="+48601234742")
    people.remove_person(membership_id=other.pk, actor=admin.user, at=timezone.now())

    with pytest.raises(PermissionDenied):
        people.remove_person(membership_id=admin.pk, actor=other.user, at=timezone.now())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [people.remove_person, people.suspend_person])
def test_of_two_who_remove_each_other_at_once_one_stays(act):
    """Threads, each with a connection of its own, on SQLite and PostgreSQL alike."""
    f.LessorFactory()
    for _round in range(ROUNDS):
        first = administrator()
        second = administrator(first.company, phone="+48601234742")
        ends = _at_once(
            lambda one=first, two=second: _try(act, actor=one.user, target=two),
            lambda one=first, two=second: _try(act, actor=two.user, target=one),
        )

        assert people.administrators(first.company).count() == 1
        assert sorted(ends) == ["done", "refused"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_who_step_down_at_once_one_stays():
    f.LessorFactory()
    for _round in range(ROUNDS):
        first = administrator()
        second = administrator(first.company, phone="+48601234742")
        ends = _at_once(
            lambda one=first: _try(people.change_person, actor=one.user, target=one, mandate=_LOW),
            lambda one=second: _try(people.change_person, actor=one.user, target=one, mandate=_LOW),
        )

        assert people.administrators(first.company).count() == 1
        assert sorted(ends) == ["done", "refused"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_same_person_invited_at_once_is_one_person():
    f.LessorFactory()
    first = administrator()
    second = administrator(first.company, phone="+48601234742")
    invitee = people.Invitee("Ewa", "Nowak", "ewa.nowak@example.com", "+48601234567")

    def invite(actor):
        try:
            people.invite_person(
                company=Company.objects.get(pk=first.company_id),
                actor=actor,
                invitee=invitee,
                mandate=_LOW,
                at=timezone.now(),
            )
        except people.PeopleError:
            return "refused"
        return "done"

    works = [lambda who=one.user: invite(who) for one in (first, second) for _time in range(4)]
    ends = _at_once(*works)

    assert sorted(ends) == ["done"] + ["refused"] * 7
    user = User.objects.get(email="ewa.nowak@example.com")
    assert user.memberships.count() == 1
    assert user.invitations.count() == 1


def _try(act, *, actor, target, **more):
    try:
        act(membership_id=target.pk, actor=actor, at=timezone.now(), **more)
    except (people.PeopleError, PermissionDenied):
        return "refused"
    return "done"


def _at_once(*works):
    gate, ends = threading.Barrier(len(works)), []

    def run(work):
        try:
            gate.wait()
            ends.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends

"""What people did in the portal outlives the next feed, and cannot make it refused."""

from __future__ import annotations

import datetime as dt

import pytest

from eboks.accounts.models import User
from eboks.feeds.models import FeedStatus
from eboks.tenancy.models import Company, CompanyChange, Membership
from eboks.tenancy.rights import Role
from tests.factories import MembershipFactory, UserFactory
from tests.feeds.conftest import AT

pytestmark = pytest.mark.django_db

OWNER, OWNER_EMAIL, OWNER_PHONE = "100001", "jadwiga.zuk@trans-zuk.example", "+48000000101"


@pytest.fixture
def following(feed, tmp_path):
    """The next feed, with some kinds of the first one again."""

    def make(number=2, **lines):
        lines = lines or {"companies": [2, 3], "people": [2, 3, 4]}
        return type(feed)(tmp_path / f"feed-{number}").keep(**lines).seal(sequence=number)

    return make


def applied(outcomes):
    assert [(one.status, one.problems.found) for one in outcomes] == [(FeedStatus.APPLIED, [])]


def mandate(username=OWNER, company="K1"):
    return Membership.objects.get(user__username=username, company__source_id=company)


# --- people ------------------------------------------------------------------------------------


def test_activated_account_keeps_its_own_address_and_phone(feed, load, following):
    load(feed)
    own = {"email": "wlasny@example.com", "phone": "+48601234567"}
    User.objects.filter(username=OWNER).update(activated_at=AT, **own)

    applied(load(following()))

    person = User.objects.get(username=OWNER)
    assert (person.email, person.phone) == (own["email"], own["phone"])


def test_account_that_is_not_activated_follows_the_feed(feed, load, following):
    load(feed)
    User.objects.filter(username=OWNER).update(email="dawny@example.com", phone="+48601234567")

    applied(load(following()))

    person = User.objects.get(username=OWNER)
    assert (person.email, person.phone) == (OWNER_EMAIL, OWNER_PHONE)


def test_mandate_kept_in_the_portal_is_not_widened(feed, load, following):
    load(feed)
    row = mandate()
    Membership.objects.filter(pk=row.pk).update(
        role=Role.READ_ONLY, is_kept_here=True, is_limited=True, valid_to=dt.date(2026, 12, 31)
    )

    applied(load(following()))

    row.refresh_from_db()
    assert (row.role, row.is_limited, row.is_active) == (Role.READ_ONLY, True, True)
    assert row.valid_to == dt.date(2026, 12, 31)


def test_removed_person_is_not_brought_back(feed, load, following):
    load(feed)
    Membership.objects.filter(pk=mandate().pk).update(
        is_active=False, is_kept_here=True, removed_at=AT
    )

    applied(load(following()))

    assert not mandate().is_active


def test_feed_ends_a_mandate_kept_in_the_portal(feed, load, following):
    load(feed)
    Membership.objects.filter(pk=mandate().pk).update(is_kept_here=True)

    applied(load(following().change("people", 2, is_active="false").seal(sequence=2)))

    assert not mandate().is_active


def test_mandate_of_the_feed_alone_follows_the_feed(feed, load, following):
    load(feed)
    Membership.objects.filter(pk=mandate().pk).update(
        role=Role.READ_ONLY, is_active=False, is_limited=True
    )

    applied(load(following()))

    row = mandate()
    assert (row.role, row.is_active, row.is_limited) == (Role.OWNER, True, False)


def test_mandate_made_in_the_portal_is_taken_over(feed, load, following):
    load(feed)
    Membership.objects.filter(pk=mandate("200001", "K2").pk).delete()
    company = Company.objects.get(source_id="K2")
    person = User.objects.get(username="200001")
    made = MembershipFactory(user=person, company=company, role=Role.FLEET, is_kept_here=True)

    applied(load(following()))

    made.refresh_from_db()
    assert (made.source_id, made.role) == ("M3", Role.FLEET)
    assert made.source_system != ""
    assert Membership.objects.filter(user=person, company=company).count() == 1


# --- an address that both worlds know ------------------------------------------------------------


def invited(**facts):
    """Somebody whom a client let in by the address that the core will bring."""
    user = UserFactory(**{"username": "p-1", "email": OWNER_EMAIL.upper(), **facts})
    MembershipFactory(user=user, role=Role.READ_ONLY, is_kept_here=True, invited_at=AT)
    return user


def test_invited_person_gets_the_user_name_of_the_core(feed, load):
    user = invited(phone="+48601999999")
    user.set_unusable_password()
    user.save()

    applied(load(feed))

    user.refresh_from_db()
    assert (user.username, user.email, user.phone) == (OWNER, OWNER_EMAIL, OWNER_PHONE)
    assert user.memberships.count() == 2


def test_active_account_with_the_same_phone_is_the_same_person(feed, load):
    user = invited(phone="+48 000-000-101", activated_at=AT)

    applied(load(feed))

    user.refresh_from_db()
    assert (user.username, user.memberships.count()) == (OWNER, 2)


def test_same_address_alone_hands_nothing_over(feed, load):
    """Whoever owns a mailbox must not get a mandate that the core meant for somebody else."""
    user = invited(phone="+48601999999", activated_at=AT)

    applied(load(feed))

    user.refresh_from_db()
    assert (user.username, user.memberships.count()) == ("p-1", 1)
    theirs = User.objects.get(username=OWNER)
    assert (theirs.email, theirs.memberships.count()) == ("", 1)


def test_address_taken_in_the_portal_does_not_stop_the_feed(feed, load, following):
    load(feed)
    other = User.objects.get(username="200001")
    User.objects.filter(pk=other.pk).update(email="nowy@example.com", activated_at=AT)
    second = following().change("people", 2, email="nowy@example.com").seal(sequence=2)

    applied(load(second))

    assert User.objects.get(username=OWNER).email == OWNER_EMAIL
    assert User.objects.get(username="200001").email == "nowy@example.com"


def test_same_feed_again_changes_no_account(feed, load, following, stored):
    invited(phone="+48601999999", activated_at=AT)
    load(feed)
    before = stored()

    applied(load(following()))

    assert stored() == before


# --- the company ---------------------------------------------------------------------------------


def changed(**values):
    company = Company.objects.get(source_id="K1")
    Company.objects.filter(pk=company.pk).update(**values)
    author = User.objects.get(username=OWNER)
    return CompanyChange.objects.create(
        company=company, values=values, made_by=author, made_at=AT, reference="D-1"
    )


def company():
    return Company.objects.get(source_id="K1")


def test_open_change_is_laid_over_each_feed(feed, load, following):
    load(feed)
    change = changed(mail_city="Ostrów", contact_name="Jan Żuk", phone="+48601000000")

    applied(load(following(2)))
    applied(load(following(3)))

    change.refresh_from_db()
    assert change.settled_at is None
    assert (company().mail_city, company().phone) == ("Ostrów", "+48601000000")
    assert company().contact_name == "Jan Żuk"


def test_change_is_settled_when_the_core_says_the_same(feed, load, following):
    load(feed)
    change = changed(mail_city="Ostrów", contact_name="Jan Żuk", phone="+48601000000")
    second = following(2).change("companies", 2, mail_city="Ostrów", phone="+48 601 000 000")

    (outcome,) = load(second.seal(sequence=2))

    change.refresh_from_db()
    assert change.settled_at == AT
    assert outcome.counts["company_changes"] == {"settled": 1, "kept": 0}
    assert company().contact_name == "Jan Żuk"

    applied(load(following(3)))
    assert company().mail_city == ""  # settled: the core has the last word again


def test_half_of_a_change_settles_nothing(feed, load, following):
    load(feed)
    change = changed(mail_city="Ostrów", phone="+48601000000")

    applied(load(following(2).change("companies", 2, mail_city="Ostrów").seal(sequence=2)))

    change.refresh_from_db()
    assert change.settled_at is None
    assert company().phone == "+48601000000"


def test_change_waits_while_the_company_does_not_come(feed, load, following):
    load(feed)
    change = changed(mail_city="Ostrów")

    applied(load(following(2, companies=[3])))

    change.refresh_from_db()
    assert change.settled_at is None
    assert company().mail_city == "Ostrów"


def test_later_change_wins(feed, load, following):
    load(feed)
    changed(mail_city="Ostrów")
    changed(mail_city="Kępno")

    applied(load(following(2)))

    assert company().mail_city == "Kępno"


def test_name_and_seat_that_the_lessor_agreed_on_stand_until_the_core_says_so(
    feed, load, following
):
    load(feed)
    change = changed(name="ŻUK TRANS S.A.", city="Konin")

    applied(load(following(2)))
    assert (company().name, company().city) == ("ŻUK TRANS S.A.", "Konin")

    third = following(3).change("companies", 2, name="Żuk Trans S.A.", city="Konin")
    applied(load(third.seal(sequence=3)))
    change.refresh_from_db()
    assert change.settled_at == AT
    assert company().name == "Żuk Trans S.A."


def test_what_a_later_change_overrules_does_not_come_back(feed, load, following):
    """The core has taken the later one over, but not yet the earlier one."""
    load(feed)
    earlier = changed(name="ŻUK TRANS S.A.", city="Konin")
    later = changed(city="Kępno")

    second = following(2).change("companies", 2, city="Kępno")
    applied(load(second.seal(sequence=2)))

    earlier.refresh_from_db()
    later.refresh_from_db()
    assert (company().name, company().city) == ("ŻUK TRANS S.A.", "Kępno")
    assert (earlier.settled_at, later.settled_at) == (None, AT)


def test_change_that_is_wholly_overruled_is_over(feed, load, following):
    load(feed)
    earlier, later = changed(city="Konin"), changed(city="Kępno", name="ŻUK TRANS S.A.")

    applied(load(following(2)))

    earlier.refresh_from_db()
    later.refresh_from_db()
    assert (earlier.settled_at, later.settled_at) == (AT, None)
    assert company().city == "Kępno"

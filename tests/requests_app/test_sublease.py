"""A vehicle given to a third party: consent, register of users, and what happens to the PESEL."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.enums import Product
from contracts.models import Asset, Contract
from eboks import clock
from eboks.audit.models import AuditEntry
from eboks.authorisation.models import Instruction
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts, filing, vehicle_uses
from requests_app.catalogue import RequestError, types
from requests_app.enums import Status
from requests_app.models.vehicle_uses import VehicleUse
from tests import factories as f
from tests.requests_app.conftest import draft, filed, zl
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db

PESEL, NIP = "44051401359", "7740001454"
PAGE = "/wnioski/uzytkownicy/"


def day(n: int) -> dt.date:
    """`n` days from today."""
    return clock.today() + dt.timedelta(days=n)


def typed(first: int = 1, last: int = 30, **other):
    return {
        "user_kind": "person",
        "user_name": "Jan Nowak",
        "identifier": PESEL,
        "purpose": "lending",
        "from_on": day(first).isoformat(),
        "to_on": day(last).isoformat(),
        "insured": "on",
        **other,
    }


def agreed(lessee, clerk, commits, first=1, last=30, **other):
    """A filed and approved request; its paper is made."""
    row = filed("sublease", lessee, typed(first, last, **other))
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    return row


def moment(on: dt.date) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(12), tzinfo=clock.WARSAW)


def errors(lessee, **other):
    return drafts.form_of(draft("sublease", lessee, typed(**other)), on=clock.today()).errors


def test_request_is_signed_and_waits_for_staff_at_its_price(lessee):
    row = filed("sublease", lessee, typed())

    assert row.status == Status.SUBMITTED
    assert row.fee_net == zl("300")
    assert row.instruction.state == "executed"
    assert "WX 12345" in row.instruction.sms_text
    assert not VehicleUse.objects.exists()


def test_pesel_stands_nowhere_once_decided(lessee, clerk, commits):
    row = filed("sublease", lessee, typed())
    shown = json.dumps([row.lines, row.facts, Instruction.objects.get().lines])
    assert PESEL not in shown
    assert "1359" in shown
    assert row.typed["identifier"] == [PESEL]  # it may come back to be completed

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert PESEL not in json.dumps([row.typed, row.facts, row.lines])
    assert row.typed["user_name"] == ["Jan Nowak"]
    assert VehicleUse.objects.get().identifier == "•••••••1359"


def test_pesel_is_forgotten_after_a_refusal_and_with_a_draft(lessee, clerk):
    refused = filed("sublease", lessee, typed())
    deciding.reject(request_id=refused.pk, text="Polisa.", actor=clerk, at=timezone.now())
    dropped = draft("sublease", lessee, typed())
    filing.withdraw(request=dropped, actor=lessee.user, at=timezone.now())

    refused.refresh_from_db()
    dropped.refresh_from_db()
    assert "identifier" not in refused.typed
    assert "user_name" in refused.typed
    assert dropped.typed == {}


def test_refusal_enters_nobody_and_charges_nothing(lessee, clerk):
    row = filed("sublease", lessee, typed())

    deciding.reject(request_id=row.pk, text="Polisa nie pozwala.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.charge) == (Status.REJECTED, None)
    assert not VehicleUse.objects.exists()


def test_approval_enters_the_user_once_and_gives_the_paper(lessee, clerk, commits):
    row = agreed(lessee, clerk, commits)

    assert row.status == Status.CLOSED
    use = VehicleUse.objects.get()
    assert (use.asset, use.company, use.request) == (lessee.asset, lessee.company, row)
    assert (use.from_on, use.to_on, use.user_name) == (day(1), day(30), "Jan Nowak")
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    assert VehicleUse.objects.count() == 1


def test_paper_names_both_sides_and_hides_the_pesel(lessee, clerk, commits):
    row = agreed(lessee, clerk, commits)

    paper = row.papers.get()
    assert (paper.valid_from, paper.valid_to) == (day(1), day(30))
    assert [line["value"] for line in paper.about] == [str(lessee.asset)]
    text = text_of(paper)
    for words in ("Jan Nowak", "WX 12345", lessee.company.name, "OL/2026/1", lessee.asset.vin):
        assert words in text
    assert "1359" in text
    assert PESEL not in text


def test_company_is_named_by_its_nip(lessee, clerk, commits):
    agreed(
        lessee,
        clerk,
        commits,
        user_kind="company",
        user_name="Ala sp. z o.o.",
        identifier="774-000-14-54",
        purpose="sublease",
    )

    use = VehicleUse.objects.get()
    assert (use.identifier, use.user_kind, use.purpose) == (NIP, "company", "sublease")


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"identifier": "44051401358"}, "identifier"),
        ({"identifier": NIP}, "identifier"),
        ({"identifier": ""}, "identifier"),
        ({"user_kind": "company", "identifier": "7740001455"}, "identifier"),
        ({"user_kind": "company", "identifier": PESEL}, "identifier"),
        ({"user_name": " "}, "user_name"),
        ({"user_kind": "nobody"}, "user_kind"),
        ({"first": -1}, "from_on"),
        ({"first": 5, "last": 4}, "to_on"),
        ({"last": 4000}, "to_on"),
        ({"insured": ""}, "insured"),
    ],
)
def test_form_says_what_is_wrong(lessee, other, field):
    assert list(errors(lessee, **other)) == [field]


def test_own_company_is_no_third_party(lessee):
    lessee.company.nip = NIP
    lessee.company.save()

    assert list(errors(lessee, user_kind="company", identifier=NIP)) == ["identifier"]


def test_overlapping_use_is_refused_in_the_form(lessee, clerk, commits):
    agreed(lessee, clerk, commits, first=10, last=20)

    assert list(errors(lessee, first=20, last=25)) == ["from_on"]
    assert list(errors(lessee, first=1, last=10)) == ["from_on"]
    assert not errors(lessee, first=21, last=25)
    assert not errors(lessee, first=1, last=9)


def test_overlapping_use_is_refused_at_approval(lessee, clerk, commits):
    first = filed("sublease", lessee, typed(1, 10))
    second = filed("sublease", lessee, typed(10, 20))
    with commits():
        deciding.approve(request_id=first.pk, actor=clerk, at=timezone.now())

    with pytest.raises(RequestError, match="innego użytkownika"):
        deciding.approve(request_id=second.pk, actor=clerk, at=timezone.now())

    second.refresh_from_db()
    assert (second.status, second.charge) == (Status.SUBMITTED, None)
    (_title, words), *rest = types()["sublease"].office(second, timezone.now())
    assert "innego użytkownika" in words
    assert not rest


def test_contract_that_ended_meanwhile_covers_no_use(lessee, clerk):
    row = filed("sublease", lessee, typed(1, 30))
    Contract.objects.filter(pk=lessee.contract.pk).update(end_on=day(29))

    with pytest.raises(RequestError, match="nie obejmuje"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())


def test_user_of_vehicle_by_day(lessee, clerk, commits):
    agreed(lessee, clerk, commits, first=2, last=4)
    use = VehicleUse.objects.get()

    def found(n):
        return vehicle_uses.user_of_vehicle(asset=lessee.asset, at=moment(day(n)))

    assert [found(n) for n in (1, 2, 4, 5)] == [None, use, use, None]
    other = f.AssetFactory(contract=lessee.contract)
    assert vehicle_uses.user_of_vehicle(asset=other, at=moment(day(3))) is None
    late = dt.datetime.combine(day(5), dt.time(0, 30), tzinfo=clock.WARSAW)
    assert vehicle_uses.user_of_vehicle(asset=lessee.asset, at=late.astimezone(dt.UTC)) is None


def test_use_is_ended_early_and_its_paper_is_void(client, lessee, clerk, commits):
    row = agreed(lessee, clerk, commits, first=0, last=20)
    use = VehicleUse.objects.get()
    client.force_login(lessee.user)

    answer = client.post(reverse("requests_app:end_vehicle_use", args=[use.public_id]))

    assert (answer.status_code, answer.url) == (302, PAGE)
    use.refresh_from_db()
    assert use.ended_on == day(0)
    assert row.papers.get().revoked_at is not None
    assert AuditEntry.objects.filter(event="request_use_ended").count() == 1
    assert vehicle_uses.user_of_vehicle(asset=lessee.asset, at=moment(day(0))) == use
    assert vehicle_uses.user_of_vehicle(asset=lessee.asset, at=moment(day(1))) is None
    with pytest.raises(RequestError):
        vehicle_uses.end(use=use, actor=lessee.user, at=timezone.now())
    assert not errors(lessee, first=1, last=5)  # the vehicle is free again


def test_use_that_has_not_begun_never_begins(lessee, clerk, commits):
    agreed(lessee, clerk, commits, first=5, last=20)
    use = VehicleUse.objects.get()

    vehicle_uses.end(use=use, actor=lessee.user, at=timezone.now())

    assert use.was_given_up
    for n in (0, 4, 5, 20):
        assert vehicle_uses.user_of_vehicle(asset=lessee.asset, at=moment(day(n))) is None
    assert list(VehicleUse.objects.over(on=day(0))) == [use]


def test_use_of_a_former_lessee_ends_before_that_of_the_next(lessee, clerk, commits):
    agreed(lessee, clerk, commits, first=1, last=20)
    former = VehicleUse.objects.get()
    VehicleUse.objects.filter(pk=former.pk).update(company=f.CompanyFactory())

    assert not errors(lessee, first=5, last=10)
    agreed(lessee, clerk, commits, first=5, last=10, user_name="Ewa Lis")

    former.refresh_from_db()
    assert former.ended_on == day(4)
    found = vehicle_uses.user_of_vehicle(asset=lessee.asset, at=moment(day(7)))
    assert found.user_name == "Ewa Lis"


def test_page_shows_what_lasts_and_what_is_over(client, lessee, clerk, commits):
    agreed(lessee, clerk, commits, first=0, last=20)
    client.force_login(lessee.user)

    def names(query=""):
        page = client.get(PAGE + query)
        assert page.status_code == 200
        return [use.user_name for use in page.context["page"]]

    assert names() == ["Jan Nowak"]
    assert names("?stan=zakonczone") == []
    assert names("?q=wx12345") == ["Jan Nowak"]
    assert names("?q=nowak") == ["Jan Nowak"]
    assert names("?q=KR%201") == []
    VehicleUse.objects.update(from_on=day(-9), to_on=day(-1))
    assert names() == []
    assert names("?stan=zakonczone") == ["Jan Nowak"]
    assert PESEL not in client.get(PAGE + "?stan=zakonczone").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_the_database_as_often_for_many(
    client, lessee, clerk, commits, count, django_assert_num_queries
):
    for n in range(count):
        agreed(lessee, clerk, commits, first=n * 2, last=n * 2 + 1)
    client.force_login(lessee.user)
    client.get(PAGE)

    with django_assert_num_queries(7):
        page = client.get(PAGE)

    assert len(page.context["page"]) == count


def test_stranger_sees_and_ends_nothing(client, lessee, clerk, commits):
    agreed(lessee, clerk, commits, first=0, last=20)
    use = VehicleUse.objects.get()
    address = reverse("requests_app:end_vehicle_use", args=[use.public_id])
    client.force_login(f.MembershipFactory(role=Role.OWNER).user)

    assert list(client.get(PAGE).context["page"]) == []
    assert client.post(address).status_code == 404
    client.force_login(f.MembershipFactory(company=lessee.company, role=Role.READ_ONLY).user)
    assert client.get(PAGE).status_code == 403
    assert client.post(address).status_code == 403
    use.refresh_from_db()
    assert use.ended_on is None


def test_only_who_may_sign_starts_and_a_loan_is_not_asked_about(client, lessee):
    client.force_login(f.MembershipFactory(company=lessee.company, role=Role.FLEET).user)
    assert client.get("/wnioski/nowy/sublease/").status_code == 403
    client.force_login(lessee.user)
    assert "WX 12345" in client.get("/wnioski/nowy/sublease/").content.decode()

    Contract.objects.update(product=Product.LOAN)

    page = client.get("/wnioski/nowy/sublease/")
    assert page.status_code == 200
    assert "WX 12345" not in page.content.decode()
    assert Asset.objects.count() == 1

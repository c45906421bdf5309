"""A duplicate of a vehicle's document: staff agree, then close when it is handed over."""

from __future__ import annotations

import pytest
from django.utils import timezone

from eboks import clock
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts, filing
from requests_app.catalogue import RequestError
from requests_app.enums import FeeState, Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed, zl

pytestmark = pytest.mark.django_db

KIND = "registration-duplicate"
TYPED = {"document": "registration", "other": "", "loss": "stolen", "text": "We Wrocławiu, 3 maja"}


def test_duplicate_waits_for_staff_at_its_price(lessee):
    row = filed(KIND, lessee, TYPED)

    assert (row.status, row.fee_net) == (Status.SUBMITTED, zl("50"))
    values = [line["value"] for line in row.lines]
    assert values[2:] == ["dowód rejestracyjny", "skradziony", "We Wrocławiu, 3 maja"]
    assert row.facts == {"document": "registration", "loss": "stolen"}


def test_duplicate_is_charged_once_and_closed_by_staff(lessee, clerk, commits):
    row = filed(KIND, lessee, TYPED)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.APPROVED
    assert row.fee_state in {FeeState.CHARGED, FeeState.CORE}
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now(), text="Wysłany kurierem.")

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert not row.papers.exists()


def test_refused_duplicate_costs_nothing(lessee, clerk):
    row = filed(KIND, lessee, TYPED)

    deciding.reject(request_id=row.pk, text="Dowód jest u nas.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.fee_state, row.charge) == (Status.REJECTED, FeeState.WAIVED, None)


def test_filed_twice_is_one_request(lessee):
    row = draft(KIND, lessee, TYPED)
    for _n in range(2):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    assert row.steps.filter(after=Status.SUBMITTED).count() == 1


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"document": "other"}, "other"),
        ({"document": "licence"}, "document"),
        ({"loss": ""}, "loss"),
        ({"text": "  "}, "text"),
    ],
)
def test_form_says_what_is_wrong(lessee, other, field):
    form = drafts.form_of(draft(KIND, lessee, {**TYPED, **other}), on=clock.today())

    assert list(form.errors) == [field]


def test_other_document_is_named(lessee):
    row = filed(KIND, lessee, {**TYPED, "document": "other", "other": "książka serwisowa"})

    assert row.lines[2]["value"] == "książka serwisowa"


def test_stranger_finds_no_request_and_reader_is_refused(client, lessee):
    row = filed(KIND, lessee, TYPED)
    address = f"/wnioski/{row.public_id}/"
    client.force_login(f.MembershipFactory(role=Role.OWNER).user)
    assert client.get(address).status_code == 404
    client.force_login(f.MembershipFactory(company=lessee.company, role=Role.READ_ONLY).user)
    assert client.get(address).status_code == 403
    client.force_login(f.MembershipFactory(company=lessee.company, role=Role.FLEET).user)
    assert client.get(address).status_code == 200

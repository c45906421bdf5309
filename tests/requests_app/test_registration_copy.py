"""A copy of the registration document: staff send the scan in a message and close."""

from __future__ import annotations

import pytest
from django.utils import timezone

from eboks import clock
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts, filing
from requests_app.catalogue import RequestError
from requests_app.enums import FeeState, Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed

pytestmark = pytest.mark.django_db

KIND = "registration-copy"
TYPED = {"wanted": "copy", "person": "", "office": "", "purpose": "Kontrola w firmie"}
POWER = {**TYPED, "wanted": "power", "person": "Jan Nowak", "office": "Starostwo w Kole"}


def test_copy_is_free_in_the_portal_and_waits_for_staff(lessee):
    row = filed(KIND, lessee, TYPED)

    assert (row.status, row.fee_state, row.fee_gross) == (Status.SUBMITTED, FeeState.FREE, 0)
    values = [line["value"] for line in row.lines]
    assert values[2:] == ["kopia dowodu rejestracyjnego", "Kontrola w firmie"]


def test_power_names_the_person_and_the_office(lessee):
    row = filed(KIND, lessee, POWER)

    values = [line["value"] for line in row.lines]
    assert values[2:] == [
        *("pełnomocnictwo do urzędu", "Jan Nowak", "Starostwo w Kole", "Kontrola w firmie")
    ]
    assert row.facts == {"wanted": "power"}


def test_staff_agree_once_then_close(lessee, clerk, commits):
    row = filed(KIND, lessee, TYPED)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.APPROVED
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.CLOSED


def test_refusal_tells_why(lessee, clerk):
    row = filed(KIND, lessee, TYPED)

    deciding.reject(request_id=row.pk, text="Dowód jest u Ciebie.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.answer) == (Status.REJECTED, "Dowód jest u Ciebie.")


def test_filed_twice_is_one_request(lessee):
    row = draft(KIND, lessee, TYPED)
    for _n in range(2):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    assert row.steps.filter(after=Status.SUBMITTED).count() == 1


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        ({"wanted": "power", "person": "", "office": ""}, ["person", "office"]),
        ({"wanted": "both", "office": ""}, ["office"]),
        ({"wanted": "all"}, ["wanted"]),
        ({"purpose": ""}, ["purpose"]),
    ],
)
def test_form_says_what_is_wrong(lessee, other, fields):
    form = drafts.form_of(draft(KIND, lessee, {**POWER, **other}), on=clock.today())

    assert list(form.errors) == fields


def test_stranger_finds_no_request_and_reader_is_refused(client, lessee):
    row = filed(KIND, lessee, TYPED)
    address = f"/wnioski/{row.public_id}/"
    client.force_login(f.MembershipFactory(role=Role.OWNER).user)
    assert client.get(address).status_code == 404
    client.force_login(f.MembershipFactory(company=lessee.company, role=Role.READ_ONLY).user)
    assert client.get(address).status_code == 403

"""A contract that goes to another lessee while the former one's request is still open."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from contracts.models import Contract
from eboks.tenancy.rights import Role
from invoicing.models import Charge, FeeLine
from requests_app import deciding
from requests_app.catalogue import RequestError
from requests_app.enums import FeeState, Status
from requests_app.models import Request
from tests import factories as f
from tests.requests_app.conftest import draft, filed
from tests.requests_app.scheduled import NOW, in_force, with_schedule

pytestmark = pytest.mark.django_db
COPY = {"wanted": "copy", "purpose": "wymiana"}
DAY = {"due_day": "20", "first": "14"}


def ceded(lessee):
    """The contract is another company's now; its owner."""
    owner = f.MembershipFactory(role=Role.OWNER)
    Contract.objects.filter(pk=lessee.contract.pk).update(company=owner.company)
    return owner


def test_approval_after_a_cession_changes_nothing(lessee, clerk, settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.REPRICE_HERE = False
    with_schedule(lessee)
    row = filed("due-date-change", lessee, DAY)
    assert row.status == Status.SUBMITTED
    settings.ISSUER_CONTRACTS_FROM, settings.REPRICE_HERE = dt.date(2025, 1, 1), True
    ceded(lessee)

    with pytest.raises(RequestError, match="już nie dotyczy"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, in_force(lessee).number) == (Status.SUBMITTED, 1)


def test_fee_of_a_refusal_is_never_the_new_lessees(lessee, clerk, settings):
    settings.ISSUER_CONTRACTS_FROM = dt.date(2025, 1, 1)
    row = filed("registration-copy", lessee, COPY)
    line = FeeLine.objects.get(code="opinion", channel="online")
    Request.objects.filter(pk=row.pk).update(
        fee_line=line, fee_net=50, fee_gross="61.50", fee_state=FeeState.DUE
    )
    ceded(lessee)
    found = Request.objects.get(pk=row.pk)

    deciding._charge(found, actor=clerk, at=timezone.now())

    charge = Charge.objects.get()
    assert (charge.company, charge.contract) == (lessee.company, None)


def test_draft_on_a_ceded_contract_opens_no_more(client, lessee, time_machine):
    time_machine.move_to(NOW, tick=False)
    with_schedule(lessee)
    row = draft("due-date-change", lessee, DAY)
    ceded(lessee)
    client.force_login(lessee.user)

    for answer in (
        client.get(f"/wnioski/{row.public_id}/formularz/"),
        client.post(f"/wnioski/{row.public_id}/formularz/", DAY),
    ):
        assert (answer.status_code, answer.url) == (302, "/wnioski/")


def test_new_lessee_never_sees_the_request_of_the_former_one(client, lessee):
    row = filed("registration-copy", lessee, COPY)
    owner = ceded(lessee)
    client.force_login(owner.user)

    assert client.get(f"/wnioski/{row.public_id}/").status_code == 404
    for page in ("/wnioski/", f"/umowy/{lessee.contract.public_id}/"):
        assert row.reference not in client.get(page).content.decode()
    client.force_login(lessee.user)
    assert client.get(f"/wnioski/{row.public_id}/").status_code == 200

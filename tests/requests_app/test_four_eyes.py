"""Two people decide, and nobody on their own matter (SEC-46)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from requests_app import deciding, filing
from requests_app.catalogue import RequestError
from requests_app.enums import Status
from requests_app.models import Request
from tests import factories as f
from tests.requests_app.conftest import filed

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}


@pytest.fixture
def row(lessee):
    return filed("general-question", lessee, QUESTION, about=False)


def test_proposal_ends_when_the_request_is_filed_anew(lessee, row, clerk, second_clerk, settings):
    settings.REQUESTS_TWO_PEOPLE_FROM = 10_000
    Request.objects.filter(pk=row.pk).update(amount=10_000)
    at = timezone.now()
    deciding.approve(request_id=row.pk, actor=clerk, at=at)
    deciding.ask_for_more(request_id=row.pk, text="Którego auta?", actor=clerk, at=at)
    filing.submit(request_id=row.pk, actor=lessee.user, at=at)
    Request.objects.filter(pk=row.pk).update(amount=90_000)

    deciding.approve(request_id=row.pk, actor=second_clerk, at=at)

    row.refresh_from_db()
    assert (row.status, row.proposed_by) == (Status.SUBMITTED, second_clerk)


@pytest.mark.parametrize("step", [deciding.approve, deciding.reject])
def test_own_request_is_decided_by_somebody_else(lessee, row, clerk, step):
    f.MembershipFactory(company=lessee.company, user=clerk)
    Request.objects.filter(pk=row.pk).update(author=clerk)

    with pytest.raises(RequestError, match="inna osoba"):
        step(request_id=row.pk, text="Tak.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.SUBMITTED

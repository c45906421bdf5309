"""Papers that have lost their ground, and what those without a right to money are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from contracts.enums import ContractStatus
from contracts.models import Contract
from eboks.documents.services import store
from eboks.tenancy.rights import Role
from requests_app import producing
from requests_app.models import Request, RequestPaper
from tests import factories as f
from tests.requests_app.conftest import filed

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}


@pytest.fixture
def paper(lessee):
    row = filed("registration-copy", lessee, {"wanted": "copy", "purpose": "wymiana"})
    Request.objects.filter(pk=row.pk).update(kind="sublease")
    return RequestPaper.objects.create(
        request=row,
        number="W-TEST/PL",
        title="Zgoda",
        language="pl",
        text_version="1",
        check_code="ABCDEFGHJKLMNPQRSTUVWXYZ23",
        valid_from=timezone.localdate(),
        made_at=timezone.now(),
    )


def page(client, paper) -> str:
    answer = client.get(f"/sprawdz/{paper.check_code}/")
    assert "noindex" in answer["X-Robots-Tag"]
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def test_consent_is_in_force_while_its_contract_goes_on(client, paper):
    assert "prawdziwy i ważny" in page(client, paper)


@pytest.mark.parametrize("change", ["terminated", "ceded"])
def test_consent_is_void_when_its_contract_is(client, paper, change):
    new: dict[str, Any] = {"company": f.CompanyFactory()}
    if change == "terminated":
        new = {"status": ContractStatus.TERMINATED}
    Contract.objects.filter(pk=paper.request.contract_id).update(**new)

    assert "dziś nie jest ważny" in page(client, paper)


def test_revoked_paper_is_given_out_no_more(client, lessee, paper, clerk):
    paper.document = store(
        company=lessee.company,
        key=f"request_paper:{paper.public_id}",
        content=b"%PDF-",
        file_name="zgoda.pdf",
        content_type="application/pdf",
        renderer="",
        at=timezone.now(),
    )
    paper.save()
    client.force_login(lessee.user)
    answer = client.get(f"/wnioski/dokumenty/{paper.public_id}/")
    assert b"".join(answer.streaming_content) == b"%PDF-"
    producing.revoke(paper=paper, reason="pomyłka", actor=clerk, at=timezone.now())

    assert client.get(f"/wnioski/dokumenty/{paper.public_id}/").status_code == 404


def test_arrears_are_not_told_to_who_sees_no_money(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    Request.objects.filter(pk=row.pk).update(why_review="Firma ma płatności po terminie.")
    fleet = f.MembershipFactory(company=lessee.company, role=Role.FLEET)

    client.force_login(fleet.user)
    assert "po terminie" not in client.get(f"/wnioski/{row.public_id}/").content.decode()
    client.force_login(lessee.user)
    assert "po terminie" in client.get(f"/wnioski/{row.public_id}/").content.decode()

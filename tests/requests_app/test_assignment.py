"""Cesja: filed with the new lessee's papers, decided by people, closed when three have signed."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contracts.models import Contract
from eboks.documents.antivirus import Scan
from eboks.tenancy.rights import Role
from invoicing.models import Charge
from requests_app import deciding, filing
from requests_app.catalogue import RequestError
from requests_app.drafts import form_of
from requests_app.enums import FeeState, Status
from requests_app.models import RequestFile
from tests import factories as f
from tests.requests_app.conftest import draft, signed, zl
from tests.requests_app.scheduled import NOW, TODAY, lines_of, with_schedule

pytestmark = pytest.mark.django_db
KIND = "assignment"
TYPED = {
    "nip": "PL 774-000-14-54",
    "name": "NOWY  KORZYSTAJĄCY sp. z o.o.",
    "person": "Ewa Nowak",
    "email": "ewa@nowy.example",
    "phone": "601 234 567",
    "reason": "Sprzedajemy oddział.",
    "knows": "on",
}


@pytest.fixture
def here(lessee, time_machine):
    time_machine.move_to(NOW, tick=False)
    return with_schedule(lessee)


def attached(lessee, typed=TYPED):
    row = draft(KIND, lessee, typed)
    RequestFile.objects.create(
        request=row,
        author=lessee.user,
        from_staff=False,
        name="krs.pdf",
        scan=Scan.CLEAN,
        at=timezone.now(),
    )
    return row


def filed(lessee):
    row = attached(lessee)
    instruction = signed(row, lessee.user)
    assert instruction.state == "executed", instruction.outcome_text
    row.refresh_from_db()
    return row


def test_filed_with_the_new_lessee_and_his_papers(here):
    row = filed(here)

    assert (row.status, row.fee_net, row.fee_state) == (
        Status.SUBMITTED,
        zl("1000"),
        FeeState.DUE,
    )
    lines = lines_of(row)
    assert lines["NIP"] == "7740001454"
    assert lines["Nowy korzystający"] == "NOWY KORZYSTAJĄCY sp. z o.o."
    assert lines["Osoba do kontaktu"] == "Ewa Nowak, ewa@nowy.example, +48601234567"
    assert lines["Pliki"] == "krs.pdf"
    assert "zgadza się na podanie jego danych" in lines["Oświadczenie"]
    # con-01 after the twelfth instalment.
    assert row.amount == zl("61361.29")


def test_without_papers_it_cannot_be_filed(here):
    row = draft(KIND, here, TYPED)
    with pytest.raises(RequestError, match="Dołącz plik"):
        filing.ready(row, at=timezone.now())


@pytest.mark.parametrize(
    ("field", "typed", "text"),
    [
        ("nip", "7740001455", "nie jest poprawny NIP"),
        ("nip", "526-025-02-74", "obecnego korzystającego"),
        ("email", "ewa", "poprawny adres"),
        ("phone", "12", "telefonu komórkowego"),
        ("reason", " ", "wymagane"),
        ("knows", "", "Bez zgody nowego"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(here, field, typed, text):
    values = TYPED | {field: typed}
    if not typed:
        del values[field]
    form = form_of(draft(KIND, here, values), on=TODAY)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert text in str(form.errors[field])


def test_agreed_and_closed_when_all_have_signed(here, clerk, commits, settings):
    settings.REQUESTS_TWO_PEOPLE_FROM = zl("100000")
    settings.ISSUER_CONTRACTS_FROM = here.contract.signed_on
    row = filed(here)
    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now(), text="Zgoda.")

    row.refresh_from_db()
    assert (row.status, row.fee_state, row.charge.net) == (
        Status.APPROVED,
        FeeState.CHARGED,
        zl("1000"),
    )
    # The contract is whose it was until the core system says otherwise.
    assert Contract.objects.get(pk=here.contract.pk).company == here.company
    deciding.close(request_id=row.pk, actor=clerk, at=timezone.now(), text="Umowa podpisana.")
    row.refresh_from_db()
    assert row.status == Status.CLOSED


def test_refused_costs_nothing(here, clerk):
    row = filed(here)
    deciding.reject(request_id=row.pk, text="Brak zdolności.", actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.fee_state) == (Status.REJECTED, FeeState.WAIVED)
    assert not Charge.objects.exists()


def test_second_open_one_is_refused(here):
    filed(here)
    instruction = signed(attached(here), here.user)
    assert instruction.state == "refused"
    assert "w toku" in instruction.outcome_text


def test_form_page_takes_the_papers(client, here):
    client.force_login(here.user)
    row = draft(KIND, here, TYPED)
    url = f"/wnioski/{row.public_id}/formularz/"
    page = client.get(url).content.decode()
    assert "wyciąg z KRS" in page
    refused = SimpleUploadedFile("krs.exe", b"MZ", content_type="application/pdf")
    answer = client.post(url, TYPED | {"file": refused})
    assert answer.status_code == 200
    assert not row.files.exists()


def test_stranger_and_a_member_who_does_not_sign(client, here):
    url = f"/wnioski/{draft(KIND, here, TYPED).public_id}/formularz/"
    client.force_login(f.MembershipFactory().user)
    assert client.get(url).status_code == 404
    client.force_login(f.MembershipFactory(company=here.company, role=Role.FINANCE).user)
    assert client.get(f"/wnioski/nowy/{KIND}/").status_code == 403

"""New registry data of a company: signed, with an extract, kept above feeds once agreed on."""

from __future__ import annotations

import pytest
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.authorisation.models import OperationAuthorisation
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.company_data import change_registry
from eboks.tenancy.models import Company, CompanyChange
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts, filing
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import Status
from requests_app.models import RequestFile
from tests import factories as f
from tests.requests_app import conftest
from tests.requests_app.conftest import signed

pytestmark = pytest.mark.django_db
NOW = {
    "name": "TRANS-ŻUK sp. z o.o.",
    "legal_form": "",
    "street": "ul. Polna 7",
    "postcode": "62-800",
    "city": "Kalisz",
}
ASKED = {**NOW, "name": "TRANS-ŻUK S.A.", "city": "Konin", "reason": "Przekształcenie."}


@pytest.fixture
def client_company(lessee):
    Company.objects.filter(pk=lessee.company_id).update(**NOW)
    lessee.company.refresh_from_db()
    return lessee


def draft(lessee, typed=ASKED, *, extract: bool = True):
    row = conftest.draft("company-data", lessee, typed, about=False)
    if extract:
        RequestFile.objects.create(
            request=row,
            author=lessee.user,
            from_staff=False,
            name="odpis KRS.pdf",
            scan="clean",
            at=timezone.now(),
        )
    return row


def filed(lessee, typed=ASKED):
    row = draft(lessee, typed)
    instruction = signed(row, lessee.user)
    assert instruction.state == "executed", instruction.outcome_text
    row.refresh_from_db()
    return row


def form_of(row):
    return drafts.form_of(row, on=timezone.now().date())


def values(lessee) -> dict[str, str]:
    return Company.objects.filter(pk=lessee.company_id).values(*NOW).get()


def test_only_what_changes_is_shown_and_waits_for_staff(client_company):
    row = filed(client_company)

    assert row.status == Status.SUBMITTED
    assert [(line["label"], line["value"]) for line in row.lines] == [
        ("Nazwa firmy", "TRANS-ŻUK sp. z o.o. → TRANS-ŻUK S.A."),
        ("Miejscowość", "Kalisz → Konin"),
        ("Skąd zmiana", "Przekształcenie."),
        ("Pliki", "odpis KRS.pdf"),
    ]
    assert row.facts["values"] == {"name": "TRANS-ŻUK S.A.", "city": "Konin"}
    assert row.fee_gross == 0
    assert values(client_company) == NOW, "not before staff agree"


def test_consent_writes_and_keeps_the_new_data(client_company, clerk, commits):
    other = f.MembershipFactory(company=client_company.company, role=Role.OWNER)
    row = filed(client_company)

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert values(client_company) == {**NOW, "name": "TRANS-ŻUK S.A.", "city": "Konin"}
    change = CompanyChange.objects.get()
    assert change.values == {"name": "TRANS-ŻUK S.A.", "city": "Konin"}
    assert (change.made_by, change.settled_at) == (client_company.user, None)
    assert change.reference == row.instruction.reference
    assert AuditEntry.objects.filter(event="company_data_changed").count() == 1
    told = OutgoingMessage.objects.filter(kind="company_data_changed")
    assert set(told.values_list("user", flat=True)) == {other.user_id}


def test_consent_twice_writes_once(client_company, clerk):
    row = filed(client_company)
    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    with pytest.raises(RequestError):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    assert CompanyChange.objects.count() == 1


def test_refusal_changes_nothing(client_company, clerk):
    row = filed(client_company)
    deciding.reject(
        request_id=row.pk, text="Wyciąg mówi co innego.", actor=clerk, at=timezone.now()
    )
    assert values(client_company) == NOW
    assert not CompanyChange.objects.exists()


def test_data_that_changed_meanwhile_are_not_overwritten(client_company, clerk):
    row = filed(client_company)
    Company.objects.filter(pk=client_company.company_id).update(city="Poznań")

    with pytest.raises(RequestError, match="Miejscowość"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    assert values(client_company) == {**NOW, "city": "Poznań"}


def test_change_before_the_code_is_stale(client_company):
    row = draft(client_company)
    check = OperationAuthorisation.code

    def meanwhile(self):
        Company.objects.filter(pk=client_company.company_id).update(street="ul. Nowa 1")
        return check(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OperationAuthorisation, "code", meanwhile)
        instruction = signed(row, client_company.user)

    row.refresh_from_db()
    assert (instruction.state, row.status) == ("stale", Status.DRAFT)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({**NOW}, "__all__"),  # nothing changes
        ({"name": ""}, "name"),
        ({"postcode": "62800"}, "postcode"),
        ({"reason": ""}, "reason"),
    ],
)
def test_wrong_data_are_not_filed(client_company, typed, field):
    assert set(form_of(draft(client_company, {**ASKED, **typed})).errors) == {field}


def test_foreign_postcode_is_taken_as_it_is(client_company):
    client_company.company.country = "DE"
    assert form_of(draft(client_company, {**ASKED, "postcode": "10115"})).is_valid()


def test_without_an_extract_it_is_not_filed(client_company):
    row = draft(client_company, extract=False)
    with pytest.raises(RequestError, match="Dołącz plik"):
        filing.ready(row, at=timezone.now())


def test_form_begins_with_what_stands(client, client_company):
    row = draft(client_company, {}, extract=False)
    client.force_login(client_company.user)
    form = client.get(f"/wnioski/{row.public_id}/formularz/").context["form"]
    assert {name: form[name].value() for name in NOW} == NOW


def test_start_leads_to_contact_data(client, client_company):
    client.force_login(client_company.user)
    page = client.get("/wnioski/nowy/company-data/").content.decode()
    assert '<a href="/firma/dane/">' in page


def test_staff_see_what_stands_and_what_waits(client_company):
    row = filed(client_company)
    change_registry(
        company=client_company.company,
        values={"street": "ul. Inna 2"},
        actor=client_company.user,
        reference="D-EARLIER",
        at=timezone.now(),
    )
    found = dict(type_of(row).office(row, timezone.now()))
    assert found["Teraz: nazwa firmy"] == NOW["name"]
    assert found["NIP"] == client_company.company.nip
    assert "D-EARLIER" in found["Czeka na system główny"]


def test_only_registry_columns_are_written(client_company):
    with pytest.raises(ValueError, match="nip"):
        change_registry(
            company=client_company.company,
            values={"nip": "5260250274"},
            actor=client_company.user,
            reference="D-1",
            at=timezone.now(),
        )
    assert not CompanyChange.objects.exists()


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FLEET])
def test_without_the_right_to_sign_it_is_not_begun(client, client_company, role):
    client.force_login(f.MembershipFactory(company=client_company.company, role=role).user)
    assert client.get("/wnioski/nowy/company-data/").status_code == 403


def test_stranger_finds_nothing(client_of, client_company):
    row = filed(client_company)
    stranger = client_of(f.MembershipFactory().user)
    assert stranger.get(f"/wnioski/{row.public_id}/").status_code == 404

"""What the lessor's staff read about clients is on record; contact data are masked (SEC-97)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from eboks.accounts.models import User
from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import ActorKind, AuditEntry
from eboks.tenancy.models import Company
from tests import factories as f

pytestmark = pytest.mark.django_db

ACCOUNT = "61109010140000071219812874"


@pytest.fixture
def staff():
    return create_staff(
        username="Z-1", email="z1@lessor.example", role=StaffRole.VIEW, password=f.PASSWORD
    )


@pytest.fixture
def desk():
    return create_staff(
        username="Z-2", email="z2@lessor.example", role=StaffRole.SERVICE, password=f.PASSWORD
    )


@pytest.fixture
def office(client, staff):
    client.force_login(staff)
    return client


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def reveal_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_reveal", args=[row.pk])


def read(event="staff_viewed"):
    return list(AuditEntry.objects.filter(event=event).order_by("pk"))


def test_page_of_a_client_is_on_record(office, staff):
    company = f.CompanyFactory()

    office.get(page_of(company))

    (entry,) = read()
    assert (entry.company, entry.actor, entry.actor_kind) == (company, staff, ActorKind.STAFF)
    assert (entry.object_kind, entry.object_ref) == ("tenancy.Company", str(company.pk))
    assert entry.facts == {"what": "klient"}


@pytest.mark.parametrize(
    "make",
    [
        f.ContractFactory,
        f.AssetFactory,
        f.ScheduleVersionFactory,
        f.InvoiceFactory,
        f.ReceivableItemFactory,
        f.PaymentFactory,
        f.AllocationFactory,
        f.MembershipFactory,
    ],
)
def test_page_of_any_row_of_a_client_is_on_record(office, make):
    row = make()

    office.get(page_of(row))

    (entry,) = read()
    assert entry.company is not None
    assert entry.object_ref == str(row.pk)


def test_membership_names_its_person(office):
    membership = f.MembershipFactory()

    office.get(page_of(membership))

    (entry,) = read()
    assert (entry.company, entry.subject) == (membership.company, membership.user)


def test_page_of_a_person_is_on_record_at_each_of_their_companies(office):
    person = f.UserFactory()
    one, other = (f.MembershipFactory(user=person).company for _n in range(2))
    f.MembershipFactory(user=person, is_active=False)

    office.get(page_of(person))

    assert [entry.company for entry in read()] == [one, other]
    assert {entry.subject for entry in read()} == {person}


def test_what_belongs_to_no_client_leaves_no_entry(office):
    office.get(page_of(f.LessorFactory()))

    assert read() == []


def test_page_that_is_not_shown_leaves_no_entry(office, client):
    company = f.CompanyFactory()
    client.force_login(f.MembershipFactory(company=company).user)

    assert client.get(page_of(company)).status_code == 404
    assert read() == []


def test_list_of_one_client_is_on_record_there(office):
    invoice = f.InvoiceFactory()
    f.InvoiceFactory()

    office.get(f"{list_of(type(invoice))}?company__id__exact={invoice.company_id}")

    (entry,) = read()
    assert (entry.company, entry.facts["rows"]) == (invoice.company, [invoice.pk])


def test_list_across_clients_is_in_the_portals_chain(office):
    rows = [f.InvoiceFactory(), f.InvoiceFactory()]

    office.get(list_of(type(rows[0])))

    (entry,) = read()
    assert (entry.company, sorted(entry.facts["rows"])) == (None, sorted(r.pk for r in rows))


def test_lists_and_pages_show_only_the_ends(office):
    person = f.UserFactory(email="anna.zuk@example.com", phone="+48601234741")
    company = f.CompanyFactory(phone="+48221234567", email="biuro@firma.example")
    contract = f.ContractFactory(company=company, virtual_account=ACCOUNT)
    invoice = f.InvoiceFactory(contract=contract, account=ACCOUNT)
    item = f.ReceivableItemFactory(invoice=invoice, account=ACCOUNT)
    payment = f.PaymentFactory(company=company, payer_account=ACCOUNT)

    for path in [
        *map(list_of, (User, Company)),
        *map(page_of, (person, company, contract, invoice, item, payment)),
    ]:
        text = office.get(path).content.decode()
        for secret in ("anna.zuk@", "601234741", "221234567", "biuro@firma", ACCOUNT):
            assert secret not in text, path
    assert "a•••@example.com" in office.get(page_of(person)).content.decode()
    assert "•••• 2874" in office.get(page_of(payment)).content.decode()


def test_revealed_values_show_once_and_the_reason_is_on_record(office):
    person = f.MembershipFactory(user__phone="+48601234741").user

    response = office.post(reveal_of(person), {"reason": "Telefon w sprawie umowy"}, follow=True)

    assert "+48601234741" in response.content.decode()
    (entry,) = read("staff_revealed")
    assert entry.subject == person
    assert entry.facts["fields"] == ["phone", "email"]
    assert entry.facts["reason"] == "Telefon w sprawie umowy"
    assert "+48601234741" not in office.get(page_of(person)).content.decode()


def test_revealing_one_row_reveals_no_other(office):
    one, other = f.UserFactory(phone="+48601234741"), f.UserFactory(phone="+48601234852")

    office.post(reveal_of(one), {"reason": "x"})

    assert "+48601234852" not in office.get(page_of(other)).content.decode()
    assert "+48601234741" not in office.get(page_of(one)).content.decode()


def test_nothing_is_revealed_without_a_reason_or_by_a_get(office):
    person = f.UserFactory(phone="+48601234741")

    response = office.post(reveal_of(person), {"reason": "  "}, follow=True)
    got = office.get(reveal_of(person))

    assert "+48601234741" not in response.content.decode()
    assert got.status_code == 405
    assert read("staff_revealed") == []


def test_client_reveals_nothing(client):
    membership = f.MembershipFactory()
    client.force_login(membership.user)

    assert client.post(reveal_of(membership.user), {"reason": "x"}).status_code == 404


def test_staff_cannot_change_a_phone_alone(client, desk):
    client.force_login(desk)
    person = f.UserFactory(phone="+48601234741")

    text = client.get(page_of(person)).content.decode()
    client.post(
        page_of(person),
        {"email": person.email, "language": "pl", "is_active": "on", "phone": "+48601000000"},
    )

    person.refresh_from_db()
    assert person.phone == "+48601234741"
    assert "+48601234741" not in text

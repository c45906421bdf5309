"""*Dziennik aktywności*: each company's own, for those who may see it."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from eboks import origin
from eboks.audit.models import AuditEntry
from eboks.audit.reading import line_of, sentence
from eboks.audit.services import record, record_for_companies
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import RIGHTS, Right, Role
from tests.audit.conftest import AT
from tests.factories import MembershipFactory, UserFactory
from tests.security.crawling import content
from tests.world import make_world

pytestmark = pytest.mark.django_db

PAGE = "/firma/dziennik/"


@pytest.fixture
def ours():
    return make_world("CANARY-A", letter="A")


@pytest.fixture
def theirs():
    return make_world("CANARY-B", letter="B")


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def taken(browser, path):
    """The answer, its file read to the end."""
    response = browser.get(path)
    content(response)
    return response


def rows_of(response):
    return [(line.who, line.what) for line in response.context["lines"]]


def test_log_tells_who_did_what_and_from_where(client_of, ours):
    browser = client_of(ours.owner)
    with origin.coming_from(origin.Origin(ip="192.0.2.7")):
        record(
            event="invoice_downloaded",
            at=AT,
            actor=ours.person(Role.FINANCE),
            company=ours.company,
            facts={"number": "FV/CANARY-A/1"},
        )

    page = text_of(browser.get(PAGE))

    assert "Anna Żuk" in page
    assert "Pobrał(a) fakturę FV/CANARY-A/1" in page
    assert "192.0.2.7" in page
    assert "22.11.2026, 10:30" in page
    assert "Zalogował(a) się" in page


def test_newest_stand_first(client_of, ours):
    browser = client_of(ours.owner)
    for minute, event in enumerate(("password_changed", "email_changed")):
        later = dt.datetime(2030, 1, 1, 12, minute, tzinfo=dt.UTC)
        record(event=event, at=later, actor=ours.owner, company=ours.company)

    whats = [what for _who, what in rows_of(browser.get(PAGE))]

    assert whats == ["Zmienił(a) adres e-mail", "Zmienił(a) hasło", "Zalogował(a) się"]


@pytest.mark.parametrize("role", list(Role))
def test_only_roles_with_the_right_see_it(client_of, ours, role):
    expected = 200 if Right.VIEW_ACTIVITY in RIGHTS[role] else 403
    browser = client_of(ours.person(role))

    for path in (PAGE, f"{PAGE}dziennik.xlsx"):
        assert taken(browser, path).status_code == expected


def test_entries_of_another_company_are_never_seen(client_of, ours, theirs):
    record(
        event="document_viewed",
        at=AT,
        actor=theirs.owner,
        company=theirs.company,
        facts={"name": "CANARY-B"},
    )
    record(event="document_viewed", at=AT, actor=theirs.owner, facts={"name": "CANARY-B"})
    browser = client_of(ours.owner)

    for query in ("", f"?person={theirs.owner.public_id}", f"?company={theirs.company.public_id}"):
        assert "CANARY-B" not in text_of(browser.get(f"{PAGE}{query}"))
    file = content(browser.get(f"{PAGE}dziennik.xlsx"))
    assert "CANARY-B" not in str(cells(file))


def test_right_in_one_company_opens_no_other(client_of, ours, theirs):
    MembershipFactory(user=ours.owner, company=theirs.company, role=Role.FINANCE)
    record(event="document_viewed", at=AT, actor=theirs.owner, company=theirs.company)
    browser = client_of(ours.owner)

    page = text_of(browser.get(PAGE))

    assert "Owner CANARY-B" not in page
    assert len(rows_of(browser.get(PAGE))) == 1


def test_mandate_that_ended_closes_the_log(client_of, ours):
    browser = client_of(ours.owner)
    Membership.objects.filter(user=ours.owner).update(is_active=False)

    assert browser.get(PAGE).status_code == 403


def test_accountant_shows_at_each_client_and_names_no_other(client_of, ours, theirs):
    accountant = UserFactory(last_name="Buchalter")
    for world in (ours, theirs):
        MembershipFactory(user=accountant, company=world.company, role=Role.ACCOUNTANT)
    client_of(accountant)

    page = text_of(client_of(ours.owner).get(PAGE))

    assert "Anna Buchalter" in page
    assert "CANARY-B" not in page


def test_staff_have_neither_name_nor_address(client_of, ours):
    staff = UserFactory(is_staff=True, first_name="Wanda", last_name="Sekret")
    with origin.coming_from(origin.Origin(ip="198.51.100.9")):
        record(
            event="staff_viewed",
            at=AT,
            actor=staff,
            company=ours.company,
            object_kind="contracts.Contract",
            facts={"what": "umowa"},
        )
        record(event="company_data_changed", at=AT, company=ours.company)
    browser = client_of(ours.owner)

    page = text_of(browser.get(PAGE))

    assert "pracownik leasingodawcy" in page
    assert "Obejrzał(a) dane w systemie obsługi: umowa" in page
    assert "Sekret" not in page
    assert "198.51.100.9" not in page
    assert ("portal", "Zmienił(a) dane firmy") in rows_of(browser.get(PAGE))


def test_filters_narrow_the_list(client_of, ours):
    finance = ours.person(Role.FINANCE)
    staff = UserFactory(is_staff=True)
    for event, actor in (
        ("invoice_viewed", finance),
        ("instruction_executed", ours.owner),
        ("person_invited", ours.owner),
        ("staff_viewed", staff),
    ):
        record(event=event, at=AT, actor=actor, company=ours.company)
    browser = client_of(ours.owner)

    def events(**query):
        page = browser.get(PAGE, query).context["page"]
        return {entry.event for entry in page.object_list}

    assert events(person=finance.public_id) == {"invoice_viewed"}
    assert events(kind="access") == {"login"}
    assert events(kind="documents") == {"invoice_viewed"}
    assert events(kind="instructions") == {"instruction_executed"}
    assert events(kind="people") == {"person_invited"}
    assert events(kind="staff") == {"staff_viewed"}
    assert "login" not in events(since="2026-11-22", until="2026-11-22")
    assert events(until="2026-11-21") == set()
    assert "Nic nie pasuje" in text_of(browser.get(PAGE, {"until": "2026-11-21"}))


def test_days_are_days_in_warsaw(client_of, ours):
    late = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC)  # half past midnight on the 22nd
    record(event="invoice_viewed", at=late, actor=ours.owner, company=ours.company)
    browser = client_of(ours.owner)

    assert rows_of(browser.get(PAGE, {"since": "2026-11-22", "until": "2026-11-22"}))
    assert not rows_of(browser.get(PAGE, {"until": "2026-11-21"}))


@pytest.mark.parametrize("value", ["x", "\x00", "2026-13-40", "9999-99-99", "-1", "' OR 1=1"])
def test_odd_parameters_are_passed_over(client_of, ours, value):
    query = dict.fromkeys(("person", "kind", "company", "since", "until", "strona"), value)

    assert client_of(ours.owner).get(PAGE, query).status_code == 200


def test_number_of_queries_does_not_grow(client_of, ours, django_assert_max_num_queries):
    browser = client_of(ours.owner)
    for _n in range(20):
        record(event="login", at=AT, actor=ours.person(), company=ours.company)
    browser.get(PAGE)

    with django_assert_max_num_queries(12):
        browser.get(PAGE)


def test_file_holds_what_the_page_shows_and_is_noted(client_of, ours):
    record(event="invoice_viewed", at=AT, actor=ours.owner, company=ours.company)
    browser = client_of(ours.owner)

    response = browser.get(f"{PAGE}dziennik.xlsx", {"kind": "documents"})

    found = cells(content(response))
    assert "Otworzył(a) PDF faktury –" in found
    assert "Zalogował(a) się" not in found
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert (entry.event, entry.company) == ("report_exported", ours.company)


def cells(file):
    book = openpyxl.load_workbook(io.BytesIO(file))
    return [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]


@pytest.mark.parametrize(
    ("event", "kind", "facts", "said"),
    [
        ("staff_viewed", "invoicing.Invoice", {"rows": [1]}, "obsługi: faktury"),
        ("staff_viewed", "gone.Model", {"what": "cesje"}, "obsługi: cesje"),
        ("staff_viewed", "", {}, "obsługi: –"),
        ("invoice_viewed", "", {"number": "FV/1", "seen_as": 7}, "FV/1 (podgląd portalu)"),
        ("view_as_client_page", "", {"path": "/umowy/", "seen_as": 7}, "podglądzie: /umowy/"),
        ("invoice_viewed", "", {"number": "100%(x)s"}, "faktury 100%(x)s"),
    ],
)
def test_sentence_names_what_it_is_about(event, kind, facts, said):
    entry = AuditEntry(event=event, actor_kind="staff", object_kind=kind, facts=facts)

    assert sentence(entry).endswith(said)


def test_event_that_is_no_longer_known_is_still_shown():
    entry = AuditEntry(event="gone_event", actor_kind="system", facts={})

    assert sentence(entry) == "Gone_event"
    assert line_of(entry).who == "portal"


# --- what is noted --------------------------------------------------------------------------


def last_event():
    entry = AuditEntry.objects.order_by("-pk")[0]
    return entry.event, entry.actor, entry.company, entry.object_ref


@pytest.mark.parametrize(
    ("route", "row", "event"),
    [
        ("invoicing:invoice_pdf", "invoice", "invoice_viewed"),
        ("invoicing:invoice_download", "invoice", "invoice_downloaded"),
        ("contracts:schedule_pdf", "contract", "schedule_downloaded"),
        ("contracts:schedule_xlsx", "contract", "schedule_downloaded"),
    ],
)
def test_document_that_is_taken_is_noted(client_of, ours, route, row, event):
    path = reverse(route, kwargs={"public_id": ours.rows[row].public_id})
    response = taken(client_of(ours.owner), path)

    assert response.status_code == 200
    assert last_event() == (event, ours.owner, ours.company, ours.rows[row].number)


@pytest.mark.parametrize(
    "route",
    [
        "contracts:list_xlsx",
        "invoicing:invoice_list_xlsx",
        "invoicing:settlements_xlsx",
        "invoicing:cost_report_xlsx",
    ],
)
def test_list_that_is_taken_is_noted_at_each_company_in_it(client_of, ours, theirs, route):
    MembershipFactory(user=ours.owner, company=theirs.company, role=Role.FINANCE)
    browser = client_of(ours.owner)

    taken(browser, reverse(route))

    exports = AuditEntry.objects.filter(event="report_exported").order_by("pk")
    assert [entry.company for entry in exports] == [ours.company, theirs.company]


def test_refused_document_is_not_noted(client_of, ours, theirs):
    browser = client_of(ours.owner)
    before = AuditEntry.objects.count()

    browser.get(
        reverse("invoicing:invoice_pdf", kwargs={"public_id": theirs.rows["invoice"].public_id})
    )

    assert AuditEntry.objects.count() == before


def test_log_in_and_out_are_noted(client, ours):
    client.force_login(ours.owner)
    assert last_event()[:3] == ("login", ours.owner, ours.company)

    client.post("/konto/wylogowanie/")

    assert last_event()[:3] == ("logout", ours.owner, ours.company)


def test_company_that_invited_learns_of_nothing_before_the_person_comes(ours):
    person = UserFactory(last_visit_at=AT)
    MembershipFactory(
        user=person, company=ours.company, invited_at=AT + dt.timedelta(hours=1), invited_as="x@y"
    )

    (entry,) = record_for_companies(event="password_reset", at=AT, user=person)
    assert entry.company is None

    (entry,) = record_for_companies(event="login", at=AT, user=person)
    assert entry.company == ours.company


def test_trail_of_a_whole_visit_is_intact(client_of, ours):
    browser = client_of(ours.owner)
    for route in ("contracts:list_xlsx", "invoicing:invoice_list_xlsx"):
        taken(browser, reverse(route))

    call_command("verify_audit")

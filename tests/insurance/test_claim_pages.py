"""Pages of claims: the list, one claim, its files, the panel of a vehicle."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.documents.antivirus import Scan
from eboks.tenancy.rights import Role
from insurance import claim_files, claims
from insurance.enums import ClaimStatus
from insurance.models import ClaimFile
from tests import factories as f
from tests.insurance.conftest import photo
from tests.insurance.factories import ClaimFactory, InsurerFactory

pytestmark = pytest.mark.django_db

LIST = "/ubezpieczenia/szkody/"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def claim_of(insured, **other):
    return ClaimFactory(asset=insured.asset, author=insured.user, **other)


def page_of(claim):
    return f"{LIST}{claim.public_id}/"


# --- the list ----------------------------------------------------------------------------------


def test_list_filters_searches_and_sums(login, insured):
    paid = claim_of(insured, status=ClaimStatus.CLOSED, payout=Decimal("1200.50"))
    other = f.AssetFactory(contract=insured.contract, make="Volvo", plate="PO 99999")
    opened = ClaimFactory(asset=other, payout=Decimal("10.00"))
    browser = login(insured.user)

    def shown(query):
        return [line[0].pk for line in browser.get(LIST + query).context["lines"]]

    assert set(shown("")) == {paid.pk, opened.pk}
    assert shown("?stan=otwarte") == [opened.pk]
    assert shown("?stan=zakonczone") == [paid.pk]
    assert shown("?q=po99999") == [opened.pk]
    assert shown("?q=volvo+99999") == [opened.pk]
    assert shown(f"?q={paid.reference}") == [paid.pk]
    assert shown("?q=nie-ma&stan=bzdura") == []
    assert "1\xa0210,50\xa0zł" in browser.get(LIST).content.decode()


def test_amounts_are_for_who_sees_money(login, insured):
    row = claim_of(insured, status=ClaimStatus.PAID, payout=Decimal("1200.50"))
    person = f.MembershipFactory(company=insured.company, role=Role.INSURANCE).user
    browser = login(person)

    for page in (LIST, page_of(row)):
        text = browser.get(page).content.decode()
        assert row.reference in text
        assert "1\xa0200,50" not in text


def test_list_takes_the_same_queries_for_one_and_three(login, insured):
    browser = login(insured.user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(LIST).status_code == 200
        return len(caught)

    claim_of(insured)
    queries()
    first = queries()
    for n in range(2):
        asset = f.AssetFactory(contract__company=insured.company, plate=f"WA{n}")
        ClaimFactory(asset=asset)
    assert queries() == first


def test_export_has_all_rows_and_money_only_for_who_sees_it(client_of, insured, tmp_path):
    claim_of(insured, payout=Decimal("1200.50"))
    person = f.MembershipFactory(company=insured.company, role=Role.INSURANCE).user

    def cells(user):
        answer = client_of(user).get(f"{LIST}szkody.xlsx")
        path = tmp_path / "x.xlsx"
        path.write_bytes(b"".join(answer))
        book = openpyxl.load_workbook(path)
        return [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]

    assert 1200.5 in cells(insured.user)
    assert 1200.5 not in cells(person)


def test_list_shows_no_other_company(login, insured):
    ClaimFactory()

    assert login(insured.user).get(LIST).context["lines"] == []


# --- one claim ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(ClaimStatus))
def test_page_says_who_must_act_in_every_state(login, insured, status):
    row = claim_of(insured, status=status, insurer=InsurerFactory())

    text = login(insured.user).get(page_of(row)).content.decode()

    assert "Kto teraz działa" in text
    assert text.count("<h1") == 1


def test_stranger_finds_nothing_and_roles_are_refused(client_of, insured):
    row = claim_of(insured)
    stranger = client_of(f.MembershipFactory(role=Role.OWNER).user)
    finance = client_of(f.MembershipFactory(company=insured.company, role=Role.FINANCE).user)

    for address in (page_of(row), f"{page_of(row)}zgloszona/"):
        assert stranger.get(address).status_code == 404
        assert finance.get(address).status_code == 403
    for address in (f"{page_of(row)}pliki/", f"{page_of(row)}wycofaj/"):
        assert stranger.post(address).status_code == 404
        assert finance.post(address).status_code == 403
        assert client_of(insured.user).get(address).status_code == 405


def test_claim_is_withdrawn_once(login, insured):
    row = claim_of(insured)
    browser = login(insured.user)

    for _n in range(2):
        assert browser.post(f"{page_of(row)}wycofaj/").status_code == 302

    row.refresh_from_db()
    assert (row.status, row.steps.count()) == (ClaimStatus.WITHDRAWN, 1)
    assert "Chcę wycofać" not in browser.get(page_of(row)).content.decode()


def test_files_are_added_and_read_once_clean(login, insured):
    row = claim_of(insured)
    browser = login(insured.user)

    browser.post(f"{page_of(row)}pliki/", {"pictures": [photo(), photo("b.jpg")]})

    file = row.files.order_by("pk").first()
    address = f"{LIST}pliki/{file.public_id}/"
    assert row.files.count() == 2
    answer = browser.get(address)
    assert b"".join(answer).startswith(b"\xff\xd8")
    assert AuditEntry.objects.filter(event="claim_file_read").count() == 1
    ClaimFile.objects.filter(pk=file.pk).update(scan=Scan.INFECTED)
    assert browser.get(address).status_code == 404
    assert "wirus" in browser.get(page_of(row)).content.decode()


def test_bad_file_is_said_on_the_page(login, insured):
    row = claim_of(insured)

    page = login(insured.user).post(f"{page_of(row)}pliki/", {}, follow=True)

    assert "Wybierz plik." in page.content.decode()
    assert not row.files.exists()


def test_nothing_is_added_to_what_has_ended(login, insured):
    row = claim_of(insured, status=ClaimStatus.CLOSED)

    page = login(insured.user).post(f"{page_of(row)}pliki/", {"pictures": [photo()]}, follow=True)

    assert "zakończona" in page.content.decode()
    assert not row.files.exists()


def test_note_of_staff_is_read_and_their_name_is_not(login, insured, clerk):
    row = claim_of(insured)
    claims.move(
        row,
        to=ClaimStatus.REGISTERED,
        actor=clerk,
        at=timezone.now(),
        note="Rzeczoznawca zadzwoni jutro.",
        insurer=InsurerFactory(),
        insurer_number="U/77",
    )

    text = login(insured.user).get(page_of(row)).content.decode()

    assert "Rzeczoznawca zadzwoni jutro." in text
    assert "U/77" in text
    assert clerk.username not in text


def test_partial_claim_leads_to_the_authorisation(client_of, insured):
    row = claim_of(insured, status=ClaimStatus.PARTIAL, insurer=InsurerFactory())
    address = client_of(insured.user).get(page_of(row)).context["authorise_url"]

    assert urlsplit(address).path == "/wnioski/nowy/claim-payout/"
    asked = parse_qs(urlsplit(address).query)
    assert asked == {"przedmiot": ["WX 12345"], "claim": [str(row.public_id)]}
    helper = f.MembershipFactory(company=insured.company, role=Role.INSURANCE).user
    page = client_of(helper).get(page_of(row))
    assert page.context["authorise_url"] == ""
    assert "zaległości" in page.content.decode()


def test_contract_that_went_to_another_is_not_linked(login, insured):
    row = claim_of(insured)
    insured.contract.company = f.CompanyFactory()
    insured.contract.save()

    text = login(insured.user).get(page_of(row)).content.decode()

    assert insured.contract.number in text
    assert f"/umowy/{insured.contract.public_id}/" not in text


# --- the vehicle -------------------------------------------------------------------------------


def test_vehicle_shows_open_claims_and_the_way_to_report(client_of, insured):
    opened = claim_of(insured)
    ended = claim_of(insured, status=ClaimStatus.CLOSED)
    address = f"/pojazdy/{insured.asset.public_id}/"

    text = client_of(insured.user).get(address).content.decode()

    assert opened.reference in text
    assert ended.reference not in text
    assert f"/ubezpieczenia/szkody/nowa/?przedmiot={insured.asset.public_id}" in text
    finance = f.MembershipFactory(company=insured.company, role=Role.FINANCE).user
    assert opened.reference not in client_of(finance).get(address).content.decode()


def test_unclean_file_of_staff_waits_too(login, insured, clerk, settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    row = claim_of(insured, happened_at=timezone.now() - dt.timedelta(days=3))
    from eboks.onboarding.scans import Scan as Picture

    file = claim_files.attach(
        claim=row,
        author=clerk,
        picture=Picture(b"%PDF-1.4", "application/pdf", "pdf"),
        file_name="wycena.pdf",
        at=timezone.now(),
        from_staff=True,
    )

    assert login(insured.user).get(f"{LIST}pliki/{file.public_id}/").status_code == 404

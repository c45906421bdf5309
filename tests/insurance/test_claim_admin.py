"""Back office of claims: the queue, one page to lead each, files that are audited."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.clock import today
from insurance.enums import CLAIM_STEPS, ClaimStatus
from insurance.models import ClaimFile
from tests import factories as f
from tests.factories import PASSWORD
from tests.insurance.conftest import photo
from tests.insurance.factories import ClaimFactory, InsurerFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:insurance_claim_changelist")


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def claim_of(insured, **other):
    return ClaimFactory(asset=insured.asset, author=insured.user, **other)


def page_of(claim):
    return reverse("admin:insurance_claim_change", args=[claim.pk])


def step_of(claim, to):
    return reverse("admin:insurance_claim_step", args=[claim.pk, to])


def owes(insured):
    day = today() - dt.timedelta(days=20)
    invoice = f.InvoiceFactory(contract=insured.contract)
    f.ReceivableItemFactory(invoice=invoice, nominal_due_on=day, effective_due_on=day)


def test_queue_opens_with_open_claims_the_oldest_first(office, insured):
    at = timezone.now()
    newer = claim_of(insured, changed_at=at)
    older = claim_of(insured, changed_at=at - dt.timedelta(days=1), status=ClaimStatus.REGISTERED)
    ended = claim_of(insured, status=ClaimStatus.CLOSED)

    def shown(query=""):
        return [row.pk for row in office.get(LIST + query).context["cl"].result_list]

    assert shown() == [older.pk, newer.pk]
    assert shown("?kolejka=nowe") == [newer.pk]
    assert shown("?kolejka=zakonczone") == [ended.pk]
    assert set(shown("?kolejka=wszystkie")) == {older.pk, newer.pk, ended.pk}
    assert shown(f"?q={newer.reference}") == [newer.pk]
    assert shown("?kolejka=wszystkie&status__exact=closed") == [ended.pk]


@pytest.mark.parametrize("status", list(ClaimStatus))
def test_page_offers_the_possible_states_alone(office, insured, status):
    claim = claim_of(insured, status=status)

    forms = office.get(page_of(claim)).context["step_forms"]

    possible = {to for to, sources in CLAIM_STEPS.items() if status in sources}
    assert {form.to for form in forms} == possible - {ClaimStatus.WITHDRAWN}


def test_claim_is_led_to_its_payout(office, insured, clerk):
    claim = claim_of(insured)
    insurer = InsurerFactory()
    for to, data in (
        ("registered", {"insurer": insurer.pk, "insurer_number": "U/77", "note": "Zadzwonią."}),
        ("inspection", {}),
        ("partial", {"repair_cost": "4 300,50", "deductible": ""}),
        ("authorised", {}),
        ("paid", {"payout": "4100,00", "downtime_days": "5"}),
        ("closed", {}),
    ):
        assert office.post(step_of(claim, to), data).url == page_of(claim)

    claim.refresh_from_db()
    assert (claim.status, claim.insurer, claim.insurer_number) == ("closed", insurer, "U/77")
    assert (claim.repair_cost, claim.payout) == (Decimal("4300.50"), Decimal("4100.00"))
    assert (claim.deductible, claim.downtime_days) == (None, 5)
    steps = list(claim.steps.order_by("pk"))
    assert [row.after for row in steps][-1] == "closed"
    assert {row.actor for row in steps} == {clerk}
    assert steps[0].note == "Zadzwonią."


@pytest.mark.parametrize(
    ("status", "to", "data"),
    [
        ("reported", "registered", {}),
        ("reported", "paid", {"payout": "1"}),
        ("partial", "paid", {}),
        ("partial", "paid", {"payout": "dużo"}),
        ("partial", "paid", {"payout": "-1"}),
        ("partial", "paid", {"payout": "0,001"}),
        ("reported", "withdrawn", {}),
    ],
)
def test_wrong_step_changes_nothing_and_says_why(office, insured, status, to, data):
    claim = claim_of(insured, status=status)

    page = office.post(step_of(claim, to), data, follow=True)

    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    claim.refresh_from_db()
    assert (claim.status, claim.steps.count()) == (status, 0)


def test_step_pressed_twice_is_one(office, insured):
    claim = claim_of(insured, status=ClaimStatus.REGISTERED)

    for _n in range(2):
        office.post(step_of(claim, "inspection"))

    assert claim.steps.count() == 1


def test_staff_cannot_authorise_with_arrears(office, insured):
    claim = claim_of(insured, status=ClaimStatus.PARTIAL)
    owes(insured)

    assert "upoważnienia teraz nie można wydać" in office.get(page_of(claim)).content.decode()
    page = office.post(step_of(claim, "authorised"), follow=True)

    assert "Są zaległości" in page.content.decode()
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.PARTIAL
    office.post(step_of(claim, "withheld"))
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.WITHHELD


def test_files_go_both_ways_and_reading_is_audited(office, insured):
    claim = claim_of(insured)
    office.post(
        reverse("admin:insurance_claim_add_files", args=[claim.pk]), {"pictures": [photo()]}
    )
    file = claim.files.get()
    address = reverse("admin:insurance_claim_file", args=[claim.pk, file.pk])

    assert file.from_staff
    assert b"".join(office.get(address)).startswith(b"\xff\xd8")
    assert AuditEntry.objects.filter(event="claim_file_read").count() == 1
    ClaimFile.objects.update(scan="infected")
    assert office.get(address).status_code == 302
    assert office.get(address.replace(f"/{file.pk}/", "/999999/")).status_code == 404


def test_who_only_looks_changes_nothing(client_of, insured):
    looker = client_of(
        create_staff(
            username="Z-look", email="look@lessor.example", role=StaffRole.VIEW, password=PASSWORD
        )
    )
    claim = claim_of(insured)

    assert looker.get(page_of(claim)).context["step_forms"] == []
    assert looker.post(step_of(claim, "registered")).status_code == 403
    add = reverse("admin:insurance_claim_add_files", args=[claim.pk])
    assert looker.post(add, {"pictures": [photo()]}).status_code == 403


def test_client_finds_no_back_office(login, insured):
    claim = claim_of(insured)
    browser = login(insured.user)

    assert browser.get(page_of(claim)).status_code == 404
    assert browser.post(step_of(claim, "registered")).status_code == 404


def test_addresses_take_only_their_method_and_known_states(office, insured):
    claim = claim_of(insured)

    assert office.get(step_of(claim, "registered")).status_code == 405
    assert office.post(step_of(claim, "bzdura")).status_code == 404
    assert office.post(
        step_of(claim, "registered").replace(str(claim.pk), "9" * 20)
    ).status_code in (
        404,
        302,
    )

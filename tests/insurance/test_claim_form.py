"""The form of a damage: what it asks, what it refuses, what it keeps."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from eboks.tenancy.rights import Role
from insurance.enums import Risk
from insurance.models import Claim
from tests import factories as f
from tests.insurance.conftest import NOW, photo
from tests.insurance.factories import ClaimContactFactory, PolicyFactory

pytestmark = pytest.mark.django_db

PAGE = "/ubezpieczenia/szkody/nowa/"


@pytest.fixture(autouse=True)
def _now(time_machine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)  # 11:00 in Warsaw


def typed(**other):
    return {
        "form_key": str(uuid.uuid4()),
        "kind": "collision",
        "is_drivable": "on",
        "description": "Uderzenie w tył.",
        "happened_on": "2026-11-26",
        "happened_time": "10:30",
        "place": "A2, km 120",
        "country": "PL",
        "fault": "own",
        "contact_name": "Anna Żuk",
        "contact_phone": "+48 601 234 741",
        **other,
    }


def errors(page) -> list[str]:
    return list(page.context["form"].errors)


def test_page_puts_112_first_and_fills_in_the_person(login, insured):
    insured.user.phone = "+48601234741"
    insured.user.save()

    text = login(insured.user).get(PAGE).content.decode()

    assert text.index("tel:112") < text.index('<form class="form"')
    assert 'value="Anna Żuk"' in text
    assert 'value="+48601234741"' in text
    assert text.count("<h1") == 1


def test_report_leads_to_the_number_and_the_phone(login, insured):
    policy = PolicyFactory(asset=insured.asset, risks=[Risk.AC])
    ClaimContactFactory(insurer=policy.insurer, phone="+48 22 111 11 11")
    ClaimContactFactory(insurer=policy.insurer, risk=Risk.AC, phone="+48 22 222 22 22")
    browser = login(insured.user)

    page = browser.post(
        f"{PAGE}?przedmiot={insured.asset.public_id}",
        typed(pictures=[photo(), photo("b.jpg")]),
        follow=True,
    )

    claim = Claim.objects.get()
    assert page.redirect_chain == [(f"/ubezpieczenia/szkody/{claim.public_id}/zgloszona/", 302)]
    text = page.content.decode()
    for said in (claim.reference, "tel:+48222222222", policy.number, "Dołączono 2 pliki"):
        assert said in text
    assert "111 11 11" not in text
    assert (claim.asset, claim.files.count(), claim.injured) == (insured.asset, 2, False)


def test_sent_twice_is_one_claim(login, insured):
    data = typed()
    browser = login(insured.user)

    answers = [browser.post(PAGE, data) for _n in range(2)]

    assert answers[0].url == answers[1].url
    assert Claim.objects.count() == 1


def test_one_asset_needs_no_choice_and_many_are_found_by_what_people_know(login, insured):
    browser = login(insured.user)
    assert "subject" not in browser.get(PAGE).context["form"].fields
    other = f.AssetFactory(contract=insured.contract, plate="PO 77777")

    assert errors(browser.post(PAGE, typed())) == ["subject"]
    assert errors(browser.post(PAGE, typed(subject="XX 00000"))) == ["subject"]
    assert errors(browser.post(PAGE, typed(subject="OL/2026/1"))) == ["subject"]  # two of them
    assert browser.post(PAGE, typed(subject="po77777")).status_code == 302
    assert Claim.objects.get().asset == other


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "war"}, "kind"),
        ({"description": " "}, "description"),
        ({"place": ""}, "place"),
        ({"country": "XX"}, "country"),
        ({"happened_on": "2026-11-27"}, "happened_on"),
        ({"happened_time": "11:01"}, "happened_time"),
        ({"happened_on": "2025-12-09"}, "happened_on"),
        ({"happened_on": "jutro"}, "happened_on"),
        ({"contact_phone": "numer"}, "contact_phone"),
        ({"fault": "nobody"}, "fault"),
    ],
)
def test_form_says_what_is_wrong(login, insured, other, field):
    page = login(insured.user).post(PAGE, typed(**other))

    assert errors(page) == [field]
    assert not Claim.objects.exists()


def test_bad_file_is_named_and_the_rest_stays(login, insured):
    fake = SimpleUploadedFile("oświadczenie.pdf", b"MZ not a pdf")

    page = login(insured.user).post(PAGE, typed(place="Droga do Żar", pictures=[photo(), fake]))

    text = page.content.decode()
    assert errors(page) == ["pictures"]
    assert "oświadczenie.pdf: " in text
    assert 'value="Droga do Żar"' in text
    assert not Claim.objects.exists()


def test_more_than_ten_files_are_refused(login, insured):
    page = login(insured.user).post(PAGE, typed(pictures=[photo(f"{n}.jpg") for n in range(11)]))

    assert errors(page) == ["pictures"]


def test_asset_of_a_stranger_is_not_found(login, insured):
    other = f.AssetFactory(plate="PO 12345")
    f.AssetFactory(contract=insured.contract)
    browser = login(insured.user)

    page = browser.post(f"{PAGE}?przedmiot={other.public_id}", typed(subject="PO 12345"))

    assert errors(page) == ["subject"]
    assert "Scania" not in browser.get(f"{PAGE}?przedmiot={other.public_id}").content.decode()


@pytest.mark.parametrize("role", [Role.FINANCE, Role.DRIVER, Role.READ_ONLY])
def test_role_without_the_right_is_refused(login, insured, role):
    person = f.MembershipFactory(company=insured.company, role=role).user
    browser = login(person)

    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, typed()).status_code == 403


def test_injured_are_shown_112_again(login, insured):
    page = login(insured.user).post(PAGE, typed(injured="on"), follow=True)

    assert "tel:112" in page.content.decode()


def test_fault_of_another_is_paid_from_their_oc(login, insured):
    PolicyFactory(asset=insured.asset, risks=[Risk.AC])

    page = login(insured.user).post(PAGE, typed(fault="other"), follow=True)

    assert "OC sprawcy" in page.content.decode()

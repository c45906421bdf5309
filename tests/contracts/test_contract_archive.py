"""„Zabierz wszystko”: one archive holds what every domain knows of a contract."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from django.utils import timezone

from contracts import contract_archive
from contracts.contract_archive import Part
from eboks.exports import making
from eboks.exports.models import ExportFile, ExportState
from eboks.tenancy.rights import Right, Role
from tests import factories as f
from tests.invoicing.test_invoice_zip import AT, invoice, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "documents"
    f.LessorFactory()


@pytest.fixture
def contract():
    made = f.ContractFactory(number="OL/2025/7")
    f.AssetFactory(contract=made, plate="WGM 7H42")
    for number in (1, 2):
        version = f.ScheduleVersionFactory(contract=made, number=number, is_current=number == 2)
        f.ScheduleRowFactory(version=version, n=1)
    return made


def made(contract, user, *, make=True):
    file = ExportFile.objects.create(
        owner=user,
        company=contract.company,
        kind=contract_archive.KIND,
        params={"contract": str(contract.public_id)},
        title="x",
        ordered_at=AT,
        expires_at=AT,
    )
    making.make(file_id=file.pk, now=timezone.now)
    file.refresh_from_db()
    return file


def unpacked(file, settings):
    archive = zipfile.ZipFile(io.BytesIO((settings.MEDIA_ROOT / file.storage_name).read_bytes()))
    assert archive.testzip() is None
    return archive


def test_archive_holds_everything_and_a_manifest(contract, settings):
    member = f.MembershipFactory(company=contract.company)
    one = invoice(member, "FV/1", contract=contract, xml=True)
    f.ReceivableItemFactory(invoice=one)
    f.PaymentFactory(company=contract.company, contract=contract)
    invoice(member, "FV/INNA")
    stored(one, f"contract:{contract.public_id}:protokol", b"%PDF-1 p", "protokół odbioru.pdf")

    file = made(contract, member.user)

    assert (file.state, file.error) == (ExportState.READY, "")
    assert file.file_name == "umowa OL-2025-7.zip"
    assert file.reach == {str(contract.company_id): None}
    archive = unpacked(file, settings)
    assert archive.namelist() == [
        "OPIS.txt",
        "Umowa/umowa OL-2025-7.xlsx",
        "Harmonogramy/harmonogram OL-2025-7 w1.xlsx",
        "Harmonogramy/harmonogram OL-2025-7 w2.xlsx",
        "Dokumenty/protokół odbioru.pdf",
        "Faktury/Faktura FV-1.pdf",
        "Faktury/Faktura FV-1.xml",
        "Faktury/manifest.csv",
        "Rozrachunki/należności OL-2025-7.xlsx",
        "Rozrachunki/wpłaty OL-2025-7.xlsx",
        "manifest.csv",
    ]
    rows = list(
        csv.reader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig")), delimiter=";")
    )
    assert [row[0] for row in rows[1:]] == archive.namelist()[1:-1]
    assert all(len(row[1]) == 64 for row in rows[1:])


def test_missing_document_is_a_line(contract, settings):
    member = f.MembershipFactory(company=contract.company)
    lost = invoice(member, "FV/1", contract=contract)
    (settings.MEDIA_ROOT / lost.pdf.storage_name).unlink()

    archive = unpacked(made(contract, member.user), settings)

    assert "FV/1: BRAK PLIKU PDF" in archive.read("BRAKI.txt").decode()
    assert "BRAK PLIKU PDF" in archive.read("manifest.csv").decode()


def test_later_domain_adds_its_own_files(contract, settings, monkeypatch):
    monkeypatch.setattr(contract_archive, "_parts", dict(contract_archive._parts))

    def fill(shelf):
        shelf.add("../polisa.pdf", b"%PDF-1")
        yield
        shelf.miss("szkoda.pdf", "nie ma")
        yield

    for name, right in (("insurance", Right.VIEW_INSURANCE), ("drivers", Right.MANAGE_PEOPLE)):
        contract_archive.add_part(
            Part(
                name=name,
                place=90,
                folder=name,
                right=right,
                fill=fill,
                count=lambda contract: 2,
            )
        )
    member = f.MembershipFactory(company=contract.company, role=Role.SIGNATORY)

    names = unpacked(made(contract, member.user), settings).namelist()

    assert "insurance/polisa.pdf" in names
    assert not [name for name in names if name.startswith("drivers/")]


def test_contract_out_of_reach_gives_no_archive(contract):
    limited = f.MembershipFactory(company=contract.company, role=Role.FINANCE, is_limited=True)

    for user in (limited.user, f.MembershipFactory().user):
        file = made(contract, user)
        assert file.state == ExportState.FAILED
        assert file.storage_name == ""


def test_archive_is_ordered_on_the_page_of_documents(login, contract):
    member = f.MembershipFactory(company=contract.company)
    browser = login(member.user)
    page = browser.get(f"/umowy/{contract.public_id}/dokumenty/").content.decode()
    assert "Zamów archiwum" in page

    response = browser.post(f"/umowy/{contract.public_id}/zabierz/")

    assert response.url == "/moje-pliki/"
    file = ExportFile.objects.get()
    assert (file.title, file.company) == ("Archiwum umowy OL/2025/7", contract.company)


def test_who_may_order(client_of, contract):
    url = f"/umowy/{contract.public_id}/zabierz/"
    fleet = f.MembershipFactory(company=contract.company, role=Role.FLEET)
    limited = f.MembershipFactory(company=contract.company, role=Role.FINANCE, is_limited=True)

    assert client_of(fleet.user).post(url).status_code == 403
    assert client_of(limited.user).post(url).status_code == 404
    assert client_of(f.MembershipFactory().user).post(url).status_code == 404
    assert not ExportFile.objects.exists()

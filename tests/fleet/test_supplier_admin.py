"""Templates of suppliers in the back office: mapping, trying on a sample, storing."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contracts.fleet.enums import ImportState
from contracts.fleet.models import FuelTransaction, SupplierImport, SupplierTemplate
from eboks.accounts.staff import StaffRole
from tests.admin.conftest import office, staff_of  # noqa: F401 -- fixtures
from tests.factories import AssetFactory, LessorFactory, MembershipFactory
from tests.fleet import supplier_layouts as layouts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "store")
    LessorFactory()


@pytest.fixture
def template():
    AssetFactory(plate="WGM00001")
    return layouts.cards_template()


def page(name, *args):
    return reverse(f"admin:fleet_{name}", args=args)


def base(**given):
    return {
        "name": "Karty Orzeł",
        "supplier": "orzel",
        "target": "toll",
        "file_format": "csv",
        "sheet": "",
        "encoding": "utf-8-sig",
        "delimiter": ";",
        "skip_rows": "0",
        "decimal_comma": "on",
        "date_format": "%d.%m.%Y",
        "time_format": "%H:%M",
        "is_active": "on",
        **given,
    }


MAPPED = {
    "column_plate": "Nr rej.",
    "column_on": "A",
    "column_kind": "Rodzaj",
    "words_kind": "Autostrada = toll\n\nParking płatny = parking",
    "fixed_provider": "Orzeł",
    "column_net": "Netto",
    "column_amount": "AA",
}


def sample(office, template, *rows, name="karty.csv"):  # noqa: F811 -- a fixture's value
    content = layouts.cards_file(*(rows or [layouts.cards_row()])).getvalue()
    return office.post(
        page("suppliertemplate_sample", template.pk), {"file": SimpleUploadedFile(name, content)}
    )


def test_template_is_added_first_and_mapped_then(office):  # noqa: F811
    response = office.post(page("suppliertemplate_add"), base())
    template = SupplierTemplate.objects.get()
    change = page("suppliertemplate_change", template.pk)
    assert response.url == change
    text = office.get(change).content.decode()
    assert "Szablon nie jest gotowy" in text
    assert "Sprawdź na próbce" not in text

    response = office.post(change, base(**MAPPED))

    assert response.status_code == 302
    template.refresh_from_db()
    assert template.columns == {
        "plate": {"column": "Nr rej."},
        "on": {"column": "A"},
        "kind": {"column": "Rodzaj"},
        "provider": {"fixed": "Orzeł"},
        "net": {"column": "Netto"},
        "amount": {"column": "AA"},
    }
    assert template.words == {"kind": {"Autostrada": "toll", "Parking płatny": "parking"}}
    text = office.get(change).content.decode()
    assert "Sprawdź na próbce" in text
    assert "Autostrada = toll" in text
    assert 'value="Nr rej."' in text


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"column_plate": ""}, "column_plate", "Ta kolumna jest wymagana."),
        ({"column_provider": "X"}, "column_provider", "Podaj nagłówek albo stałą wartość"),
        ({"words_kind": "Autostrada"}, "words_kind", "Wiersz 1: napisz „słowo = wartość”."),
        ({"words_kind": "A = toll\nB = nic"}, "words_kind", "Wiersz 2: nie ma wartości „nic”."),
        ({"words_kind": "A = toll\na = fine"}, "words_kind", "Wiersz 2: to słowo jest już wyżej."),
        ({"words_currency": "zł = złote"}, "words_currency", "nie ma wartości"),
        ({"fixed_currency": "złote"}, "fixed_currency", "Nieznane słowo"),
        ({"date_format": "dzień"}, "date_format", "Nie rozumiem tego zapisu"),
        ({"date_format": "%d.%m.%Q"}, "date_format", "Nie rozumiem tego zapisu"),
        ({"time_format": "%H"}, "time_format", "Nie rozumiem tego zapisu"),
        ({"supplier": "x" * 22}, "supplier", "najwyżej 21 znaków"),
    ],
)
def test_wrong_line_is_told_beside_it_and_kept(office, given, field, said):  # noqa: F811
    office.post(page("suppliertemplate_add"), base())
    template = SupplierTemplate.objects.get()

    response = office.post(page("suppliertemplate_change", template.pk), base(**MAPPED) | given)

    form = response.context["adminform"].form
    assert said in " ".join(form.errors[field])
    text = response.content.decode()
    assert "Nr rej." in text or field == "column_plate"
    template.refresh_from_db()
    assert template.columns == {}


def test_what_is_read_and_the_code_of_a_used_template_stay(office, template):  # noqa: F811
    sample(office, template)

    office.post(
        page("suppliertemplate_change", template.pk),
        base(name="Nowa nazwa", supplier="inny", target="toll")
        | {f"column_{name}": given["column"] for name, given in template.columns.items()},
    )

    template.refresh_from_db()
    assert (template.name, template.supplier, template.target) == ("Nowa nazwa", "orzel", "fuel")


def test_sample_is_shown_and_then_stored(office, template):  # noqa: F811
    assert office.get(page("suppliertemplate_sample", template.pk)).status_code == 200

    response = sample(office, template)
    row = SupplierImport.objects.get()
    assert response.url == page("supplierimport_change", row.pk)
    text = office.get(response.url).content.decode()
    for part in ("WGM00001", "…4417", "2026-11-03 14:22", "olej napędowy", "1549,80", "Wczytaj"):
        assert part in text
    assert "78951200" not in text
    assert not FuelTransaction.objects.exists()

    response = office.post(page("supplierimport_apply", row.pk), follow=True)

    assert "Wczytane. Nowe: 1, już znane: 0." in response.content.decode()
    assert FuelTransaction.objects.count() == 1
    response = office.post(page("supplierimport_apply", row.pk), follow=True)
    assert "nie można wczytać" in response.content.decode()
    assert FuelTransaction.objects.count() == 1


def test_same_file_is_refused_on_the_page(office, template):  # noqa: F811
    sample(office, template)
    office.post(page("supplierimport_apply", SupplierImport.objects.get().pk))

    response = sample(office, template)

    assert response.status_code == 200
    assert "Ten sam plik jest już wczytany." in response.content.decode()


def test_problems_are_shown_and_downloaded_safely(office, template):  # noqa: F811
    hostile = layouts.cards_row().replace("ON EKODIESEL", "=cmd()<script>")
    response = sample(office, template, layouts.cards_row("WX9999"), hostile)
    row = SupplierImport.objects.get()

    text = office.get(response.url).content.decode()
    assert "Nie ma pojazdu o takim numerze rejestracyjnym." in text
    assert "<script>" not in text.partition("Błędy")[2].partition("</section>")[0]
    assert page("supplierimport_apply", row.pk) not in text

    answer = office.get(page("supplierimport_problems", row.pk))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == '"Wiersz";"Kolumna";"Wartość";"Powód"'
    assert lines[2].startswith(""""7";"produkt";"'=cmd()<script>";""")
    assert "attachment" in answer["Content-Disposition"]


def test_file_is_dropped(office, template):  # noqa: F811
    sample(office, template)
    row = SupplierImport.objects.get()

    office.post(page("supplierimport_drop", row.pk))

    row.refresh_from_db()
    assert (row.state, row.storage_name) == (ImportState.DROPPED, "")


def test_template_out_of_use_is_refused(office, template):  # noqa: F811
    SupplierTemplate.objects.update(is_active=False)

    response = sample(office, template)

    assert "Ten szablon nie jest w użyciu." in response.content.decode()
    assert not SupplierImport.objects.exists()


def test_file_that_is_missing_or_empty_is_told(office, template):  # noqa: F811
    where = page("suppliertemplate_sample", template.pk)

    assert office.post(where).context["form"].errors["file"]
    empty = {"file": SimpleUploadedFile("x.csv", b"")}
    assert office.post(where, empty).context["form"].errors["file"]
    assert office.get(page("suppliertemplate_sample", 10**6)).status_code == 404


def test_viewer_neither_tries_nor_stores(client, staff_of, office, template):  # noqa: F811
    sample(office, template)
    row = SupplierImport.objects.get()
    client.force_login(staff_of(StaffRole.VIEW))

    assert client.get(page("suppliertemplate_sample", template.pk)).status_code == 403
    assert sample(client, template).status_code == 403
    for step in ("apply", "drop"):
        assert client.get(page(f"supplierimport_{step}", row.pk)).status_code == 405
        assert client.post(page(f"supplierimport_{step}", row.pk)).status_code == 403
    answer = client.get(page("supplierimport_problems", row.pk))
    assert "Powód" in b"".join(answer.streaming_content).decode()
    text = client.get(page("suppliertemplate_change", template.pk)).content.decode()
    assert "Sprawdź na próbce" not in text
    assert "Wczytaj" not in client.get(page("supplierimport_change", row.pk)).content.decode()


def test_finance_neither_tries_nor_stores(client, staff_of, template):  # noqa: F811
    client.force_login(staff_of(StaffRole.FINANCE))

    assert sample(client, template).status_code == 403


def test_client_finds_nothing(client, template):
    client.force_login(MembershipFactory().user)

    for name in ("suppliertemplate_changelist", "supplierimport_changelist"):
        assert client.get(page(name)).status_code == 404
    assert client.get(page("suppliertemplate_sample", template.pk)).status_code == 404
    assert client.post(page("supplierimport_apply", 1)).status_code == 404

"""Fee tables out of a file: whole or not at all; closed once they are in force; the public page."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from eboks.portal.demo.fees import TABLES, load_fee_tables
from invoicing import fee_page, fees
from invoicing.fee_tables import COLUMNS, FeeTableError, NewTable, copy_table, import_table
from invoicing.models import Charge, FeeLine, FeeTable
from tests.factories import CompanyFactory, LessorFactory, UserFactory
from tests.invoicing.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db

HEAD = ";".join(COLUMNS)
GOOD = "opinion;Opinia;online;fixed;50,00;;;;;;23;za dokument;;;"
ABOUT = NewTable(version="2026-08", title="Tabela", valid_from=dt.date(2026, 8, 1))


def load(*lines, about=ABOUT, head=HEAD, encoding="utf-8-sig"):
    content = "\n".join([head, *lines, ""]).encode(encoding)
    return import_table(content=content, about=about, at=NOW)


def problems(*lines, **kwargs):
    with pytest.raises(FeeTableError) as caught:
        load(*lines, **kwargs)
    assert not FeeTable.objects.exists()
    assert not FeeLine.objects.exists()
    return " ".join(caught.value.problems)


# --- the file ------------------------------------------------------------------------------------


def test_file_becomes_a_table():
    table = load(
        GOOD,
        "opinion;Opinia;paper;fixed;50.00;;;;;;23;za dokument;uwaga;;",
        "instalment_change;Zmiana raty;online;percent;;;3;raty;15;100;23;;;;",
        "paper_invoice;Faktura papierowa;paper;per_month;15;;;;;;23;;;1;4",
        "paper_invoice;Faktura papierowa;paper;per_month;1 000,50;;;;;;23;;;5;",
    )

    assert table.lines.count() == 5
    percent = table.lines.get(code="instalment_change")
    assert (percent.percent, percent.minimum, percent.maximum) == (3, 15, 100)
    assert table.lines.get(contracts_from=5).net == Decimal("1000.50")
    assert fees.line(code="opinion", channel="paper", on=dt.date(2026, 8, 1)).note == "uwaga"


def test_same_version_is_not_loaded_twice():
    load(GOOD)

    with pytest.raises(FeeTableError):
        load(GOOD)
    assert FeeTable.objects.count() == FeeLine.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("opinion;Opinia;online;fixed;;;;;;;23;;;;", "net"),
        ("opinion;Opinia;online;fixed;-5;;;;;;23;;;;", "net"),
        ("opinion;Opinia;online;fixed;abc;;;;;;23;;;;", "abc"),
        ("opinion;Opinia;online;fixed;NaN;;;;;;23;;;;", "NaN"),
        ("opinion;Opinia;online;fixed;5,005;;;;;;23;;;;", "5,005"),
        ("opinion;Opinia;online;fixed;5;9;;;;;23;;;;", "net_to"),
        ("opinion;Opinia;online;range;9;5;;;;;23;;;;", "od"),
        ("opinion;Opinia;online;range;9;;;;;;23;;;;", "net_to"),
        ("opinion;Opinia;online;percent;;;;;;;23;;;;", "percent"),
        ("opinion;Opinia;fax;fixed;5;;;;;;23;;;;", "online"),
        ("opinion;Opinia;online;gift;5;;;;;;23;;;;", "fixed"),
        ("Opinia!;Opinia;online;fixed;5;;;;;;23;;;;", "kod"),
        ("opinion;;online;fixed;5;;;;;;23;;;;", "title"),
        ("opinion;Opinia;online;fixed;5;;;;;;23;;;x;", "contracts_from"),
        ("opinion;Opinia;online;fixed;5;;;;;;23;;;5;4", "od"),
        ("opinion;Opinia;online;fixed;99999999999999;;;;;;23;;;;", "net"),
        ("opinion;Opinia;online", "kolumn"),
        ("opinion;Opinia;online;fixed;5;;;;;;23;;;;;nadto", "kolumn"),
        ('opinion;"Opinia;online;fixed;5', "2"),
    ],
)
def test_one_wrong_line_refuses_the_whole_file(line, word):
    told = problems(GOOD.replace("opinion", "other"), line)

    assert word in told
    assert "Wiersz" in told


def test_every_problem_is_named_with_its_line():
    told = problems("a;A;x;fixed;5;;;;;;23;;;;", GOOD, "b;B;online;fixed;zł;;;;;;23;;;;")

    assert "Wiersz 2" in told
    assert "Wiersz 4" in told


def test_fee_named_twice_and_tiers_that_overlap_are_refused():
    assert "Wiersz 3" in problems(GOOD, GOOD)
    tier = "p;P;paper;per_month;15;;;;;;23;;;{};{}"
    assert "progi" in problems(tier.format(1, 5), tier.format(5, 9))
    assert "progi" in problems(tier.format(1, ""), tier.format(5, 9))


def test_other_files_are_refused():
    assert "kolumny" in problems(GOOD, head="a;b;c")
    assert "żadnej" in problems()
    assert "UTF-8" in problems(GOOD.replace("Opinia", "Zażółć"), encoding="cp1250")
    assert "1 MB" in problems(*[GOOD + "x" * 1000] * 1001)


def test_days_out_of_order_are_refused():
    about = NewTable(
        version="x", title="X", valid_from=dt.date(2026, 8, 2), valid_to=dt.date(2026, 8, 1)
    )

    problems(GOOD, about=about)


def test_command_loads_the_file_and_names_problems(tmp_path, capsys):
    file = tmp_path / "oplaty.csv"
    file.write_text(f"{HEAD}\n{GOOD}\n")
    given = [str(file), "--version", "2026-08", "--valid-from", "2026-08-01"]

    call_command("import_fees", *given)

    table = FeeTable.objects.get()
    assert (table.version, table.valid_from, table.lines.count()) == (
        "2026-08",
        dt.date(2026, 8, 1),
        1,
    )
    assert "2026-08" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("import_fees", *given)
    with pytest.raises(CommandError, match="odczytać"):
        call_command("import_fees", "nie-ma.csv", *given[1:])


def test_copy_is_the_same_and_starts_later():
    table = load(GOOD, "duplicate;Duplikat;paper;fixed;50;;;;;;23;;;;")

    made = copy_table(
        table=table, version="2027-01", valid_from=dt.date(2027, 1, 1), actor=None, at=NOW
    )

    assert list(made.lines.values_list("code", "net")) == list(
        table.lines.values_list("code", "net")
    )
    with pytest.raises(FeeTableError):
        copy_table(table=table, version="2027-01", valid_from=TODAY, actor=None, at=NOW)


def test_sample_in_the_docs_and_tables_of_the_demo_load():
    load_fee_tables(at=NOW)
    load_fee_tables(at=NOW)
    sample = (Path(settings.BASE_DIR) / "docs" / "fees" / "sample.csv").read_bytes()

    import_table(content=sample, about=ABOUT, at=NOW)

    assert FeeTable.objects.count() == len(TABLES) + 1


# --- back office ---------------------------------------------------------------------------------


@pytest.fixture
def office(client, settings, time_machine):
    settings.ISSUER_CONTRACTS_FROM = dt.date(2020, 1, 1)
    time_machine.move_to(NOW, tick=False)
    LessorFactory.create()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def page_of(row, name="change"):
    model = row._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_{name}", args=[row.pk])


def form_of(response):
    """What the page's forms hold, as they would be sent."""
    data = {}
    context = response.context
    for form in [context["adminform"].form, *(s.formset for s in context["inline_admin_formsets"])]:
        forms = [form, *getattr(form, "forms", [])]
        if hasattr(form, "management_form"):
            forms = [form.management_form, *form.forms]
        for one in forms:
            for field in one:
                value = field.value()
                data[field.html_name] = "" if value is None else str(value)
    return data


def test_table_in_force_is_closed(office):
    table = load(GOOD, about=NewTable(version="a", title="A", valid_from=TODAY))
    url = page_of(table)

    assert office.get(url).context["has_change_permission"] is False
    assert office.post(url, {"version": "b"}).status_code == 403
    table.refresh_from_db()
    assert table.version == "a"


def test_table_to_come_may_be_changed_and_is_checked(office):
    later = dt.date(2026, 11, 23)
    table = load(GOOD, about=NewTable(version="a", title="A", valid_from=later))
    url = page_of(table)
    data = form_of(office.get(url))

    office.post(url, {**data, "lines-0-net": "60.00"})
    assert table.lines.get().net == 60

    response = office.post(url, {**data, "lines-0-net": ""})
    assert response.status_code == 200
    assert table.lines.get().net == 60


def test_copy_action_makes_a_version_from_tomorrow(office):
    table = load(GOOD, about=NewTable(version="a", title="A", valid_from=TODAY))

    for _n in range(2):
        office.post(
            reverse("admin:invoicing_feetable_changelist"),
            {"action": "copy", "_selected_action": [table.pk]},
        )

    versions = FeeTable.objects.exclude(pk=table.pk).order_by("pk")
    assert [made.version for made in versions] == ["a-k2", "a-k3"]
    assert {made.valid_from for made in versions} == {dt.date(2026, 11, 23)}


def test_charge_by_hand_and_its_cancelling(office):
    table = load(GOOD, about=NewTable(version="a", title="A", valid_from=TODAY))
    company = CompanyFactory.create()
    add = reverse("admin:invoicing_charge_add")
    data = form_of(office.get(add)) | {"company": company.pk, "fee_line": table.lines.get().pk}

    for _press in range(2):
        office.post(add, data)

    charge = Charge.objects.get()
    assert (charge.company, charge.net, charge.description) == (company, 50, "Opinia")
    url = page_of(charge)
    assert office.post(url, {"cancel_reason": ""}).status_code == 200
    office.post(url, {"cancel_reason": "pomyłka"})
    charge.refresh_from_db()
    assert charge.cancel_reason == "pomyłka"
    assert office.post(url, {"cancel_reason": "jeszcze raz"}).status_code == 403


def test_charge_by_hand_of_a_range_needs_the_amount(office):
    line = "schedule_change;Zmiana;online;range;300;500;;;;;23;;;;"
    table = load(line, about=NewTable(version="a", title="A", valid_from=TODAY))
    add = reverse("admin:invoicing_charge_add")
    data = form_of(office.get(add)) | {
        "company": CompanyFactory.create().pk,
        "fee_line": table.lines.get().pk,
    }

    assert office.post(add, data).status_code == 200
    assert office.post(add, {**data, "base": "9999"}).status_code == 200
    assert not Charge.objects.exists()
    office.post(add, {**data, "base": "350"})
    assert Charge.objects.get().net == 350


# --- the public page -----------------------------------------------------------------------------

URL = "/tabela-oplat/"


def text_of(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def tables(time_machine):
    time_machine.move_to(NOW, tick=False)
    LessorFactory.create()
    load_fee_tables(at=NOW)


def test_anybody_reads_the_table_of_today(tables):
    response = Client().get(URL)
    text = text_of(response)

    assert response.status_code == 200
    assert "2025-08" in text
    assert "250,00 zł" in text  # what a change of the due day saves online
    assert "bezpłatnie" in text
    assert "3% raty, najmniej 15,00 zł, najwięcej 100,00 zł" in text
    assert "300,00 zł–500,00 zł" in text
    assert "5–19 umów" in text or "5–19" in text


def test_another_day_and_another_table_of_that_day_are_chosen(tables):
    old = Client().get(URL, {"dzien": "2025-07-31"})
    lump = Client().get(URL, {"wersja": "R-2022"})

    assert old.context["table"].version == "2024-01"
    assert lump.context["table"].version == "R-2022"
    assert "w opłacie rocznej" in text_of(lump)


@pytest.mark.parametrize(
    "query", [{"dzien": "x"}, {"dzien": "9999-99-99"}, {"wersja": "x" * 500}, {"wersja": "\x00"}]
)
def test_odd_questions_show_the_table_of_today(tables, query):
    assert Client().get(URL, query).context["table"].version == "2025-08"


def test_table_to_come_is_not_shown(tables):
    load(GOOD, about=NewTable(version="ZA-ROK", title="N", valid_from=dt.date(2026, 12, 1)))

    response = Client().get(URL, {"dzien": "2027-01-01", "wersja": "ZA-ROK"})

    assert response.context["table"].version == "2025-08"
    assert "ZA-ROK" not in {table.version for table in response.context["past"]}


def test_page_stands_without_a_table():
    LessorFactory.create()

    assert "nie ma tabeli" in text_of(Client().get(URL))
    assert Client().get(f"{URL}tabela-oplat.pdf").status_code == 404


def test_pdf_holds_every_fee(tables):
    response = Client().get(f"{URL}tabela-oplat.pdf")

    pages = pypdf.PdfReader(io.BytesIO(response.getvalue())).pages
    text = " ".join(page.extract_text() for page in pages)
    assert response.headers["Content-Type"] == "application/pdf"
    for row in fee_page.rows_of(FeeTable.objects.get(version="2025-08")):
        assert row.title.split()[0] in text


def test_pages_where_fees_are_named_lead_there(tables):
    for path in ("/pomoc/", "/dostep/"):
        assert f'href="{URL}"' in Client().get(path).content.decode()


def test_price_differences_are_shown_only_where_there_are_two_prices(tables):
    rows = {row.title: row for row in fee_page.rows_of(FeeTable.objects.get(version="2025-08"))}

    assert rows["Zmiana terminu płatności"].saved == 250
    assert rows["Cesja umowy na innego korzystającego"].saved is None
    assert rows["Zmiana wysokości raty przez klienta"].paper == "–"
    assert (
        rows["Wznowienie umowy po wypowiedzeniu"].online
        == "20% zaległości, najmniej 990,00\u00a0zł"
    )

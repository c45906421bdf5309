"""`import_supplier_file`: what the operator sees, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command

from contracts.fleet import supplier_imports as imports
from contracts.fleet.enums import ImportState
from contracts.fleet.models import FuelTransaction, SupplierImport, SupplierTemplate
from tests.factories import AssetFactory, UserFactory
from tests.fleet import supplier_layouts as layouts

pytestmark = pytest.mark.django_db
NAME = "import_supplier_file"


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "store")


@pytest.fixture
def template():
    AssetFactory(plate="WGM00001")
    return layouts.cards_template()


@pytest.fixture
def clerk():
    return UserFactory(username="Z-JAN", is_staff=True)


def kept(tmp_path, file):
    path = tmp_path / "karty.csv"
    path.write_bytes(file.getvalue())
    return path


def test_file_is_checked_and_nothing_is_stored(template, tmp_path, capsys):
    call_command(NAME, template.name, kept(tmp_path, layouts.cards_file(layouts.cards_row())))

    assert capsys.readouterr().out == (
        "karty.csv: wiersze 1, nowe 1, już znane 0, pominięte (bez numeru i daty) 1, błędy 0\n"
    )
    assert not SupplierImport.objects.exists()
    assert not FuelTransaction.objects.exists()


def test_file_is_applied_by_a_member_of_the_staff(template, clerk, tmp_path, capsys):
    path = kept(tmp_path, layouts.cards_file(layouts.cards_row()))

    call_command(NAME, template.name, path, "--apply", "--author", clerk.username)

    row = SupplierImport.objects.get()
    assert (row.state, row.author) == (ImportState.APPLIED, clerk)
    assert FuelTransaction.objects.count() == 1
    assert "nowe 1" in capsys.readouterr().out


@pytest.mark.parametrize("apply", [(), ("--apply", "--author", "Z-JAN")])
def test_problems_are_printed_and_end_with_one(template, clerk, tmp_path, capsys, apply):
    path = kept(tmp_path, layouts.cards_file(layouts.cards_row("WX9999")))

    with pytest.raises(SystemExit) as ended:
        call_command(NAME, template.name, path, *apply)

    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "wiersz 6, numer rejestracyjny, „WX9999”: Nie ma pojazdu" in said
    assert "789512" not in said
    assert not FuelTransaction.objects.exists()


@pytest.mark.parametrize("login", [(), ("--author", "NIKT"), ("--author", "KLIENT")])
def test_applying_needs_somebody_of_the_staff(template, tmp_path, login):
    UserFactory(username="KLIENT")
    path = kept(tmp_path, layouts.cards_file(layouts.cards_row()))

    with pytest.raises(CommandError, match="--author"):
        call_command(NAME, template.name, path, "--apply", *login)


def test_same_file_is_refused(template, clerk, tmp_path):
    path = kept(tmp_path, layouts.cards_file(layouts.cards_row()))
    call_command(NAME, template.name, path, "--apply", "--author", clerk.username)

    with pytest.raises(CommandError, match="jest już wczytany"):
        call_command(NAME, template.name, path, "--apply", "--author", clerk.username)


def test_unknown_template_and_missing_file_are_told(template, tmp_path):
    with pytest.raises(CommandError, match="Nie ma szablonu"):
        call_command(NAME, "Nie ma takiego", tmp_path / "x.csv")
    with pytest.raises(CommandError, match="Nie można odczytać"):
        call_command(NAME, template.name, tmp_path / "x.csv")


def test_template_in_the_documentation_works():
    text = Path("docs/fleet.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL).group(1)

    for loaded in serializers.deserialize("json", json.dumps(json.loads(example))):
        template = loaded.object
        assert isinstance(template, SupplierTemplate)
        template.full_clean()
        assert imports.missing_columns(template) == []

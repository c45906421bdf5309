"""Files of suppliers: previewed, then stored whole or not at all, each row once."""

from __future__ import annotations

import datetime as dt
import io
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from contracts.enums import ContractStatus
from contracts.fleet import supplier_imports as imports
from contracts.fleet import supplier_writing
from contracts.fleet.enums import ImportState, ReadingSource
from contracts.fleet.models import (
    FuelTransaction,
    MileageReading,
    ServiceVisit,
    SupplierImport,
    SupplierTemplate,
    Toll,
)
from contracts.fleet.models.imports import Target
from contracts.fleet.supplier_imports import SupplierImportError
from contracts.models import LesseePeriod
from eboks.audit.models import AuditEntry
from eboks.documents import storage
from eboks.documents.services import _owners
from tests.factories import AssetFactory, CompanyFactory, ContractFactory, UserFactory
from tests.fleet import supplier_layouts as layouts
from tests.fleet.factories import FuelTransactionFactory

pytestmark = pytest.mark.django_db
AT = layouts.AT


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "store")


@pytest.fixture
def vehicle():
    return AssetFactory(plate="WGM00001")


@pytest.fixture
def clerk():
    return UserFactory(is_staff=True)


def preview(template, file, actor, *, at=AT, name="plik.csv"):
    return imports.preview(template=template, file=file, file_name=name, actor=actor, at=at)


def load(template, file, actor):
    row = preview(template, file, actor)
    assert row.problems == []
    return imports.apply(import_id=row.pk, at=AT, actor=actor)


def counts(row, *names):
    return tuple(row.counts[name] for name in names)


def test_preview_stores_nothing_but_the_file(vehicle, clerk):
    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)

    assert (row.state, row.problems, row.author) == (ImportState.PREVIEW, [], clerk)
    assert counts(row, "rows", "new", "known", "skipped", "errors") == (1, 1, 0, 1, 0)
    assert storage.read(row.storage_name) == layouts.cards_file(layouts.cards_row()).getvalue()
    assert any(owns(row.storage_name) for owns in _owners)
    assert [one.line for one in imports.first_rows(row, at=AT)] == [6]
    assert not FuelTransaction.objects.exists()
    assert not MileageReading.objects.exists()


def test_cards_become_purchases_and_readings(vehicle, clerk):
    row = load(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)

    one = FuelTransaction.objects.get()
    assert (one.asset, one.company) == (vehicle, vehicle.contract.company)
    assert (one.card, one.on, one.unit) == ("…4417", dt.date(2026, 11, 3), "l")
    assert (one.quantity, one.net, one.vat, one.gross) == (
        *(Decimal("50.000"), Decimal("1260.00")),
        *(Decimal("289.80"), Decimal("1549.80")),
    )
    assert (one.source_system, one.as_of) == ("supplier:orzel", AT.date())
    reading = MileageReading.objects.get()
    assert (reading.km, reading.source, reading.on) == (120_500, ReadingSource.FUEL, one.on)
    assert (reading.asset, reading.company) == (one.asset, one.company)
    assert (row.state, row.applied_at) == (ImportState.APPLIED, AT)
    assert counts(row, "new", "known", "readings") == (1, 0, 1)
    assert AuditEntry.objects.get(event=imports.APPLIED).actor_id == clerk.pk


def test_file_with_card_numbers_is_deleted_once_applied(
    vehicle, clerk, django_capture_on_commit_callbacks
):
    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)

    with django_capture_on_commit_callbacks(execute=True):
        done = imports.apply(import_id=row.pk, at=AT, actor=clerk)

    assert done.storage_name == ""
    assert list(storage.names()) == []


def test_book_becomes_purchases_with_tax_worked_out(vehicle, clerk):
    load(layouts.book_template(), layouts.book_file(layouts.book_row()), clerk)

    one = FuelTransaction.objects.get()
    assert (one.vat, one.country, one.product) == (Decimal("69.12"), "DE", "diesel")


def test_tolls_keep_their_currency(vehicle, clerk):
    load(layouts.tolls_template(), layouts.tolls_file(layouts.tolls_row()), clerk)

    one = Toll.objects.get()
    assert (one.currency, one.net, one.amount) == ("EUR", Decimal("1000.00"), Decimal("1234.50"))
    assert (one.kind, one.at) == ("toll", dt.datetime(2026, 11, 6, 10, tzinfo=dt.UTC))


def plain_template(target, **columns):
    return SupplierTemplate.objects.create(
        name=f"Wzór {target}",
        supplier="warsztat",
        target=target,
        file_format="csv",
        columns={name: {"column": name} for name in columns} | {"plate": {"column": "plate"}},
    )


def plain_file(values):
    text = ";".join(["plate", *values]) + "\n" + ";".join(["WGM00001", *values.values()])
    return io.BytesIO(text.encode())


def test_visits_and_mileage_are_stored_once(vehicle, clerk):
    visit = {"on": "04.11.2026", "kind": "repair", "net": "850,00", "covered_by": "client"}
    visit |= {"odometer_km": "30 000", "next_due_on": "04.11.2027"}
    mileage = {"on": "05.11.2026", "km": "30 100 km", "source": "telematics"}
    for target, values in ((Target.SERVICE, visit), (Target.MILEAGE, mileage)):
        template = plain_template(target, **values)
        assert counts(load(template, plain_file(values), clerk), "new", "known") == (1, 0)
        again = io.BytesIO(plain_file(values).getvalue() + b"\n")
        assert counts(load(template, again, clerk), "new", "known") == (0, 1)

    one = ServiceVisit.objects.get()
    assert (one.net, one.next_due_on) == (Decimal("850.00"), dt.date(2027, 11, 4))
    found = MileageReading.objects.order_by("on").values_list("km", "source")
    assert list(found) == [(30_000, "service"), (30_100, "telematics")]


def test_row_that_is_twice_in_a_file_is_known(vehicle, clerk):
    file = layouts.cards_file(layouts.cards_row(), layouts.cards_row())

    row = preview(layouts.cards_template(), file, clerk)
    shown = counts(row, "rows", "new", "known")
    done = imports.apply(import_id=row.pk, at=AT, actor=clerk)

    assert shown == counts(done, "rows", "new", "known") == (2, 1, 1)
    assert FuelTransaction.objects.count() == 1


def test_halves_of_a_month_that_overlap_store_each_row_once(vehicle, clerk):
    template = layouts.cards_template()
    days = [layouts.cards_row(day=f"{day}.11.2026") for day in ("14", "15", "16")]

    first = load(template, layouts.cards_file(*days[:2]), clerk)
    second = preview(template, layouts.cards_file(*days[1:]), clerk)
    shown = counts(second, "new", "known")
    second = imports.apply(import_id=second.pk, at=AT, actor=clerk)

    assert counts(first, "new", "known") == (2, 0)
    assert shown == counts(second, "new", "known") == (1, 1)
    assert FuelTransaction.objects.count() == 3


def test_purchase_that_the_core_system_brought_is_known(vehicle, clerk):
    FuelTransactionFactory(
        asset=vehicle,
        card="…4417",
        on=dt.date(2026, 11, 3),
        at=dt.datetime(2026, 11, 3, 13, 22, tzinfo=dt.UTC),
        gross=Decimal("1549.80"),
    )

    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)
    shown = counts(row, "new", "known")
    done = imports.apply(import_id=row.pk, at=AT, actor=clerk)

    assert shown == counts(done, "new", "known") == (0, 1)
    assert FuelTransaction.objects.count() == 1


def test_same_file_is_refused_the_second_time(vehicle, clerk):
    template = layouts.cards_template()
    waiting = preview(template, layouts.cards_file(layouts.cards_row()), clerk)
    load(template, layouts.cards_file(layouts.cards_row()), clerk)

    with pytest.raises(SupplierImportError, match="jest już wczytany"):
        preview(template, layouts.cards_file(layouts.cards_row()), clerk)
    with pytest.raises(SupplierImportError, match="jest już wczytany"):
        imports.apply(import_id=waiting.pk, at=AT, actor=clerk)

    waiting.refresh_from_db()
    assert waiting.state == ImportState.PREVIEW
    assert FuelTransaction.objects.count() == 1


def test_second_click_applies_nothing(vehicle, clerk):
    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)
    imports.apply(import_id=row.pk, at=AT, actor=clerk)

    with pytest.raises(SupplierImportError, match="nie można wczytać"):
        imports.apply(import_id=row.pk, at=AT, actor=clerk)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_apply_once(vehicle, clerk):
    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)
    ready = Barrier(2)

    def run(_n):
        try:
            ready.wait(timeout=60)
            imports.apply(import_id=row.pk, at=AT, actor=clerk)
        except SupplierImportError:
            return "refused"
        finally:
            connections.close_all()
        return "applied"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(run, range(2)))

    assert ends == ["applied", "refused"]
    assert FuelTransaction.objects.count() == 1
    assert AuditEntry.objects.filter(event=imports.APPLIED).count() == 1


def test_unknown_plate_refuses_the_whole_file(vehicle, clerk):
    file = layouts.cards_file(layouts.cards_row(), layouts.cards_row("WX 9999"))

    row = preview(layouts.cards_template(), file, clerk)

    assert row.state == ImportState.REFUSED
    assert row.problems == [
        {
            "line": 7,
            "column": "numer rejestracyjny",
            "value": "WX9999",
            "reason": "Nie ma pojazdu o takim numerze rejestracyjnym.",
        }
    ]
    with pytest.raises(SupplierImportError, match="nie można wczytać"):
        imports.apply(import_id=row.pk, at=AT, actor=clerk)
    assert not FuelTransaction.objects.exists()


def test_plate_of_two_vehicles_is_a_problem(vehicle, clerk):
    AssetFactory(plate="WGM 00001")

    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)

    assert "dwa pojazdy" in row.problems[0]["reason"]


def test_plate_that_was_leased_before_belongs_to_the_contract_of_the_day(vehicle, clerk):
    before = ContractFactory(
        status=ContractStatus.CLOSED, signed_on=dt.date(2020, 1, 1), end_on=dt.date(2025, 1, 1)
    )
    AssetFactory(plate="WGM-00001", contract=before)
    AssetFactory(plate="WGM00001", contract=ContractFactory(status=ContractStatus.DRAFT))

    load(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)

    assert FuelTransaction.objects.get().asset == vehicle


def test_day_before_the_contract_is_a_problem(vehicle, clerk):
    file = layouts.cards_file(layouts.cards_row(day="30.11.2025"))

    row = preview(layouts.cards_template(), file, clerk)

    assert row.problems[0]["reason"] == "W tym dniu pojazd nie był w leasingu."


def test_rows_go_to_the_company_of_each_vehicle_only(vehicle, clerk):
    other = AssetFactory(plate="PO 777")
    file = layouts.cards_file(layouts.cards_row(), layouts.cards_row("po777", card="9999 99"))

    load(layouts.cards_template(), file, clerk)

    owners = FuelTransaction.objects.order_by("pk").values_list("asset", "company")
    assert sorted(owners) == sorted(
        [(vehicle.pk, vehicle.contract.company_id), (other.pk, other.contract.company_id)]
    )


def test_former_lessee_gets_the_rows_of_their_days(vehicle, clerk):
    contract = vehicle.contract
    former = CompanyFactory()
    change = dt.date(2026, 11, 10)
    for company, first, last in (
        (former, contract.signed_on, change),
        (contract.company, change, None),
    ):
        LesseePeriod.objects.create(
            contract=contract, company=company, from_on=first, to_on=last, as_of=change
        )
    file = layouts.cards_file(
        layouts.cards_row(day="09.11.2026"), layouts.cards_row(day="10.11.2026")
    )

    load(layouts.cards_template(), file, clerk)

    owners = FuelTransaction.objects.order_by("on").values_list("company", flat=True)
    assert list(owners) == [former.pk, contract.company_id]


def test_failure_in_the_middle_stores_nothing(vehicle, clerk, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 1)
    rows = [layouts.cards_row(day=f"0{n}.11.2026") for n in (1, 2)]
    row = preview(layouts.cards_template(), layouts.cards_file(*rows), clerk)
    write, done = supplier_writing.write, []

    def failing(*args):
        if done:
            raise RuntimeError("power cut")
        done.append(write(*args))
        return done[0]

    monkeypatch.setattr(supplier_writing, "write", failing)
    with pytest.raises(RuntimeError):
        imports.apply(import_id=row.pk, at=AT, actor=clerk)

    row.refresh_from_db()
    assert (row.state, done) == (ImportState.PREVIEW, [(1, 1)])
    assert not FuelTransaction.objects.exists()
    assert storage.read(row.storage_name)


def test_problem_since_the_preview_refuses_the_file(vehicle, clerk):
    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)
    vehicle.plate = "WGM11111"
    vehicle.save()

    with pytest.raises(SupplierImportError, match="nic z niego nie zapisano"):
        imports.apply(import_id=row.pk, at=AT, actor=clerk)

    row.refresh_from_db()
    assert (row.state, len(row.problems), row.applied_at) == (ImportState.REFUSED, 1, None)
    assert not FuelTransaction.objects.exists()


def test_file_that_is_gone_is_told(vehicle, clerk):
    row = preview(layouts.cards_template(), layouts.cards_file(layouts.cards_row()), clerk)
    storage.delete(row.storage_name)

    with pytest.raises(SupplierImportError):
        imports.apply(import_id=row.pk, at=AT, actor=clerk)

    row.refresh_from_db()
    assert row.problems[0]["reason"] == "Pliku już nie ma. Prześlij go jeszcze raz."


def test_file_that_cannot_be_read_is_a_problem_of_its_own(clerk):
    file = io.BytesIO(b"PK\x03\x04 nic")

    row = preview(layouts.book_template(), file, clerk)

    assert (row.state, row.problems[0]["line"]) == (ImportState.REFUSED, 0)
    assert imports.first_rows(row, at=AT) == []


def test_zero_quantity_is_a_problem(vehicle, clerk):
    file = layouts.cards_file(layouts.cards_row().replace("50,000", "0,000"))

    row = preview(layouts.cards_template(), file, clerk)

    assert row.problems[0]["reason"] == "Ilość nie może być zerem."


def test_correction_in_minus_is_stored(vehicle, clerk):
    row = layouts.cards_row().replace("50,000", "-50,000").replace("1 549,80", "-1 549,80")

    load(layouts.cards_template(), layouts.cards_file(row), clerk)

    assert FuelTransaction.objects.get().quantity == Decimal("-50.000")


def test_template_out_of_use_reads_nothing(vehicle, clerk):
    template = layouts.cards_template()
    row = preview(template, layouts.cards_file(layouts.cards_row()), clerk)
    SupplierTemplate.objects.update(is_active=False)
    template.refresh_from_db()

    with pytest.raises(SupplierImportError, match="nie jest w użyciu"):
        preview(template, layouts.cards_file(layouts.cards_row()), clerk)
    with pytest.raises(SupplierImportError, match="nie jest w użyciu"):
        imports.apply(import_id=row.pk, at=AT, actor=clerk)


def test_template_without_a_required_column_reads_nothing(clerk):
    template = layouts.cards_template(columns={"plate": {"column": "A"}, "on": {"column": "B"}})

    with pytest.raises(SupplierImportError, match="karta, produkt, ilość, netto, brutto"):
        preview(template, layouts.cards_file(layouts.cards_row()), clerk)


def test_dropped_and_old_files_are_deleted(vehicle, clerk):
    template = layouts.cards_template()
    file = layouts.cards_file(layouts.cards_row())
    old = preview(template, file, clerk, at=AT - dt.timedelta(days=8))
    dropped = preview(template, file, clerk)
    imports.drop(import_id=dropped.pk)
    imports.drop(import_id=dropped.pk)

    states = SupplierImport.objects.order_by("pk").values_list("pk", "state", "storage_name")
    assert list(states) == [
        (old.pk, ImportState.DROPPED, ""),
        (dropped.pk, ImportState.DROPPED, ""),
    ]
    assert list(storage.names()) == []
    with pytest.raises(SupplierImportError):
        imports.apply(import_id=dropped.pk, at=AT, actor=clerk)


def test_queries_do_not_grow_with_the_rows_of_a_batch(vehicle, clerk):
    def queries(count):
        rows = [
            layouts.cards_row(day=f"{n % 20 + 1:02}.11.2026", km=f"{count + 100} {n:03}").replace(
                "50,000", f"{count},{n:03}"
            )
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as asked:
            row = load(template, layouts.cards_file(*rows), clerk)
        assert row.counts["rows"] == count
        return len(asked)

    template = layouts.cards_template()

    queries(2)  # the first entry of the audit trail costs more

    assert queries(1) == queries(30)

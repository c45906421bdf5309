"""Every refusal: wholly, with the place and the reason, while the old data stays."""

from __future__ import annotations

import json
import os

import pytest

from eboks.feeds import rebuilding
from eboks.feeds.models import FeedError, FeedRun, FeedStatus
from eboks.feeds.problems import LIMIT
from eboks.feeds.registry import registry
from invoicing.models import Invoice
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def refused(outcome) -> list[tuple[str, int | None, str, str]]:
    """(file, line, column, value) of every problem of a refused feed."""
    assert outcome.status == FeedStatus.REFUSED, outcome
    return [(one.file, one.line, one.column, one.value) for one in outcome.problems.found]


CELLS = [
    # kind, line, cells, the column to blame
    ("companies", 2, {"nip": "9990000015"}, "nip"),
    ("companies", 2, {"nip": "999000001"}, "nip"),
    ("companies", 2, {"regon": "999000013"}, "regon"),
    ("companies", 2, {"krs": "12"}, "krs"),
    ("companies", 2, {"name": ""}, "name"),
    ("companies", 2, {"name": "a" * 201}, "name"),
    ("companies", 2, {"name": "TRANS\x1b[31m"}, "name"),
    ("companies", 2, {"source_id": "K1; DROP"}, "source_id"),
    ("companies", 2, {"client_id": "KL0002"}, "client_id"),
    ("companies", 3, {"source_id": "K1"}, "source_id"),
    ("companies", 2, {"is_consumer": "tak"}, "is_consumer"),
    ("people", 2, {"role": "boss"}, "role"),
    ("people", 2, {"email": "jadwiga"}, "email"),
    ("people", 2, {"company": "K9"}, "company"),
    ("people", 2, {"valid_from": "2026-02-01", "valid_to": "2026-01-31"}, "valid_to"),
    ("people", 3, {"first_name": "Lucja"}, "username"),
    ("people", 3, {"username": "300001"}, "email"),
    ("people", 4, {"company": "K1"}, "company"),
    ("contracts", 2, {"company": "K9"}, "company"),
    ("contracts", 2, {"number": "PL/2026/0002"}, "number"),
    ("contracts", 2, {"signed_on": "2026-02-30"}, "signed_on"),
    ("contracts", 2, {"signed_on": "01.09.2026"}, "signed_on"),
    ("contracts", 2, {"signed_on": "today"}, "signed_on"),
    ("contracts", 2, {"end_on": "2026-08-31"}, "end_on"),
    ("contracts", 2, {"net_value": "15000,00"}, "net_value"),
    ("contracts", 2, {"net_value": "15000.001"}, "net_value"),
    ("contracts", 2, {"net_value": "NaN"}, "net_value"),
    ("contracts", 2, {"net_value": "1e4"}, "net_value"),
    ("contracts", 2, {"net_value": "0"}, "net_value"),
    ("contracts", 2, {"net_value": " 15000"}, "net_value"),
    ("contracts", 2, {"instalment_count": "0"}, "instalment_count"),
    ("contracts", 2, {"due_day": "32"}, "due_day"),
    ("contracts", 2, {"rate_type": "floating"}, "index"),
    ("contracts", 2, {"virtual_account": "65999000097777000000010001"}, "virtual_account"),
    ("assets", 2, {"vin": "UU10SDCA5L123456"}, "vin"),
    ("assets", 2, {"vin": "UU1OSDCA5L1234567"}, "vin"),
    ("assets", 2, {"vin": ""}, "vin"),
    ("assets", 3, {"serial_number": ""}, "serial_number"),
    ("assets", 2, {"contract": "U9"}, "contract"),
    ("schedule_versions", 2, {"contract": "U9"}, "contract"),
    ("schedule_rows", 3, {"interest": "120.01"}, "payment"),
    ("schedule_rows", 3, {"gross": "5018.74"}, "gross"),
    ("schedule_rows", 3, {"n": "2"}, "n"),
    ("invoices", 2, {"company": "K2"}, "contract"),
    ("invoices", 2, {"contract": "U9"}, "contract"),
    ("invoices", 2, {"gross": "5018.74"}, "gross"),
    ("invoices", 2, {"number": "FV/2026/10/2"}, "number"),
    ("invoices", 5, {"corrects": "F9"}, "corrects"),
    ("invoices", 5, {"corrects": ""}, "corrects"),
    ("invoices", 2, {"corrects": "F2"}, "corrects"),
    ("invoices", 2, {"currency": "EUR"}, "fx_rate"),
    ("invoices", 2, {"seller_nip": "9990000009"}, "seller_nip"),
    (
        "invoice_rows",
        2,
        {"net": "4080.28", "gross": "5018.74", "principal": "3960.28"},
        "source_id",
    ),
    ("invoice_rows", 2, {"principal": "3960.28"}, "principal"),
    ("invoice_rows", 2, {"gross": "5018.74"}, "gross"),
    ("opening_balances", 2, {"amount": "0.00"}, "amount"),
    ("opening_balances", 2, {"company": "K2", "contract": "U1"}, "contract"),
    ("payments", 2, {"amount": "0"}, "amount"),
    ("payments", 2, {"amount": "-5018.73"}, "amount"),
    ("payments", 2, {"kind": "refund"}, "amount"),
    ("payments", 2, {"kind": "opening_balance"}, "kind"),
    ("payments", 2, {"indicates": "F9"}, "indicates"),
    ("payments", 4, {"indicates": "F1"}, "indicates"),
    ("payments", 2, {"reverses": "W9"}, "reverses"),
]


GUARDED = [
    cell for cell in CELLS if registry.kinds_by_name[cell[0]].guarded and cell[1] in {2, 3, 5}
]


@pytest.mark.parametrize(
    ("kind", "line", "cells", "column"), CELLS, ids=lambda value: str(value)[:40]
)
def test_bad_cell_is_named(feed, load, stored, kind, line, cells, column):
    before = stored()
    _refuses(feed, load, kind, line, cells, column)
    assert stored() == before


@pytest.mark.parametrize(
    ("kind", "line", "cells", "column"), GUARDED, ids=lambda value: str(value)[:40]
)
def test_bad_cell_is_named_on_a_big_first_load(
    feed, load, stored, monkeypatch, kind, line, cells, column
):
    """There the constraints of the tables and the counts of the steps must notice it."""
    monkeypatch.setattr(rebuilding, "FEW_ROWS", 0)
    before = stored()
    _refuses(feed, load, kind, line, cells, column)
    assert stored() == before


def _refuses(feed, load, kind, line, cells, column):
    feed.change(kind, line, **cells)

    found = refused(load(feed)[0])

    places = {(file, column) for file, _, column, _ in found}
    blamed = "invoices.csv" if kind == "invoice_rows" and column == "source_id" else f"{kind}.csv"
    assert (blamed, column) in places
    lines = {number for file, number, name, _ in found if (file, name) == (blamed, column)}
    assert lines & {line, line + 1, line - 1}


def test_all_errors_come_at_once_with_place_value_and_reason(feed, load):
    feed.change("companies", 2, nip="9990000015", name="")
    feed.change("contracts", 3, end_on="2026-13-01")
    feed.change("payments", 2, indicates="F9")

    (outcome,) = load(feed)

    assert set(refused(outcome)) == {
        ("companies.csv", 2, "name", ""),
        ("contracts.csv", 3, "end_on", "2026-13-01"),
        ("payments.csv", 2, "indicates", "F9"),
    }
    # The bad NIP stands in a line that could not be read; the next try will name it.
    rows = FeedError.objects.filter(run=FeedRun.objects.get()).order_by("file")
    assert [(row.file, row.line, row.column) for row in rows] == [
        ("companies.csv", 2, "name"),
        ("contracts.csv", 3, "end_on"),
        ("payments.csv", 2, "indicates"),
    ]
    assert "RRRR-MM-DD" in rows[1].reason


def test_line_numbers_stay_true_after_a_bad_line(feed, load):
    rows = feed.rows("payments")
    rows = [{**rows[0], "source_id": f"X{n}"} for n in range(6)]
    rows[1]["amount"] = "?"
    rows[4]["indicates"] = "F9"
    feed.write("payments", rows)

    found = refused(load(feed.seal())[0])

    assert found == [("payments.csv", 3, "amount", "?"), ("payments.csv", 6, "indicates", "F9")]


def test_errors_stop_at_the_limit(feed, load):
    rows = feed.rows("payments")
    feed.write("payments", [{**rows[0], "source_id": f"X{n}", "amount": "?"} for n in range(1500)])

    (outcome,) = load(feed.seal())

    assert len(refused(outcome)) == LIMIT == FeedError.objects.count()
    assert FeedError.objects.order_by("-line").first().line == LIMIT + 1


def test_changed_byte_is_refused(feed, load):
    path = feed.path("payments")
    path.write_bytes(path.read_bytes().replace(b"5000.00", b"5000.01"))

    found = refused(load(feed)[0])

    assert [(file, column) for file, _, column, _ in found] == [
        ("payments.csv", ""),  # sha256
        ("payments.csv", "amount"),  # control total
    ]


def test_wrong_control_total_is_refused(feed, load):
    manifest = feed.manifest
    entry = next(file for file in manifest["files"] if file["kind"] == "payments")
    entry["totals"]["amount"] = "10118.74"
    feed.write_manifest(manifest)

    assert refused(load(feed)[0]) == [("payments.csv", None, "amount", "10118.73")]


def test_wrong_row_count_is_refused(feed, load):
    manifest = feed.manifest
    next(file for file in manifest["files"] if file["kind"] == "payments")["rows"] = 4
    feed.write_manifest(manifest)

    assert refused(load(feed)[0]) == [("payments.csv", None, "", "3")]


@pytest.mark.parametrize("cut", [1, 5, 40, 100, 300])
def test_truncated_file_is_refused(feed, load, cut):
    path = feed.path("companies")
    path.write_bytes(path.read_bytes()[:-cut])

    found = refused(load(feed)[0])

    assert ("companies.csv", None) in {(file, line) for file, line, _, _ in found}  # sha256
    assert {line for file, line, _, _ in found if file == "companies.csv"} & {2, 3}


def test_last_line_cut_inside_a_letter_is_refused(feed, load):
    path = feed.path("companies")
    raw = path.read_bytes()
    path.write_bytes(raw[: raw.rindex("Ż".encode()) + 1])

    (outcome,) = load(feed)

    assert ("companies.csv", 3) in {place[:2] for place in refused(outcome)}
    assert "urwany" in outcome.problems.found[0].reason


def test_cp1250_is_refused_line_by_line(feed, load):
    path = feed.path("companies")
    path.write_bytes(path.read_text("utf-8").encode("cp1250"))

    (outcome,) = load(feed.seal())

    found = [one for one in outcome.problems.found if one.file == "companies.csv"]
    assert [one.line for one in found] == [2, 3]
    assert "UTF-8" in found[0].reason
    assert "ŻUK" in found[0].value


def test_byte_order_mark_is_refused(feed, load):
    path = feed.path("assets")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    (outcome,) = load(feed)

    assert any("BOM" in one.reason for one in outcome.problems.found)


@pytest.mark.parametrize("name", ["payments.csv", "lessor.json"])
def test_missing_file_is_refused(feed, load, name):
    (feed.directory / name).unlink()

    assert refused(load(feed)[0]) == [(name, None, "", "")]


def test_extra_file_is_refused(feed, load):
    (feed.directory / "notes.txt").write_text("?")

    assert refused(load(feed)[0]) == [("notes.txt", None, "", "")]


def test_symbolic_link_is_refused(feed, load, tmp_path):
    outside = tmp_path / "outside.csv"
    feed.path("payments").rename(outside)
    feed.path("payments").symlink_to(outside)

    assert refused(load(feed)[0]) == [("payments.csv", None, "", "")]


@pytest.mark.parametrize("header", ["nazwa", "source_id", ""])
def test_unknown_doubled_and_missing_columns_are_refused(feed, load, header):
    path = feed.path("payments")
    text = path.read_text("utf-8")
    path.write_text(text.replace(",amount,", f",{header}," if header else ",", 1), "utf-8")

    (outcome,) = load(feed)

    columns = {one.column for one in outcome.problems.found if one.line == 1}
    assert columns == ({header, "amount"} if header else {"amount"})


def test_line_break_inside_quotes_is_refused(feed, load):
    path = feed.path("companies")
    path.write_text(path.read_text("utf-8").replace(", Anna", ",\nAnna"), "utf-8")

    assert {place[1] for place in refused(load(feed)[0]) if place[1]} == {3, 4}


MANIFESTS = [
    ({"format": "other"}, ""),
    ({"version": 2}, ""),
    ({"lessor": "Obcy Lessor"}, "lessor"),
    ({"source_system": "portal"}, "source_system"),
    ({"source_system": "Portal"}, "source_system"),
    ({"sequence": 0}, "sequence"),
    ({"sequence": True}, "sequence"),
    ({"sequence": 2**63}, "sequence"),
    ({"sequence": 10**30}, "sequence"),
    ({"business_date": "20.11.2026"}, "business_date"),
    ({"created_at": "2026-11-20T22:00:00"}, "created_at"),
    ({"more": 1}, "more"),
]


@pytest.mark.parametrize(("fields", "column"), MANIFESTS, ids=str)
def test_bad_manifest_is_refused(feed, load, fields, column):
    feed.seal(**fields)

    found = refused(load(feed)[0])

    assert found
    assert {place[:3] for place in found} == {("manifest.json", None, column)}


@pytest.mark.parametrize("name", ["../payments.csv", "/etc/passwd", "a/b.csv", "PAYMENTS.csv"])
def test_manifest_cannot_name_files_elsewhere(feed, load, name):
    manifest = feed.manifest
    manifest["files"][-1]["name"] = name
    feed.write_manifest(manifest)

    assert any(place[2].endswith(".name") for place in refused(load(feed)[0]))


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"format": 1, "format": 2}', b"\xff\xfe"])
def test_unreadable_manifest_is_refused(feed, load, raw):
    (feed.directory / "manifest.json").write_bytes(raw)

    assert {place[0] for place in refused(load(feed)[0])} == {"manifest.json"}


@pytest.mark.parametrize("letter", ["\ud800", "\0", "\x1b"])
def test_letters_that_nobody_can_keep_are_shown_as_such(feed, load, letter):
    """No database takes NUL or half a character; a terminal would obey the last one."""
    (feed.directory / "manifest.json").write_text(json.dumps({f"a{letter}b": 1}), "utf-8")

    found = refused(load(feed)[0])

    assert ("manifest.json", None, "a�b", "") in found


def test_file_name_that_is_no_text_is_refused(feed, load):
    (feed.directory / os.fsdecode(b"\xff.csv")).touch()

    assert refused(load(feed)[0]) == [("�.csv", None, "", "")]


def test_directory_without_manifest_is_refused(feed, load):
    (feed.directory / "manifest.json").unlink()

    assert refused(load(feed)[0]) == [("manifest.json", None, "", "")]


def test_lessor_file_of_another_lessor_is_refused(feed, load):
    path = feed.directory / "lessor.json"
    text = path.read_text("utf-8").replace('"code": "przykladowy"', '"code": "obcy"')
    path.write_text(text, "utf-8")

    assert refused(load(feed.seal())[0]) == [("lessor.json", None, "code", "obcy")]


@pytest.mark.parametrize(
    "logo",
    [
        "<svg><script>alert(1)</script></svg>",
        '<svg onload="alert(1)"/>',
        '<svg><a href="javascript:alert(1)"/></svg>',
        '<svg><path fill="url(http://x.example)"/></svg>',
        '<!DOCTYPE svg [<!ENTITY x "y">]><svg/>',
        "<svg><style>*{}</style></svg>",
        "<svg><path d='M0 0'",
    ],
)
def test_logo_with_more_than_shapes_is_refused(feed, load, logo):
    import json

    path = feed.directory / "lessor.json"
    data = {**json.loads(path.read_text("utf-8")), "logo_svg": logo}
    path.write_text(json.dumps(data), "utf-8")

    assert refused(load(feed.seal())[0]) == [("lessor.json", None, "logo_svg", "")]


IMMUTABLE = [
    ("invoices", {"due_on": "2026-10-11"}, "due_on"),
    ("invoices", {"buyer_name": "TRANS ŻUK"}, "buyer_name"),
    ("invoice_rows", {"description": "Rata"}, "description"),
    ("payments", {"booked_on": "2026-10-10"}, "booked_on"),
    ("payments", {"title": "inny"}, "title"),
    ("schedule_versions", {"annual_rate_pct": "11"}, "annual_rate_pct"),
    ("schedule_rows", {"nominal_due_on": "2026-09-11"}, "nominal_due_on"),
    ("opening_balances", {"label": "Saldo"}, "label"),
]


@pytest.mark.parametrize(("kind", "cells", "column"), IMMUTABLE, ids=str)
def test_imported_document_cannot_be_changed(feed, load, stored, tmp_path, kind, cells, column):
    load(feed)
    before = stored()
    second = type(feed)(tmp_path / "feed-2").seal(sequence=2, business_date="2026-11-21")
    second.change(kind, 2, **cells)

    found = refused(load(second)[0])

    assert {(file, line, name) for file, line, name, _ in found} == {(f"{kind}.csv", 2, column)}
    assert stored() == before


def test_imported_schedule_cannot_lose_rows(feed, load, tmp_path):
    load(feed)
    second = type(feed)(tmp_path / "feed-2")
    second.write(
        "schedule_rows", [*second.rows("schedule_rows")[:3], *second.rows("schedule_rows")[4:]]
    )

    found = refused(load(second.seal(sequence=2))[0])

    assert [place[:3] for place in found] == [("schedule_versions.csv", 2, "source_id")]


def test_payment_cannot_be_reversed_twice(feed, load, tmp_path):
    reversal = {"amount": "-5018.73", "indicates": "", "reverses": "W1"}
    feed.add("payments", like=2, source_id="S1", **reversal)
    assert load(feed)[0].status == FeedStatus.APPLIED
    second = type(feed)(tmp_path / "feed-2").keep(payments=[2])
    second.change("payments", 2, source_id="S2", **reversal)

    found = refused(load(second.seal(sequence=2))[0])

    assert [place[:3] for place in found] == [("payments.csv", 2, "reverses")]


def test_feed_cannot_take_over_a_staff_account(feed, load):
    UserFactory(username="100001", email="zaplecze@lessor.example", is_staff=True)

    found = refused(load(feed)[0])

    assert ("people.csv", 2, "username", "100001") in found


def test_feed_cannot_take_somebodys_address(feed, load):
    UserFactory(username="700001", email="JADWIGA.ZUK@trans-zuk.example")

    assert refused(load(feed)[0]) == [("people.csv", 2, "email", "jadwiga.zuk@trans-zuk.example")]


def test_old_data_stays_when_a_later_feed_is_refused(feed, load, stored, tmp_path):
    load(feed)
    before = stored()
    second = type(feed)(tmp_path / "feed-2").keep(companies=[2], payments=[2])
    second.change("companies", 2, city="Ostrów")
    second.change("payments", 2, source_id="W7", indicates="F9")

    refused(load(second.seal(sequence=2))[0])

    assert stored() == before
    assert Invoice.objects.get(source_id="F1").company.city == "Kalisz"

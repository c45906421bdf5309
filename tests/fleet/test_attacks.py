"""What former lessees, hostile suppliers and curious clerks must not do to the fleet."""

from __future__ import annotations

import datetime as dt
import io
import time
import uuid
import zipfile

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from contracts.fleet import mileage_entry, supplier_files
from contracts.fleet.mileage_entry import MileageError
from contracts.fleet.models import MileageReading, SupplierImport
from contracts.fleet.supplier_files import FileRefusedError
from contracts.fleet.supplier_forms import _OF_DATES, _checked_format
from contracts.fleet.supplier_reading import Reading
from contracts.models import LesseePeriod
from eboks import clock
from eboks.audit.models import AuditEntry
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.admin.conftest import office, staff_of  # noqa: F401 -- fixtures
from tests.fleet import factories as fleet
from tests.fleet import supplier_layouts as layouts

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def lessor():
    f.LessorFactory()


@pytest.fixture
def owner():
    membership = f.MembershipFactory(role=Role.OWNER)
    membership.asset = f.AssetFactory(contract__company=membership.company)
    return membership


def today():
    return clock.today(timezone.now())


def enter(owner, on):
    return mileage_entry.enter(
        asset=owner.asset,
        author=owner.user,
        km=1000,
        on=on,
        form_key=uuid.uuid4(),
        at=timezone.now(),
    )


def read(template, file):
    reading = Reading(template, today=layouts.AT.date())
    return list(reading.rows(file)), reading


# --- mileage ------------------------------------------------------------------------------------


def test_no_reading_before_the_lease(owner):
    for day in (dt.date.min, owner.asset.contract.signed_on - DAY):
        with pytest.raises(MileageError):
            enter(owner, day)
    enter(owner, owner.asset.contract.signed_on)


def test_no_reading_of_the_former_lessees_days(owner):
    contract, since = owner.asset.contract, today() - 10 * DAY
    before = {"company": f.CompanyFactory(), "from_on": contract.signed_on, "to_on": since}
    LesseePeriod.objects.create(contract=contract, as_of=since, **before)
    LesseePeriod.objects.create(
        contract=contract, company=owner.company, from_on=since, as_of=since
    )

    with pytest.raises(MileageError):
        enter(owner, since - DAY)
    enter(owner, since)

    assert MileageReading.objects.count() == 1


def test_entering_is_limited(owner, client_of, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "request_begun": "2/h/user"}
    client = client_of(owner.user)
    address = reverse("mileage:enter", args=[owner.asset.public_id])
    cache.clear()

    answers = [client.post(address, {"km": "x"}).status_code for _n in range(3)]

    assert answers == [200, 200, 429]
    assert client.get(address).status_code == 200


# --- the fleet page -----------------------------------------------------------------------------


def test_what_is_kept_of_one_company_reaches_no_other_person(owner, client_of):
    other = f.MembershipFactory(role=Role.OWNER)
    theirs = f.AssetFactory(contract__company=other.company, plate="XX00001")
    limited = f.MembershipFactory(company=owner.company, role=Role.FLEET, is_limited=True)
    both = f.MembershipFactory(role=Role.OWNER, user=f.UserFactory())
    f.MembershipFactory(user=both.user, company=owner.company, role=Role.FLEET)
    fleet.FuelTransactionFactory(asset=owner.asset)
    cache.clear()
    clients = [client_of(member.user) for member in (owner, other, limited, both)]

    for _twice in range(2):
        pages = [client.get(reverse("fleet:overview")).content.decode() for client in clients]
        mine = [owner.asset.plate in page for page in pages]
        assert mine == [True, False, False, True]
        assert [theirs.plate in page for page in pages] == [False, True, False, False]


def test_amounts_kept_for_who_sees_finance_reach_no_fleet_manager(owner, client_of):
    contract = owner.asset.contract
    version = f.ScheduleVersionFactory(contract=contract)
    due = clock.add_months(today().replace(day=1), -2)
    f.ScheduleRowFactory(
        version=version,
        n=1,
        nominal_due_on=due,
        effective_due_on=due,
    )
    manager = f.MembershipFactory(company=owner.company, role=Role.FLEET)
    cache.clear()
    sees, not_sees = client_of(owner.user), client_of(manager.user)

    for _twice in range(2):
        assert "2 803,79" in sees.get(reverse("fleet:overview")).content.decode().replace(
            "\xa0", " "
        )
        page = not_sees.get(reverse("fleet:overview")).content.decode().replace("\xa0", " ")
        assert "2 803" not in page


@pytest.mark.parametrize("page", ["abc", "-1", "0", "9" * 6, "9" * 200, "1'", ""])
def test_odd_pages_show_a_page(owner, client_of, page):
    for name in ("fleet:overview", "fleet:outliers"):
        answer = client_of(owner.user).get(reverse(name), {"strona": page})
        assert answer.status_code == 200
    found = client_of(owner.user).get(reverse("fleet:overview"), {"strona": page})
    assert owner.asset.plate in found.content.decode()


# --- files of suppliers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "km", ["x" + " " * 4_900 + "x", " " * 4_900 + "k", "1" + "\t" * 4_900 + "km x"]
)
def test_long_cell_costs_no_time(km):
    begun = time.perf_counter()
    _rows, reading = read(layouts.cards_template(), layouts.cards_file(layouts.cards_row(km=km)))

    assert [problem.column for problem in reading.problems] == ["przebieg, km"]
    assert time.perf_counter() - begun < 1


def test_cell_of_endless_text_is_refused():
    longest = "x" * (supplier_files.LONGEST_CELL + 1)
    with pytest.raises(FileRefusedError):
        read(layouts.cards_template(), layouts.cards_file(layouts.cards_row(km=longest)))
    book = Workbook()
    for _n in range(3):
        book.active.append([longest])
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(FileRefusedError):
        read(layouts.book_template(skip_rows=0), file)


def test_endless_line_is_refused_before_it_is_divided():
    with pytest.raises(FileRefusedError, match="Wiersz 6"):
        read(layouts.cards_template(), layouts.cards_file("aa;" * 400_000))


def rebuilt(change):
    """A sound workbook whose parts went through `change(name, content)`."""
    out = io.BytesIO()
    with zipfile.ZipFile(layouts.book_file(layouts.book_row())) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in change(parts).items():
            new.writestr(name, content)
    return out


def big_styles(parts):
    padding = b"<!--" + b"x" * (31 * 1024 * 1024) + b"-->"
    return {**parts, "xl/styles.xml": parts["xl/styles.xml"] + padding}


def texts_as_a_sheet(parts):
    """Shared texts of 61 MB under the name of a sheet."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/xl/worksheets/x.xml" ContentType="{kind}"/></Types>'
    types = parts["[Content_Types].xml"].replace(b"</Types>", entry.encode())
    texts = b"<sst/>" + b" " * (61 * 1024 * 1024)
    return {**parts, "[Content_Types].xml": types, "xl/worksheets/x.xml": texts}


def late_entity(parts):
    """A declaration behind a long comment."""
    sheet = "xl/worksheets/sheet1.xml"
    head = b"<!--" + b"x" * (2 << 20) + b'--><!DOCTYPE x [<!ENTITY a "b">]>'
    return {**parts, sheet: head + parts[sheet]}


@pytest.mark.parametrize(
    ("change", "said"),
    [(big_styles, "rozpakowaniu"), (texts_as_a_sheet, "rozpakowaniu"), (late_entity, "XLSX")],
)
def test_book_that_hides_a_bomb_is_refused(change, said):
    with pytest.raises(FileRefusedError, match=said):
        read(layouts.book_template(), rebuilt(change))
    rows, _reading = read(layouts.book_template(name="Zdrowy"), rebuilt(lambda parts: parts))
    assert rows


def test_format_that_names_a_part_twice_is_refused_and_breaks_no_file():
    with pytest.raises(ValidationError):
        _checked_format("%d.%m.%d", _OF_DATES, ("%d", "%m"))
    for given in ({"date_format": "%d.%m.%d"}, {"time_format": "%H:%H"}):
        template = layouts.cards_template(name=str(given), **given)
        _rows, reading = read(template, layouts.cards_file(layouts.cards_row()))
        assert reading.problem_count == 1


def test_taking_the_problems_of_a_file_is_noted(office, staff_of, client, settings, tmp_path):  # noqa: F811
    settings.MEDIA_ROOT = tmp_path
    row = SupplierImport.objects.create(
        template=layouts.cards_template(),
        file_name="karty.csv",
        sha256="0" * 64,
        state="refused",
        problems=[{"line": 6, "column": "karta", "value": "=1+1", "reason": "Źle."}],
        author=f.UserFactory(),
        uploaded_at=timezone.now(),
    )
    address = reverse("admin:fleet_supplierimport_problems", args=[row.pk])
    taken = AuditEntry.objects.filter(event="fleet_problems_taken")

    answer = office.get(address)

    assert b"'=1+1" in b"".join(answer.streaming_content)
    assert taken.get().object_ref == str(row.public_id)

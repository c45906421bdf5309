"""Whoever owns the database can change it, and is seen (REL-10, REL-11)."""

from __future__ import annotations

import datetime as dt
import json
import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test import override_settings

from eboks.audit import anchoring, tasks, triggers
from eboks.audit.models import AuditAnchor, AuditChain, AuditEntry
from eboks.notifications.models import OutgoingMessage
from tests.audit.conftest import AT
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def own_directory(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    settings.OPERATOR_EMAIL = "operator@example.com"
    return tmp_path


@pytest.fixture
def as_database_owner():
    """Somebody who drops the triggers first, and puts them back after the work."""

    def do(work):
        with triggers.unguarded(connection):
            work()

    return do


def sql(text, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)


def verify(**options):
    """(went well, what it said)"""
    said = StringIO()
    try:
        call_command("verify_audit", stdout=said, **options)
    except CommandError as error:
        return False, f"{said.getvalue()}{error}"
    return True, said.getvalue()


def at(sequence):
    return AuditEntry.objects.get(chain__key="portal", sequence=sequence)


def test_untouched_trail_is_intact(write):
    write(5)
    write(3, company=CompanyFactory())

    assert verify() == (True, "8 entries in 2 chains checked against 0 anchors: intact\n")


def test_empty_trail_is_intact():
    assert verify()[0]


COLUMNS = {
    "at": "2020-01-01 00:00:00+00:00",
    "event": "login",
    "result": "refused",
    "actor_kind": "staff",
    "object_kind": "x",
    "object_ref": "x",
    "facts": '{"number": "FV/9"}',
    "ip": "192.0.2.99",
    "agent": "x",
    "request_id": "x",
    "previous_hash": "0" * 64,
    "hash": "0" * 64,
}


@pytest.mark.parametrize("column", COLUMNS)
def test_edited_column_is_named(write, as_database_owner, column):
    write(5)

    as_database_owner(
        lambda: sql(
            f"UPDATE audit_auditentry SET {column} = %s WHERE sequence = 3",  # noqa: S608
            COLUMNS[column],
        )
    )

    good, said = verify()
    assert not good
    assert f"portal #3: row {at(3).pk} does not fit its seal" in said


def test_moved_actor_and_company_are_named(write, as_database_owner):
    write(3)
    company = CompanyFactory()

    as_database_owner(lambda: AuditEntry.objects.filter(pk=at(2).pk).update(company=company))

    assert "portal #2: row" in verify()[1]


def test_facts_that_no_entry_may_have_are_named(write, as_database_owner):
    write(3)

    as_database_owner(lambda: AuditEntry.objects.filter(pk=at(2).pk).update(facts={"number": 1.5}))

    assert "portal #2: row" in verify()[1]


@pytest.mark.parametrize(("gone", "said"), [([3], "missing (deleted)"), ([3, 4], "(2 deleted)")])
def test_deleted_row_is_named(write, as_database_owner, gone, said):
    write(6)

    as_database_owner(lambda: AuditEntry.objects.filter(sequence__in=gone).delete())

    assert f"portal #3: missing {said.removeprefix('missing ')}" in verify()[1]


def test_first_row_can_be_missed_too(write, as_database_owner):
    write(3)

    as_database_owner(lambda: AuditEntry.objects.filter(sequence=1).delete())

    assert "portal #1: missing (deleted)" in verify()[1]


def test_swapped_rows_are_named(write, as_database_owner):
    write(5)

    def swap():
        for old, new in ((2, 99), (4, 2), (99, 4)):
            AuditEntry.objects.filter(sequence=old).update(sequence=new)

    as_database_owner(swap)

    assert f"portal #2: row {at(2).pk} does not fit its seal" in verify()[1]


def test_swapped_contents_are_named(write, as_database_owner):
    _, second, _, fourth, _ = write(5)

    def swap():
        for row, other in ((second, fourth), (fourth, second)):
            AuditEntry.objects.filter(pk=row.pk).update(
                facts=other.facts,
                at=other.at,
                hash=other.hash,
                previous_hash=other.previous_hash,
            )

    as_database_owner(swap)

    assert f"portal #2: row {second.pk} does not fit its seal" in verify()[1]


def test_inserted_row_is_named(write, as_database_owner):
    rows = write(4)

    def insert():
        AuditEntry.objects.filter(sequence__gte=3).order_by("-sequence")
        for sequence in (4, 3):
            AuditEntry.objects.filter(sequence=sequence).update(sequence=F("sequence") + 1)
        copy = rows[1]
        copy.pk, copy.sequence = None, 3
        copy.save(force_insert=True)
        AuditChain.objects.update(last_sequence=5)

    as_database_owner(insert)

    assert "portal #3: row" in verify()[1]


def test_row_beyond_the_head_is_named(write):
    extra = write(2)[1]
    extra.pk, extra.sequence = None, 3
    extra.save(force_insert=True)  # no trigger refuses an insert

    assert "portal #3: row" in verify()[1]


def test_row_of_another_chain_does_not_fit(write, as_database_owner):
    company = CompanyFactory()
    write(2)
    write(2, company=company)
    portal, other = AuditChain.objects.order_by("pk")

    def swap():
        AuditEntry.objects.filter(chain=portal, sequence=2).update(sequence=98)
        AuditEntry.objects.filter(chain=other, sequence=2).update(chain=portal)
        AuditEntry.objects.filter(sequence=98).update(chain=other, sequence=2)

    as_database_owner(swap)

    _, said = verify()
    assert "portal #2:" in said
    assert f"company:{company.pk} #2:" in said


def test_cut_tail_is_seen_by_the_head_of_the_chain(write, as_database_owner):
    write(5)

    as_database_owner(lambda: AuditEntry.objects.filter(sequence__gt=3).delete())

    assert "portal #4: the tail is cut; the head of the chain is #5" in verify()[1]


def cut_tail(last):
    """What a careful owner of the database does: the head is set back as well."""
    AuditEntry.objects.filter(sequence__gt=last).delete()
    AuditChain.objects.update(last_sequence=last, last_hash=at(last).hash)


def test_careful_cut_is_seen_by_yesterdays_anchor(write, as_database_owner):
    write(20)
    anchoring.drop_anchor(day=DAY, at=AT)

    as_database_owner(lambda: cut_tail(10))

    good, said = verify()
    assert not good
    assert f"portal #11: the tail is cut; anchor {DAY} knows #20" in said


def test_cut_that_takes_the_anchor_along_is_seen_by_the_file(
    write, as_database_owner, own_directory
):
    write(20)
    anchoring.drop_anchor(day=DAY, at=AT)
    AuditAnchor.objects.all().delete()

    as_database_owner(lambda: cut_tail(10))

    good, said = verify(anchors=own_directory / "anchors")
    assert not good
    assert f"portal #11: the tail is cut; file {DAY}.json knows #20" in said


def test_tail_written_anew_is_seen_by_the_anchor(write, as_database_owner):
    write(5)
    anchoring.drop_anchor(day=DAY, at=AT)
    as_database_owner(lambda: cut_tail(3))
    write(4, result="invented")

    assert f"portal #5: another entry stood here when anchor {DAY} was made" in verify()[1]


def test_chain_that_is_gone_is_seen_by_the_anchor(write, as_database_owner):
    write(2)
    anchoring.drop_anchor(day=DAY, at=AT)

    def remove():
        AuditEntry.objects.all().delete()
        AuditChain.objects.all().delete()

    as_database_owner(remove)

    assert "portal: the chain is gone" in verify()[1]


def test_changed_anchor_is_named(write):
    write(2)
    anchoring.drop_anchor(day=DAY, at=AT)
    AuditAnchor.objects.update(heads={"portal": [1, "0" * 64]})

    assert f"anchor {DAY}: the anchor was changed" in verify()[1]


@pytest.mark.parametrize("content", ["", "[]", '{"heads": {"portal": 1}}', '{"heads": {"a": [1]}}'])
def test_odd_anchor_file_is_named(write, own_directory, content):
    write(2)
    (own_directory / "anchors").mkdir()
    (own_directory / "anchors" / "2026-11-22.json").write_text(content)

    assert "file 2026-11-22.json: the anchor was changed" in verify()[1]


def test_entries_written_after_the_anchor_are_fine(write):
    write(3)
    anchoring.drop_anchor(day=DAY, at=AT)
    write(3)

    assert verify() == (True, "6 entries in 1 chains checked against 2 anchors: intact\n")


def test_missing_trigger_is_named(write):
    triggers.unguard(connection)

    good, said = verify()
    triggers.guard(connection)

    assert not good
    assert "missing trigger: audit_auditentry_" in said


def test_old_entries_are_verified_after_two_rotations(write, settings):
    first = settings.SECRET_KEY
    write(2)
    with override_settings(SECRET_KEY="2" * 60, SECRET_KEY_FALLBACKS=[first]):
        write(2)
    with override_settings(
        SECRET_KEY="3" * 60, SECRET_KEY_FALLBACKS=["2" * 60], AUDIT_OLD_KEYS=[first]
    ):
        write(2)
        assert verify()[0]
    with override_settings(SECRET_KEY="3" * 60, SECRET_KEY_FALLBACKS=["2" * 60]):
        assert "portal #1: sealed with the key" in verify()[1]


def test_anchor_is_dropped_once_a_day(write, own_directory, caplog):
    caplog.set_level("INFO", logger="ebok.audit")
    write(3)
    first = anchoring.drop_anchor(day=DAY, at=AT)
    write(1)

    again = anchoring.drop_anchor(day=DAY, at=AT + dt.timedelta(hours=6))

    assert again == first
    assert AuditAnchor.objects.get().heads["portal"][0] == 3
    assert [r.msg["digest"] for r in caplog.records if r.msg["event"] == "audit_anchor"] == [
        first.digest
    ]
    message = OutgoingMessage.objects.get()
    assert message.address == "operator@example.com"


def test_file_of_the_anchor_is_written_once(write, own_directory):
    write(3)
    anchor = anchoring.drop_anchor(day=DAY, at=AT)
    path = own_directory / "anchors" / f"{DAY}.json"
    before = path.read_text()

    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert json.loads(before)["digest"] == anchor.digest
    AuditAnchor.objects.all().delete()
    write(1)
    anchoring.drop_anchor(day=DAY, at=AT)
    assert path.read_text() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_run_that_broke_off_is_finished_by_the_next(write, own_directory):
    anchoring.drop_anchor(day=DAY, at=AT)
    path = own_directory / "anchors" / f"{DAY}.json"
    path.unlink()

    anchoring.drop_anchor(day=DAY, at=AT)

    assert path.exists()


def test_task_takes_the_business_day(monkeypatch, own_directory):
    late = dt.datetime(2026, 11, 22, 23, 10, tzinfo=dt.UTC)  # already the 23rd in Warsaw
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)

    tasks.drop_anchor()

    assert AuditAnchor.objects.get().day == dt.date(2026, 11, 23)


def test_directory_must_be_there(tmp_path):
    with pytest.raises(CommandError, match="not a directory"):
        call_command("verify_audit", anchors=tmp_path / "nowhere")

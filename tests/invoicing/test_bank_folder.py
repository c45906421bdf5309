"""The watched folder: whole files only, each moved with its report (FI-05, FI-06)."""

from __future__ import annotations

import datetime as dt
import os
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError

from eboks.jobs.models import JobFailure
from invoicing import tasks
from invoicing.bank import folder, holding, importing, reading
from invoicing.enums import BankFileState, StatementState
from invoicing.models import BankFile, BankStatement, LessorAccount, Payment
from tests import factories as f
from tests.invoicing import bank_files
from tests.invoicing.bank_files import AT, Row, mt940

pytestmark = pytest.mark.django_db

ACCOUNT = "40116022027777000000010001"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def home(tmp_path, settings):
    bank_files.account()
    f.ContractFactory(virtual_account=ACCOUNT)
    settings.STATEMENTS_DIR = tmp_path / "wyciagi"
    settings.STATEMENTS_DIR.mkdir()
    return settings.STATEMENTS_DIR


def statement(number=1, **values):
    opening = f"{100 * (number - 1)}.00"
    return mt940([Row("100.00", to=ACCOUNT)], number=number, opening=opening, **values)


def look(home, *minutes):
    """Looks into the folder at these minutes after AT; what the last one took over."""
    outcomes = []
    for minute in minutes:
        outcomes = folder.take_over(folder=home, at=AT + minute * MINUTE)
    return outcomes


def names(place):
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_settled_file_is_booked_and_moved_with_its_report(home):
    (home / "w1.sta").write_bytes(statement())

    (outcome,) = look(home, 0, 1)

    assert not outcome.is_refused
    assert Payment.objects.count() == 1
    assert names(home / "done") == ["20261122T090100_w1.sta", "20261122T090100_w1.sta.txt"]
    report = (home / "done" / "20261122T090100_w1.sta.txt").read_text("utf-8")
    assert "zaksięgowany" in report
    assert "rozpoznana: 1" in report
    assert names(home / "working") == []


def test_refused_file_is_moved_with_its_reason(home):
    (home / "w1.sta").write_bytes(statement(closing="1.00"))

    look(home, 0, 1)

    assert names(home / "refused") == ["20261122T090100_w1.sta", "20261122T090100_w1.sta.txt"]
    report = (home / "refused" / "20261122T090100_w1.sta.txt").read_text("utf-8")
    assert "odrzucony" in report
    assert "wiersz 1" in report
    assert "Różnica" in report
    assert BankFile.objects.get().kept_as == "20261122T090100_w1.sta"


def test_file_is_left_alone_until_it_stops_growing(home):
    whole = statement()
    path = home / "w1.sta"
    path.write_bytes(whole[:100])
    look(home, 0)
    with path.open("ab") as file:
        file.write(whole[100:])
    assert look(home, 1) == []  # it grew since the first look

    (outcome,) = look(home, 2)

    assert not outcome.is_refused


def test_file_that_keeps_its_old_time_waits_too(home):
    path = home / "w1.sta"
    path.write_bytes(statement())
    os.utime(path, (0, 0))

    assert look(home, 0) == []
    assert len(look(home, 1)) == 1


def test_looks_that_follow_each_other_too_closely_do_not_count(home, settings):
    settings.STATEMENTS_SETTLE_SECONDS = 90
    (home / "w1.sta").write_bytes(statement())

    assert look(home, 0, 1) == []
    assert len(look(home, 2)) == 1


@pytest.mark.parametrize("name", [".hidden.sta", "w1.sta.part", "w1.FILEPART", "w1.tmp"])
def test_unfinished_names_are_left_alone(home, name):
    (home / name).write_bytes(statement())

    assert look(home, 0, 1, 2) == []
    assert (home / name).exists()


def test_links_and_folders_are_left_alone(home, tmp_path):
    secret = tmp_path / "secret.sta"
    secret.write_bytes(statement())
    (home / "link.sta").symlink_to(secret)
    (home / "kat").mkdir()

    assert look(home, 0, 1, 2) == []
    assert secret.exists()


def test_same_file_again_is_moved_and_changes_nothing(home):
    (home / "w1.sta").write_bytes(statement())
    look(home, 0, 1)
    (home / "w1.sta").write_bytes(statement())

    (outcome,) = look(home, 5, 6)

    assert outcome.is_known
    assert Payment.objects.count() == 1
    assert len(names(home / "done")) == 4


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3)])
def test_files_may_arrive_in_any_order(home, order):
    for minute, number in enumerate(order):
        (home / f"w{number}.sta").write_bytes(statement(number))
        if minute == 0 and number != 1:
            bank = LessorAccount.objects.get()
            bank.first_year, bank.first_number = 2026, 1
            bank.save()
        look(home, 10 * minute, 10 * minute + 1)

    assert BankStatement.objects.filter(state=StatementState.BOOKED).count() == 4
    assert Payment.objects.count() == 4


def test_files_of_one_look_are_taken_in_the_order_of_their_numbers(home):
    (home / "a.sta").write_bytes(statement(2))
    (home / "b.sta").write_bytes(statement(1))

    outcomes = look(home, 0, 1)

    assert [str(outcome.statements[0]) for outcome in outcomes] == ["1/2026", "2/2026"]


def test_claim_of_a_dead_worker_goes_back(home):
    (home / "working").mkdir()
    (home / "working" / "w1.sta").write_bytes(statement())
    now = dt.datetime.now(dt.UTC)

    folder.take_over(folder=home, at=now)
    assert names(home / "working") == ["w1.sta"]  # somebody may be at it
    folder.take_over(folder=home, at=now + 20 * MINUTE)
    outcomes = folder.take_over(folder=home, at=now + 21 * MINUTE)

    assert len(outcomes) == 1


def test_file_that_another_worker_has_claimed_is_left_to_it(home, monkeypatch):
    (home / "w1.sta").write_bytes(statement())
    look(home, 0)
    settled = folder._has_settled

    def claimed_meanwhile(path, at):
        answer = settled(path, at)
        path.rename(home / "working" / path.name)
        return answer

    monkeypatch.setattr(folder, "_has_settled", claimed_meanwhile)

    assert look(home, 1) == []
    assert names(home / "working") == ["w1.sta"]


def test_database_that_is_away_leaves_the_files(home, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError("gone")

    (home / "w1.sta").write_bytes(statement())
    look(home, 0)
    with monkeypatch.context() as patch:
        patch.setattr(folder, "import_ready", broken)
        with pytest.raises(OperationalError):
            look(home, 1)

    assert names(home) == ["done", "refused", "w1.sta", "working"]
    assert len(look(home, 2)) == 1


def test_file_that_breaks_the_program_stops_no_other_and_is_set_aside(home, monkeypatch):
    """FI-17: three tries, then it is refused with a reason."""
    take = importing._take

    def breaks(raw, found, *, at):
        if raw.name == "zly.sta":
            raise ZeroDivisionError
        return take(raw, found, at=at)

    monkeypatch.setattr(importing, "_take", breaks)
    (home / "zly.sta").write_bytes(statement(2))
    (home / "dobry.sta").write_bytes(statement(1))

    look(home, 0, 1)
    assert Payment.objects.count() == 1
    assert names(home) == ["done", "refused", "working", "zly.sta"]
    look(home, 2, 3, 4, 5)

    (refused, _report) = names(home / "refused")
    assert refused.endswith("_zly.sta")
    assert JobFailure.objects.get().is_set_aside


def test_file_that_breaks_the_reader_stops_no_other(home, monkeypatch):
    def breaks(raw, *, on):
        if raw.name == "zly.sta":
            raise ZeroDivisionError
        return reading.read(raw, on=on)

    monkeypatch.setattr(importing, "read", breaks)
    (home / "zly.sta").write_bytes(statement(2))
    (home / "dobry.sta").write_bytes(statement(1))

    look(home, 0, 1)

    assert Payment.objects.count() == 1
    assert names(home) == ["done", "refused", "working"]
    refused = BankFile.objects.get(state=BankFileState.REFUSED)
    assert "ZeroDivisionError" in refused.problems
    assert refused.kept_as.endswith("_zly.sta")


def test_task_looks_only_where_a_folder_is_set(home, settings, time_machine):
    (home / "w1.sta").write_bytes(statement())
    for minute in (0, 1):
        time_machine.move_to(AT + minute * MINUTE, tick=False)
        tasks.import_statements()
    assert Payment.objects.count() == 1

    settings.STATEMENTS_DIR = None
    tasks.import_statements()


def test_refused_file_is_tried_again_from_where_it_lies(home):
    bank = LessorAccount.objects.get()
    bank.is_active = False
    bank.save()
    (home / "w1.sta").write_bytes(statement())
    look(home, 0, 1)
    file = BankFile.objects.get()
    assert holding.retry(file_id=file.pk, at=AT).is_refused
    bank.is_active = True
    bank.save()

    outcome = holding.retry(file_id=file.pk, at=AT)

    file.refresh_from_db()
    assert not outcome.is_refused
    assert file.state == BankFileState.LOADED
    assert "20261122T090100_w1.sta" in names(home / "done")
    with pytest.raises(holding.HoldingError):
        holding.retry(file_id=file.pk, at=AT)


def run(*paths):
    out, err = StringIO(), StringIO()
    try:
        call_command("import_statement", *map(str, paths), stdout=out, stderr=err)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_command_says_what_became_of_each_file(home, tmp_path):
    good, bad, later = (tmp_path / name for name in ("1.sta", "2.sta", "3.sta"))
    good.write_bytes(statement())
    bad.write_bytes(statement(closing="3.00"))
    later.write_bytes(statement(5))

    code, out, err = run(later, bad, good)
    assert code == 1
    assert "1.sta: zaksięgowany" in out
    assert "3.sta: czeka na wcześniejszy wyciąg" in out
    assert "2.sta: odrzucony" in err
    code, out, _err = run(good)
    assert (code, "bez zmian" in out) == (0, True)
    code, _out, err = run(tmp_path / "nie-ma")
    assert (code, "Nie mogę otworzyć" in err) == (1, True)
    code, out, _err = run(later)
    assert code == 3

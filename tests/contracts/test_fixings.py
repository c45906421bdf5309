"""Values of an index come in by file: wholly or not at all, and never another one for a day."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command

from contracts.fixings import import_fixings
from contracts.models import IndexFixing
from eboks.audit.models import AuditEntry
from eboks.feeds.problems import FeedRefusedError
from tests.contracts.reset_rows import AT, fix, rate

pytestmark = pytest.mark.django_db
HEADER = "rate,fixed_on,value,compound_index,source"
GOOD = ("WIBOR_1M,2026-11-27,4.10,,GPW Benchmark", "WIBOR_1M,2026-11-30,4.05,,GPW Benchmark")


@pytest.fixture
def file(tmp_path):
    rate("WIBOR_1M")

    def write(*lines, header=HEADER):
        path = tmp_path / "notowania.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def test_file_is_taken_and_logged_once(file):
    path = file(*GOOD)

    first, second = import_fixings(path=path, at=AT), import_fixings(path=path, at=AT)

    assert (first.new, first.known) == (2, 0)
    assert (second.new, second.known) == (0, 2)
    values = IndexFixing.objects.order_by("on").values_list("value", flat=True)
    assert list(values) == [Decimal("4.10"), Decimal("4.05")]
    assert AuditEntry.objects.filter(event="fixings_imported").count() == 1


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("WIBOR_9M,2026-11-30,4.05,,GPW", "rate", "nie ma takiej stopy"),
        ("FIXED,2026-11-30,4.05,,GPW", "rate", "nie ma takiej stopy"),
        ("WIBOR_1M,2026-12-02,4.05,,GPW", "fixed_on", "z przyszłości"),
        ("WIBOR_1M,2026-11-31,4.05,,GPW", "fixed_on", "data"),
        ("WIBOR_1M,2026-11-30,405,,GPW", "value", "poza zakresem"),
        ('WIBOR_1M,2026-11-30,"4,05",,GPW', "value", "liczba"),
        ("WIBOR_1M,2026-11-30,4.05,0,GPW", "compound_index", "dodatni"),
        ("WIBOR_1M,2026-11-30,4.05,,", "source", "wymagana"),
        ("WIBOR_1M,2026-11-27,4.10,,GPW", "fixed_on", "powtórzony"),
    ],
)
def test_one_bad_line_refuses_the_whole_file(file, line, column, reason):
    with pytest.raises(FeedRefusedError) as refused:
        import_fixings(path=file(GOOD[0], line), at=AT)

    (problem,) = refused.value.problems.found
    assert (problem.file, problem.line, problem.column) == ("notowania.csv", 3, column)
    assert reason in problem.reason
    assert not IndexFixing.objects.exists()


@pytest.mark.parametrize(
    "line", ["WIBOR_1M,2026-11-30,4.06,,GPW", "WIBOR_1M,2026-11-30,4.05,122.5,GPW"]
)
def test_another_value_for_a_known_day_is_refused(file, line):
    fix("WIBOR_1M", ("2026-11-30", "4.05"))

    with pytest.raises(FeedRefusedError, match="jest już znane"):
        import_fixings(path=file(GOOD[0], line), at=AT)

    assert IndexFixing.objects.get().value == Decimal("4.05")


def test_command_says_what_came_and_what_is_wrong(file, capsys, tmp_path):
    call_command("import_fixings", str(file("WIBOR_1M,2020-11-30,0.20,,GPW")))
    assert "nowe 1, już znane 0" in capsys.readouterr().out

    with pytest.raises(SystemExit) as stopped:
        call_command("import_fixings", str(file("WIBOR_9M,2020-11-30,4.05,,GPW")))
    assert stopped.value.code == 1
    assert "notowania.csv, wiersz 2, kolumna rate" in capsys.readouterr().err

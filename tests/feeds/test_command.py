"""`manage.py import_feed`: what it prints, and how it ends."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from eboks.feeds.models import FeedRun, FeedStatus

pytestmark = pytest.mark.django_db


def test_command_prints_counts_and_plain_progress(feed, capsys):
    call_command("import_feed", str(feed.directory))

    out = capsys.readouterr().out
    assert "feed-1 (nr 1, 2026-11-20): wczytany" in out
    assert "  invoices: nowe 4, już wczytane 0" in out
    assert "wczytanie: 100 %" in out
    assert "zapis: 100 %" in out
    assert "\r" not in out


def test_command_prints_every_error_and_ends_with_1(feed, capsys):
    feed.change("companies", 2, city="")
    feed.change("payments", 2, indicates="F9")

    with pytest.raises(SystemExit) as stopped:
        call_command("import_feed", str(feed.directory))

    assert stopped.value.code == 1
    err = capsys.readouterr().err
    assert "feed-1 (nr 1, 2026-11-20): odrzucony" in err
    assert "companies.csv, wiersz 2, kolumna city: wartość jest wymagana" in err
    assert "payments.csv, wiersz 2, kolumna indicates, wartość „F9”: nie ma takiej faktury" in err


def test_command_ends_with_3_when_a_feed_waits(feed, capsys):
    feed.seal(sequence=2)

    with pytest.raises(SystemExit) as stopped:
        call_command("import_feed", str(feed.directory))

    assert stopped.value.code == 3
    assert "brakuje nr 1" in capsys.readouterr().err
    assert FeedRun.objects.get().status == FeedStatus.WAITING


def test_command_says_nothing_changed_the_second_time(feed, capsys):
    call_command("import_feed", str(feed.directory))
    capsys.readouterr()

    call_command("import_feed", str(feed.directory))

    assert "bez zmian" in capsys.readouterr().out


def test_dry_run_of_the_command_keeps_nothing(feed, capsys, stored):
    before = stored()

    call_command("import_feed", str(feed.directory), "--dry-run")

    assert "sprawdzony na próbę" in capsys.readouterr().out
    assert stored() == before


def test_terminal_gets_a_progress_bar(feed, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    call_command("import_feed", str(feed.directory))

    captured = capsys.readouterr()
    assert "wczytanie" in captured.err
    assert "%|" in captured.err
    assert "wczytanie: 100 %" not in captured.out


def test_missing_directory_is_an_error_of_its_own(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        call_command("import_feed", str(tmp_path / "nothing"))

    assert stopped.value.code == 1
    assert "nie ma takiego katalogu" in capsys.readouterr().err

"""Files are stored once, whole, and given back only while they are what was stored."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from eboks.documents import services, storage, tasks
from eboks.documents.models import Document
from eboks.documents.services import DocumentDamagedError, inspect_store, open_checked, store
from tests.factories import CompanyFactory

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "documents"
    return settings.MEDIA_ROOT


def put(company=None, key="invoice:1", content=b"%PDF-1 tresc", **kwargs) -> Document:
    return store(
        company=company or CompanyFactory(),
        key=key,
        content=content,
        file_name=kwargs.pop("file_name", "Faktura FV/1.pdf"),
        content_type="application/pdf",
        renderer="test 1",
        at=AT,
    )


def files(media: Path) -> list[Path]:
    return sorted(path for path in media.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_store_writes_file_and_row(media):
    document = put()
    with open_checked(document) as file:
        assert file.read() == b"%PDF-1 tresc"
    assert (document.size, document.file_name, document.created_at) == (12, "Faktura FV-1.pdf", AT)
    assert len(files(media)) == 1
    assert "FV" not in document.storage_name


@pytest.mark.django_db
def test_store_twice_returns_the_first_and_leaves_one_file(media):
    company = CompanyFactory()
    first = put(company)
    second = put(company, content=b"other content")
    assert second == first
    assert len(files(media)) == 1
    with open_checked(second) as file:
        assert file.read() == b"%PDF-1 tresc"


@pytest.mark.django_db
def test_store_leaves_no_file_when_the_row_is_refused(media):
    with pytest.raises(Exception, match="document_not_empty"):
        put(content=b"")
    assert files(media) == []


@pytest.mark.django_db(transaction=True)
def test_store_by_eight_at_once_makes_one_document(media):
    company = CompanyFactory()
    start = threading.Barrier(8)
    got: list[int] = []

    def work(number: int) -> None:
        try:
            start.wait()
            got.append(put(company, content=f"copy {number}".encode()).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    document = Document.objects.get()
    assert got == [document.pk] * 8
    assert len(files(media)) == 1
    with open_checked(document) as file:
        assert file.read().startswith(b"copy ")


@pytest.mark.django_db
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_open_checked_refuses_a_damaged_file_and_logs_it(media, harm, caplog):
    document = put(content=b"x" * 3000)
    path = files(media)[0]
    match harm:
        case "flip":
            path.write_bytes(b"x" * 1500 + b"y" + b"x" * 1499)
        case "cut":
            path.write_bytes(b"x" * 2999)
        case "remove":
            path.unlink()
    with pytest.raises(DocumentDamagedError, match="nie przeszedł kontroli"):
        open_checked(document)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert str(document.pk) in caplog.text


def test_storage_refuses_a_name_that_leaves_the_store():
    with pytest.raises(ValueError, match="inside the store"):
        storage.open_file("../../etc/passwd")


def test_write_leaves_nothing_when_the_disk_refuses(media, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eboks.documents.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        storage.write(b"content")
    assert files(media) == []


@pytest.mark.django_db
def test_inspect_finds_missing_changed_and_orphan_files(media):
    kept, gone, changed = (put(key=f"k{n}", content=b"content %d" % n) for n in range(3))
    (media / gone.storage_name).unlink()
    (media / changed.storage_name).write_bytes(b"other")
    orphan = storage.write(b"nobody's")
    later = timezone.now() + dt.timedelta(hours=1)

    found = inspect_store(older_than=later, delete_orphans=True)

    assert found.checked == 3
    assert (found.missing, found.changed, found.orphans) == ([gone.pk], [changed.pk], [orphan])
    assert not (media / orphan).exists()
    assert (media / kept.storage_name).exists()


@pytest.mark.django_db
def test_a_young_file_is_no_orphan(media):
    storage.write(b"its row is being written")
    earlier = timezone.now() - dt.timedelta(hours=1)
    assert inspect_store(older_than=earlier).clean


@pytest.mark.django_db
def test_check_documents_command_exits_with_an_error_when_something_is_wrong(media, capsys):
    document = put()
    call_command("check_documents")
    assert "1 documents checked: 0 missing, 0 changed; 0 orphan" in capsys.readouterr().out

    (media / document.storage_name).write_bytes(b"other")
    with pytest.raises(CommandError, match="1 changed"):
        call_command("check_documents")
    assert f"changed: {document.pk}" in capsys.readouterr().out


@pytest.mark.django_db
def test_store_inside_a_transaction_returns_the_winner():
    """The unique key must not break the transaction around it."""
    company = CompanyFactory()
    first = put(company)
    with transaction.atomic():
        assert put(company) == first
        assert Document.objects.count() == 1
    assert connection.is_usable()


@pytest.mark.django_db
def test_sweep_removes_old_files_without_a_row_and_nothing_else(media, monkeypatch):
    kept = put()
    orphan, owned = storage.write(b"nobody's"), storage.write(b"another room's")
    (media / orphan).with_suffix(".part").write_bytes(b"half")
    monkeypatch.setattr(services, "_owners", [lambda name: name == owned])
    now = timezone.now()

    assert services.sweep_orphans(older_than=now - dt.timedelta(hours=1)) == 0  # still young
    assert services.sweep_orphans(older_than=now + dt.timedelta(hours=1)) == 2

    assert files(media) == sorted([media / kept.storage_name, media / owned])
    tasks.sweep_orphans()

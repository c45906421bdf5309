"""ZIP of invoices: the archive with its check sums and manifest against copying the same files.

Makes a client with stored documents of a usual invoice's size inside a transaction that is rolled
back, in a media folder of its own. Everything is read from a warm cache, in turns. Copied are the
files one by one into a folder (`shutil.copyfile`), which the ratio is of; and, to compare, all of
them into one file, which opens nothing and compares nothing. The first byte and the list of
invoices are asked for through the whole middleware.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from benchmarks.excel import _peak_memory
from eboks.accounts.models import User
from eboks.documents import storage
from eboks.documents.models import Document
from eboks.exports.registry import Order
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role
from invoicing import invoice_zip
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice

FILES = {"small": 500, "mid": 5_000, "large": 5_000}  # no archive holds more
BYTES = 42_000  # of an invoice of the demo
AIM = 2.0
ROUNDS = 5
FEW = 500


def run(size: str) -> None:
    """Megabytes a second of both, their ratio, memory for 500 and for all files, the first byte."""
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        override_settings(MEDIA_ROOT=folder, EXPORTS_PER_HOUR=1_000),
        transaction.atomic(),
    ):
        _measure(size, FILES[size])
        transaction.set_rollback(True)


def _measure(size: str, count: int) -> None:
    membership = _person()
    names = _fill(membership.company, count)
    with tempfile.TemporaryFile() as out:
        copies, joined, archives = [], [], []
        for _round in range(ROUNDS):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                copies.append(_seconds(lambda: _copy(names, Path(folder))))
            joined.append(_seconds(lambda: _join(names, out)))
            archives.append(_seconds(lambda: _pack(membership, count, out)))
        few = _growth(lambda: _pack(membership, FEW, out))
        memory = _growth(lambda: _pack(membership, count, out))
    megabytes = count * BYTES / 1e6
    bare, one, ours = min(copies), min(joined), min(archives)
    print(f"{count:,} files, {megabytes:,.0f} MB; best of {ROUNDS} rounds")
    print(f"copy file by file: {bare:.2f} s ({megabytes / bare:,.0f} MB/s)")
    print(f"copy into one file: {one:.2f} s ({megabytes / one:,.0f} MB/s)")
    print(f"archive: {ours:.2f} s ({megabytes / ours:,.0f} MB/s, {count / ours:,.0f} files/s)")
    print(f"memory over the start: {few:.1f} MB for {FEW} files, {memory:.1f} MB for {count:,}")
    page, first = _first_byte(membership.user)
    print(f"first byte: {first:.0f} ms; the list of invoices: {page:.0f} ms")
    sys.stdout.write(
        f"bench zip size={size} ratio={ours / bare:.2f} aim<={AIM} memory_mb={memory:.1f}\n"
    )


def _copy(names: Sequence[str], folder: Path) -> None:
    media = Path(settings.MEDIA_ROOT)
    for number, name in enumerate(names):
        shutil.copyfile(media / name, folder / str(number))


def _join(names: Sequence[str], out: BinaryIO) -> None:
    out.seek(0)
    out.truncate()
    for name in names:
        with storage.open_file(name) as file:
            shutil.copyfileobj(file, out, 1 << 20)


def _pack(membership: Membership, count: int, out: BinaryIO) -> None:
    out.seek(0)
    out.truncate()
    out.writelines(_pieces(membership, count))


def _pieces(membership: Membership, count: int) -> Iterator[bytes]:
    ids = Invoice.objects.filter(company=membership.company).order_by("pk")[:count]
    params = {"scope": "chosen", "ids": list(ids.values_list("pk", flat=True))}
    order = Order(
        user=membership.user,
        company=membership.company,
        companies=[membership.company],
        params=params,
        at=timezone.now(),
    )
    return invoice_zip.stream(order)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _growth(work: Callable[[], object]) -> float:
    before = _peak_memory(reset=True)
    work()
    return _peak_memory() - before


def _first_byte(user: User) -> tuple[float, float]:
    """Milliseconds of the list of invoices and of the first piece of a ZIP of 500, medians."""
    client = Client()
    client.force_login(user)
    session = client.session
    newest = Invoice.objects.filter(company__memberships__user=user).order_by("-pk")
    session["invoice_pack"] = list(newest.values_list("pk", flat=True)[:FEW])
    session.save()
    pages, firsts = [], []
    for _round in range(9):
        pages.append(_seconds(lambda: client.get(reverse("invoicing:invoice_list"))))
        firsts.append(_seconds(lambda: _take(client)))
    return 1000 * statistics.median(pages), 1000 * statistics.median(firsts)


def _take(client: Client) -> None:
    """Up to the first piece; then as if the browser went away."""
    response: Any = client.post(reverse("invoicing:invoice_pack"), {"zakres": "chosen"})
    assert next(iter(response.streaming_content)).startswith(b"PK")
    response._iterator.close()


def _person() -> Membership:
    company = Company.objects.create(
        client_id="KL-BENCH-ZIP",
        name="Klient pomiaru",
        street="ul. Polna 7",
        postcode="62-800",
        city="Kalisz",
        source_system="bench",
        source_id="zip",
        as_of=timezone.now().date(),
    )
    user = User.objects.create(username="bench-zip", email="bench-zip@example.com")
    return Membership.objects.create(user=user, company=company, role=Role.OWNER)


def _fill(company: Company, count: int) -> list[str]:
    """Invoices with stored documents that do not compress; names of the files."""
    at = timezone.now()
    day = at.date()
    noise = os.urandom(BYTES + count)
    documents = []
    for number in range(count):
        content = noise[number : number + BYTES]
        documents.append(
            Document(
                company=company,
                key=f"bench:{number}",
                storage_name=_put(content),
                file_name=f"Faktura FV-BENCH-{number:06d}.pdf",
                content_type="application/pdf",
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                renderer="bench",
                created_at=at,
            )
        )
    Document.objects.bulk_create(documents, batch_size=1_000)
    net, vat = Decimal("2803.79"), Decimal("644.87")
    Invoice.objects.bulk_create(
        (
            Invoice(
                company=company,
                kind=InvoiceKind.INVOICE,
                number=f"FV/BENCH/{number:06d}",
                issued_on=day - dt.timedelta(days=number % 300),
                sold_on=day,
                due_on=day,
                net=net,
                vat=vat,
                gross=net + vat,
                vat_pln=vat,
                seller_name="Leasing",
                seller_nip="5260250274",
                seller_address="Warszawa",
                buyer_name=company.name,
                buyer_address="Kalisz",
                received_at=at,
                pdf=document,
                source_system="bench",
                source_id=f"zip-{number}",
                as_of=day,
            )
            for number, document in enumerate(documents)
        ),
        batch_size=1_000,
    )
    return [document.storage_name for document in documents]


def _put(content: bytes) -> str:
    """As `storage.write` lays files out, without waiting for the disk each time."""
    token = hashlib.sha256(os.urandom(16)).hexdigest()[:40]
    path = Path(settings.MEDIA_ROOT) / token[:2] / token[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f"{token[:2]}/{token[2:]}"

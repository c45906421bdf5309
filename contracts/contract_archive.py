"""„Zabierz wszystko”: one archive of a contract. Every domain adds its own files in `ready()`.

Written to the file as it goes, part after part; `manifest.csv` names every file with its check sum,
and what cannot be given is a line of it and of `BRAKI.txt`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Contract
from eboks.accounts.models import User
from eboks.documents.archive import Archive, text_file
from eboks.documents.csv_files import write_csv
from eboks.documents.models import Document
from eboks.documents.pdf import PdfError
from eboks.documents.services import DocumentDamagedError, read_checked
from eboks.documents.xlsx import Column, Kind, Sheet
from eboks.exports.reach import memberships_with
from eboks.exports.registry import Export, ExportError, Order, add_export
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right
from eboks.ui.words import moment

KIND = "contract_archive"
Q = TypeVar("Q", bound="CompanyScopedQuerySet")  # type: ignore[type-arg]  # rows of any model


@dataclass(slots=True)
class Shelf:
    """One folder of the archive, being filled for one contract and one person."""

    archive: Archive
    folder: str
    contract: Contract
    user: User
    at: dt.datetime
    files: list[tuple[str, str | None, int | None, str | None]] = field(default_factory=list)

    def add(self, name: str, content: bytes, *, folder: str = "") -> str:
        """Adds a file under a safe name; returns the name. A folder inside the folder is left out:
        a part is flat.
        """
        path = self.archive.add(name, content, folder=self.folder)
        self.files.append((path, hashlib.sha256(content).hexdigest(), len(content), None))
        return path

    def add_document(self, name: str, make: Callable[[], Document]) -> None:
        """Adds the stored document that `make` finds or makes; or a line that says why not."""
        try:
            document = make()
            self.add(document.file_name, read_checked(document))
        except (PdfError, DocumentDamagedError) as error:
            self.miss(name, str(error))

    def miss(self, name: str, reason: str) -> None:
        """A file that should be here and is not."""
        self.files.append((f"{self.folder}/{name}", None, None, reason))

    def scoped(self, rows: Q) -> Q:
        """`rows` of the contract's company that the person may read."""
        return rows.for_user(self.user).for_company(self.contract.company)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one domain knows of a contract. `fill` gives control back after each file; `count` says
    about how many there will be. Left out for whoever lacks `right` in the contract's company.
    Parts come by their `place`.
    """

    name: str
    place: int
    folder: str | Promise
    right: Right
    fill: Callable[[Shelf], Iterator[None]]
    count: Callable[[Contract], int]


_parts: dict[str, Part] = {}


def add_part(part: Part) -> None:
    _parts[part.name] = part


def build(order: Order) -> None:
    """The archive of the contract that the order names. Raises ExportError when out of reach."""
    contract = _contract(order)
    order.companies = [company for company in order.companies if company == contract.company]
    order.file_name = f"umowa {contract.number}.zip"
    known = sorted(_parts.values(), key=lambda part: (part.place, part.name))
    parts = [part for part in known if _may(order.user, contract, part.right)]
    order.progress(0, sum(part.count(contract) for part in parts))
    archive = Archive(at=order.at)
    archive.add("OPIS.txt", text_file(_about(order, contract)))
    files = []
    done = 0
    for part in parts:
        shelf = Shelf(archive, str(part.folder), contract, order.user, order.at)
        for _step in part.fill(shelf):
            done += 1
            order.out.write(archive.take())
            order.progress(min(done, order.total))
        files += shelf.files
    archive.add("manifest.csv", _manifest(files))
    missing = [f"{path}: {reason}" for path, _sum, _size, reason in files if reason]
    if missing:
        archive.add("BRAKI.txt", text_file([_("Tych plików nie ma w paczce:"), "", *missing]))
    order.out.write(archive.close())


def _contract(order: Order) -> Contract:
    rows = order.scoped(Contract.objects.select_related("company"))
    contract = rows.filter(public_id=order.params["contract"]).first()
    if contract is None:
        raise ExportError(_("Nie masz już dostępu do tej umowy, więc archiwum nie powstało."))
    return contract


def _may(user: User, contract: Contract, right: Right) -> bool:
    return bool(memberships_with(user=user, right=right, company=contract.company))


def _about(order: Order, contract: Contract) -> list[str]:
    return [
        _("Archiwum umowy %s") % contract.number,
        "",
        _("Korzystający: %s") % contract.company.name,
        _("Utworzono: %s") % moment(order.at),
        "",
        _("Plik manifest.csv wymienia każdy plik z sumą SHA-256."),
        _("Jeżeli czegoś brakuje, mówi o tym manifest i plik BRAKI.txt."),
    ]


def _manifest(files: list[tuple[str, str | None, int | None, str | None]]) -> bytes:
    columns = [
        Column(_("Plik")),
        Column("SHA-256"),
        Column(_("Rozmiar w bajtach"), Kind.WHOLE),
        Column(_("Uwagi")),
    ]
    with write_csv(Sheet("manifest", columns, files)) as file:
        return file.read()


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name=KIND,
            title=gettext_lazy("Archiwum umowy"),
            right=Right.EXPORT_REPORTS,
            build=build,
        )
    )

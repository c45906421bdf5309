"""A ZIP of invoices: PDF, XML where there is one, and `manifest.csv` that names every document.

Written as it goes: memory holds one document and the lines of the manifest. A document that cannot
be given is a line of the manifest and of `BRAKI.txt`, never silently absent (REL-15).
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from eboks import clock
from eboks.accounts.models import User
from eboks.documents import pdf
from eboks.documents.archive import Archive, text_file
from eboks.documents.csv_files import write_csv
from eboks.documents.models import Document
from eboks.documents.services import DocumentDamagedError, read_stored
from eboks.documents.xlsx import Column, Kind, Sheet
from eboks.exports.registry import Export, ExportError, Extent, Order, add_export
from eboks.tenancy.rights import Right
from eboks.ui.words import moment
from invoicing import new_invoices
from invoicing.documents import ensure_invoice_pdf
from invoicing.enums import InvoiceKind
from invoicing.filters import InvoiceFilters
from invoicing.list_exports import last_visit_of
from invoicing.models import Invoice

logger = logging.getLogger(__name__)

KIND = "invoices_zip"
AT_ONCE = 500
MOST = 5_000
_BATCH = 200
_PIECE = 1 << 18  # bytes collected before they are sent
_GUESS = 60_000  # bytes of a PDF that is not made yet
_FEW_TO_MAKE = 20  # PDFs that may be made while a person waits
_FIELDS = (
    *("pk", "public_id", "number", "kind", "issued_on", "company__name", "contract__number"),
    *("currency", "net", "vat", "gross"),
    *("pdf__storage_name", "pdf__file_name", "pdf__sha256", "pdf__size"),
)


class File(NamedTuple):
    """A stored file, as the archive needs it."""

    storage_name: str
    file_name: str
    sha256: str
    size: int

    @classmethod
    def of(cls, document: Document) -> File:
        return cls(document.storage_name, document.file_name, document.sha256, document.size)


class Row(NamedTuple):
    """An invoice, as its lines of the manifest need it; in the order of _FIELDS."""

    pk: int
    public_id: uuid.UUID
    number: str
    kind: str
    issued_on: dt.date
    company: str
    contract: str | None
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    pdf: File | None


class Entry(NamedTuple):
    """A line of the manifest: a file in the archive, or one that is missing and why."""

    number: str
    kind: str
    issued_on: dt.date
    company: str
    contract: str | None
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    file: str | None
    sha256: str | None
    size: int | None
    remark: str | None


def _kinds() -> dict[str, str]:
    return {kind.value: str(kind.label) for kind in InvoiceKind}


class Filled(Protocol):
    """What files are added to: an archive, or a folder of one."""

    def add(self, name: str, content: bytes, *, folder: str = "") -> str: ...


@dataclass(slots=True)
class Pack:
    """An archive of invoices being written, or that part of a bigger one."""

    archive: Filled
    at: dt.datetime
    by_company: bool = False
    entries: list[Entry] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=_kinds)

    def add_all(self, ids: Sequence[int]) -> Iterator[int]:
        """Adds the documents of the invoices, in that order; gives how many are done, each time."""
        done = 0
        for start in range(0, len(ids), _BATCH):
            rows = _rows(ids[start : start + _BATCH])
            xml = _xml_of(rows)
            for row in rows:
                self._add(row, xml.get(xml_key(row.public_id)))
                done += 1
                yield done

    def _add(self, row: Row, xml: File | None) -> None:
        try:
            self._put(row, row.pdf or self._made(row))
        except (pdf.PdfError, DocumentDamagedError) as error:
            self._miss(row, "PDF", str(error))
        except Exception:
            logger.exception("invoice %s: no PDF for an archive", row.pk)
            self._miss(row, "PDF", _("Nie udało się przygotować pliku."))
        if xml is None:
            return
        try:
            self._put(row, xml)
        except DocumentDamagedError as error:
            self._miss(row, "XML", str(error))

    def _made(self, row: Row) -> File:
        return File.of(ensure_invoice_pdf(invoice_id=row.pk, at=self.at))

    def _put(self, row: Row, file: File) -> None:
        what = f"invoice {row.pk}"
        content = read_stored(file.storage_name, sha256=file.sha256, what=what)
        folder = row.company if self.by_company else ""
        path = self.archive.add(file.file_name, content, folder=folder)
        self._note(row, path, file.sha256, file.size, None)

    def _miss(self, row: Row, what: str, reason: str) -> None:
        remark = _("BRAK PLIKU %(what)s: %(reason)s") % {"what": what, "reason": reason}
        self._note(row, None, None, None, remark)
        if row.pk not in self.missing:
            self.missing.append(row.pk)

    def _note(
        self, row: Row, file: str | None, sha256: str | None, size: int | None, remark: str | None
    ) -> None:
        kind = self.kinds.get(row.kind, row.kind)
        self.entries.append(Entry(row.number, kind, *row[4:11], file, sha256, size, remark))

    def add_manifest(self) -> None:
        self.archive.add("manifest.csv", manifest(self.entries))

    def finish(self) -> None:
        """Adds the manifest, and the list of what is missing when anything is."""
        self.add_manifest()
        lost = [f"{entry.number}: {entry.remark}" for entry in self.entries if entry.remark]
        if lost:
            lines = [_("Tych plików nie ma w paczce:"), "", *lost]
            self.archive.add("BRAKI.txt", text_file(lines))


def manifest(entries: Sequence[Entry]) -> bytes:
    """Every document with its number, date, amounts, file and check sum."""
    columns = [
        Column(_("Numer")),
        Column(_("Rodzaj")),
        Column(_("Data wystawienia"), Kind.DATE),
        Column(_("Firma")),
        Column(_("Umowa")),
        Column(_("Waluta")),
        Column(_("Netto"), Kind.MONEY),
        Column("VAT", Kind.MONEY),
        Column(_("Brutto"), Kind.MONEY),
        Column(_("Plik")),
        Column("SHA-256"),
        Column(_("Rozmiar w bajtach"), Kind.WHOLE),
        Column(_("Uwagi")),
    ]
    with write_csv(Sheet("manifest", columns, entries), row_limit=10 * MOST) as file:
        return file.read()


def xml_key(public_id: uuid.UUID) -> str:
    """Under which key the structured document of an invoice (KSeF) is stored."""
    return f"invoice-xml:{public_id}"


def _rows(ids: Sequence[int]) -> list[Row]:
    """Invoices in the order of `ids`. Tuples: objects would take as long as the copying."""
    found = {}
    for values in Invoice.objects.filter(pk__in=ids).order_by("pk").values_list(*_FIELDS):
        *invoice, name, file_name, sha256, size = values
        file = None if name is None else File(name, file_name, sha256, size)
        found[values[0]] = Row._make([*invoice, file])
    return [found[pk] for pk in ids if pk in found]


def _xml_of(rows: Sequence[Row]) -> dict[str, File]:
    keys = [xml_key(row.public_id) for row in rows]
    documents = Document.objects.filter(key__in=keys).order_by("pk")
    return {document.key: File.of(document) for document in documents}


# --- the order ------------------------------------------------------------------------------
def measure(order: Order) -> Extent:
    """How many invoices and about how many bytes. Raises ExportError for none and for too many."""
    ids = _ids(order)
    if not ids:
        raise ExportError(_nothing(order))
    if len(ids) > MOST:
        raise ExportError(
            _(
                "W jednej paczce mieści się 5 000 dokumentów. Zawęź wybór, na przykład do "
                "krótszego okresu albo jednej umowy."
            )
        )
    found = Invoice.objects.filter(pk__in=ids).aggregate(made=Count("pdf"), size=Sum("pdf__size"))
    to_make = len(ids) - found["made"]
    return Extent(
        len(ids),
        bytes=(found["size"] or 0) + to_make * _GUESS,
        slow=to_make > _FEW_TO_MAKE,
        words=", ".join(_conditions(order))[:150],
    )


def stream(order: Order) -> Iterator[bytes]:
    """The archive piece by piece; the first one goes before any document is read."""
    ids = _ids(order)[:MOST]
    if not ids:
        raise ExportError(_nothing(order))
    held = Invoice.objects.filter(pk__in=ids).order_by().values("company").distinct()
    inside = set(held.values_list("company", flat=True))
    order.companies = [company for company in order.companies if company.pk in inside]
    order.file_name = f"faktury-{clock.today(order.at)}.zip"
    order.progress(0, len(ids))
    archive = Archive(at=order.at)
    archive.add("OPIS.txt", text_file(_about(order, len(ids))))
    yield archive.take()
    pack = Pack(archive, order.at, by_company=len(inside) > 1)
    for done in pack.add_all(ids):
        order.progress(done)
        if archive.waiting >= _PIECE:
            yield archive.take()
    pack.finish()
    if order.params.get("scope") == "new":
        given = set(ids).difference(pack.missing)
        order.notes["marks"] = new_invoices.marks_of(given, pack.missing)
    yield archive.close()


def build(order: Order) -> None:
    for piece in stream(order):
        order.out.write(piece)


def fetched(user: User, notes: Mapping[str, Any], at: dt.datetime) -> None:
    """The whole archive has gone to the person: what was new is not new any more."""
    new_invoices.note_fetched(user=user, marks=notes.get("marks", {}))


def _ids(order: Order) -> list[int]:
    """The invoices asked for, at most one more than a file may hold."""
    params = order.params
    scope = params.get("scope")
    mine = order.scoped(Invoice.objects.all())
    if scope == "new":
        return new_invoices.new_ids(mine, user=order.user, companies=order.companies, most=MOST)
    rows: QuerySet[Invoice]
    if scope == "chosen":
        rows = mine.filter(pk__in=params.get("ids", [])[: MOST + 1])
    else:
        rows = _filters(order).apply(
            mine,
            companies=order.companies,
            on=clock.today(order.at),
            last_visit=last_visit_of(order),
        )
    found = rows.order_by("issued_on", "pk").values_list("pk", flat=True)
    return list(found[: MOST + 1])


def _filters(order: Order) -> InvoiceFilters:
    return InvoiceFilters.parse(order.query(), order.companies)


def _conditions(order: Order) -> list[str]:
    match order.params.get("scope"):
        case "new":
            return [_("nowe od ostatniego pobrania")]
        case "chosen":
            return [_("wybrane na liście")]
    chips = _filters(order).chips(order.companies, {}, on=clock.today(order.at))
    return [chip.label for chip in chips]


def _nothing(order: Order) -> str:
    if order.params.get("scope") == "new":
        return _("Nie ma nowych faktur od ostatniego pobrania.")
    return _("Nie ma faktur do pobrania.")


def _about(order: Order, count: int) -> list[str]:
    text = ngettext("%(n)d dokument", "%(n)d dokumentów", count) % {"n": count}
    return [
        _("Paczka faktur"),
        "",
        _("Zawiera: %s") % text,
        _("Firmy: %s") % ", ".join(company.name for company in order.companies),
        _("Zakres: %s") % (", ".join(_conditions(order)) or _("bez filtrów")),
        _("Utworzono: %s") % moment(order.at),
        "",
        _("Plik manifest.csv wymienia każdy dokument z kwotami i sumą SHA-256."),
        _("Jeżeli czegoś brakuje, mówi o tym manifest i plik BRAKI.txt."),
    ]


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name=KIND,
            title=gettext_lazy("Paczka faktur"),
            right=Right.EXPORT_REPORTS,
            build=build,
            measure=measure,
            stream=stream,
            at_once=AT_ONCE,
            most=MOST,
            fetched=fetched,
        )
    )

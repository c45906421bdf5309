"""PDFs of many invoices: what has none yet, in batches, safe to stop at any point (FI-03, FI-17).

A file is whole on the disk before its row exists, and the row's key exists once: whoever is killed
and started again makes exactly what is missing. An invoice whose PDF fails three times is set
aside and shown to the back office, so that it holds up nobody.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import F, Prefetch, QuerySet
from django.db.models.functions import Mod
from django.utils import translation

from contracts.models import Asset
from eboks.documents import pdf
from eboks.documents.brand import Brand, lessor_brand
from eboks.documents.models import Document
from eboks.documents.press import Press
from eboks.jobs import leases
from eboks.jobs.models import JobFailure
from eboks.retention.models import Tombstone
from invoicing import documents
from invoicing.issuing.mode import SOURCE
from invoicing.models import Invoice, InvoiceRow
from invoicing.printing import html_of, title_of

_CHUNK = 50
_NEWEST = 20_000

logger = logging.getLogger(__name__)
Render = Callable[[str, str], bytes]  # (HTML, title) to PDF


@dataclass(slots=True)
class Rendered:
    """What a run did."""

    made: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One of several workers: it takes each `of`-th invoice."""

    number: int = 0
    of: int = 1


_WHOLE = Part()


def missing(part: Part = _WHOLE) -> Iterator[QuerySet[Invoice]]:
    """Invoices without a PDF: all that were issued here, oldest first; then of the last 20 000
    that came in feeds, newest first, because nobody waits for the paper of an old one."""
    rows = Invoice.objects.filter(pdf=None)
    if part.of > 1:
        rows = rows.annotate(rest=Mod(F("pk"), part.of)).filter(rest=part.number)
    yield rows.filter(source_system=SOURCE).order_by("pk")
    oldest = Invoice.objects.order_by("-pk").values_list("pk", flat=True)[_NEWEST - 1 : _NEWEST]
    foreign = rows.filter(pk__gte=oldest.first() or 0).exclude(source_system=SOURCE)
    yield foreign.order_by("-pk")


def render_missing(
    *,
    at: dt.datetime,
    max_seconds: float | None = None,
    limit: int | None = None,
    part: Part = _WHOLE,
    press: Press | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Rendered:
    """Make and store the PDFs that are missing; `press` renders them in a process of its own.

    Stops after `max_seconds`, after `limit` documents, or when this machine cannot make PDFs.
    Safe beside other runs: one document remains of each.
    """
    stop = None if max_seconds is None else time.monotonic() + max_seconds
    done = Rendered()
    render = _in_process if press is None else _pressed(press)
    brand, troubled = lessor_brand(), _failures(is_set_aside=False)
    with translation.override("pl"):
        for invoice in to_render(part, limit):
            if done.made + done.failed == limit or (stop and time.monotonic() >= stop):
                break
            try:
                documents.keep(invoice, lambda: _content(invoice, render, brand), at=at)  # noqa: B023 -- called at once
            except pdf.PdfUnavailableError as error:
                logger.warning("no PDFs now: %s", error)
                break
            except pdf.PdfError as error:
                _note(invoice, error, at=at)
                done.failed += 1
            else:
                done.made += 1
                if invoice.pk in troubled:
                    leases.clear_failure(job=documents.JOB, object_ref=str(invoice.pk))
            progress(1)
    return done


def _failures(*, is_set_aside: bool) -> set[int]:
    rows = JobFailure.objects.filter(job=documents.JOB, is_set_aside=is_set_aside)
    return {int(key) for key in rows.values_list("object_ref", flat=True)}


def to_render(part: Part = _WHOLE, limit: int | None = None) -> Iterator[Invoice]:
    """Invoices with all that their pages show, by the chunk; at most `limit` of each kind."""
    aside = _failures(is_set_aside=True)
    for rows in missing(part):
        # The keys first: rows that get their PDF meanwhile must not move the others.
        keys = list(rows.exclude(pk__in=aside).values_list("pk", flat=True)[:limit])
        for start in range(0, len(keys), _CHUNK):
            yield from _loaded(keys[start : start + _CHUNK])


def _loaded(keys: Sequence[int]) -> Iterator[Invoice]:
    rows = Invoice.objects.filter(pk__in=keys, pdf=None).select_related(
        *("company", "contract", "corrects", "upfront_vat", "correction")
    )
    printed_rows = InvoiceRow.objects.order_by("position", "pk")
    printed_assets = Asset.objects.order_by("pk")
    rows = rows.prefetch_related(
        Prefetch("rows", queryset=printed_rows, to_attr="printed_rows")
    ).prefetch_related(
        Prefetch("contract__assets", queryset=printed_assets, to_attr="printed_assets")
    )
    found = rows.in_bulk(keys)
    wanted = {documents.key_of(invoice): invoice for invoice in found.values()}
    # Stored by somebody who was killed before linking it: the link is all that is missing.
    stored = dict(Document.objects.filter(key__in=wanted).values_list("key", "pk"))
    for name, document in stored.items():
        Invoice.objects.filter(pk=wanted[name].pk, pdf=None).update(pdf=document)
    gone = set(Tombstone.objects.filter(key__in=wanted).values_list("key", flat=True))
    for key in keys:
        invoice = found.get(key)
        if invoice is not None and documents.key_of(invoice) not in stored.keys() | gone:
            yield invoice


def _content(invoice: Invoice, render: Render, brand: Brand) -> bytes:
    contract = invoice.contract
    page = html_of(
        invoice,
        invoice.printed_rows,  # type: ignore[attr-defined]  # by the prefetch
        assets=contract.printed_assets if contract else [],  # type: ignore[attr-defined]
        brand=brand,
    )
    return render(page, title_of(invoice))


def _note(invoice: Invoice, error: pdf.PdfError, *, at: dt.datetime) -> None:
    reason = f"{invoice.number}: {error}"
    is_aside = leases.note_failure(
        job=documents.JOB, object_ref=str(invoice.pk), reason=reason, at=at
    )
    level = logging.ERROR if is_aside else logging.WARNING
    logger.log(level, "invoice %s: no PDF%s", invoice.pk, ", set aside" if is_aside else "")


def _in_process(html: str, title: str) -> bytes:
    return pdf.render_pdf(html, title=title)


def _pressed(press: Press) -> Render:
    return lambda html, title: press.render(html, title=title)

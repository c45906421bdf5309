"""What contracts give to „Zabierz wszystko”: the terms, every schedule, notices, documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.contract_archive import Part, Shelf, add_part
from contracts.exports import schedule_file_name, schedule_workbook
from contracts.models import Asset, Contract, RateChange, ScheduleVersion
from contracts.rate_change_notice import ensure_notice
from contracts.schedule_page import ledger_of, schedule_page
from eboks import clock
from eboks.documents.models import Document
from eboks.documents.xlsx import About, Column, Sheet, write_workbook
from eboks.exports.reach import memberships_with
from eboks.money import format_money
from eboks.tenancy.rights import Right
from eboks.ui.words import short_date

_TERMS = (
    *("number", "product", "status", "currency", "signed_on", "handover_on", "end_on"),
    *("net_value", "initial_fee_pct", "initial_fee", "financed", "instalment_count"),
    *("buyout_pct", "buyout", "buyout_timing", "in_advance", "frequency_months", "due_day"),
    *("pattern", "rate_type", "day_count", "index", "index_value", "index_fixed_on"),
    *("margin_pp", "annual_rate_pct", "reset_months", "index_method", "floor_pct"),
    *("fallback_index", "csa_pp", "vat_pct", "virtual_account", "owul_version"),
)
_ASSET = (
    *("category", "make", "model", "year", "net_price", "vin", "plate", "serial_number"),
    *("first_registered_on", "power_kw", "co2_g_km", "propulsion", "mileage_km", "mileage_on"),
)


def document_prefix(contract: Contract) -> str:
    """Keys of stored documents that belong to a contract begin with it."""
    return f"contract:{contract.public_id}:"


def _fill_terms(shelf: Shelf) -> Iterator[None]:
    contract = shelf.contract
    columns = [Column(_("Pole"), width=34), Column(_("Wartość"), width=60)]
    terms = [(_("Korzystający"), contract.company.name), *_facts(contract, _TERMS)]
    assets = shelf.scoped(Asset.objects.filter(contract=contract)).order_by("pk")
    lines = [line for asset in assets for line in [*_facts(asset, _ASSET), ("", "")]]
    book = write_workbook(
        sheets=[Sheet(_("Umowa"), columns, terms), Sheet(_("Przedmiot"), columns, lines)],
        about=About(_("Umowa %s") % contract.number, shelf.at),
    )
    shelf.add(f"umowa {contract.number}.xlsx", _content(book))
    yield


def _facts(row: models.Model, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Name and value of each field that has one, as a person reads them."""
    for name in names:
        model_field = row._meta.get_field(name)
        value = getattr(row, name)
        if value in (None, ""):
            continue
        if getattr(model_field, "choices", None):
            text = str(getattr(row, f"get_{name}_display")())
        elif isinstance(value, bool):
            text = _("tak") if value else _("nie")
        elif isinstance(model_field, models.DateField):
            text = short_date(value)
        elif name in {"net_value", "initial_fee", "financed", "buyout", "net_price"}:
            text = format_money(value, with_currency=False)
        else:
            text = str(value).replace(".", ",") if name.endswith(("_pct", "_pp")) else str(value)
        yield str(getattr(model_field, "verbose_name", name)), text


def _fill_schedules(shelf: Shelf) -> Iterator[None]:
    contract, today = shelf.contract, clock.today(shelf.at)
    with_finance = bool(
        memberships_with(user=shelf.user, right=Right.VIEW_FINANCE, company=contract.company)
    )
    ledger = ledger_of(contract, on=today) if with_finance else None
    versions = shelf.scoped(ScheduleVersion.objects.filter(contract=contract))
    for version in versions.order_by("number", "pk"):
        page = schedule_page(version, contract=contract, ledger=ledger, on=today)
        book = schedule_workbook(page, contract=contract, with_finance=with_finance, at=shelf.at)
        shelf.add(schedule_file_name(contract, version, "xlsx"), _content(book))
        yield


def _fill_notices(shelf: Shelf) -> Iterator[None]:
    changes = shelf.scoped(RateChange.objects.filter(contract=shelf.contract))
    related = ("contract__company", "new_version", "old_version")
    for change in changes.select_related(*related).order_by("effective_on", "pk"):
        name = _("zawiadomienie %s.pdf") % change.effective_on
        shelf.add_document(name, partial(ensure_notice, change=change, at=shelf.at))
        yield


def _fill_documents(shelf: Shelf) -> Iterator[None]:
    rows = Document.objects.filter(
        company=shelf.contract.company, key__startswith=document_prefix(shelf.contract)
    )
    for document in rows.order_by("pk"):
        shelf.add_document(document.file_name, partial(rows.get, pk=document.pk))
        yield


def _content(book: BinaryIO) -> bytes:
    with book:
        return book.read()


def register() -> None:
    """Called once, when the app is ready."""
    for place, name, folder, fill, count in (
        (10, "terms", gettext_lazy("Umowa"), _fill_terms, lambda contract: 1),
        (
            20,
            "schedules",
            gettext_lazy("Harmonogramy"),
            _fill_schedules,
            lambda contract: contract.schedule_versions.count(),
        ),
        (
            30,
            "notices",
            gettext_lazy("Zmiany rat"),
            _fill_notices,
            lambda contract: contract.rate_changes.count(),
        ),
        (40, "documents", gettext_lazy("Dokumenty"), _fill_documents, lambda contract: 0),
    ):
        add_part(
            Part(
                name=name,
                place=place,
                folder=folder,
                right=Right.VIEW_CONTRACTS,
                fill=fill,
                count=count,
            )
        )

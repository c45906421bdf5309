"""Applying invoices, opening balances and payments of a feed, and settling the ledger."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feeds import distinct_dates, fill_calendar
from eboks.feeds.applying import Load
from eboks.feeds.dialect import (
    analyze,
    cents,
    create_temporary,
    create_temporary_as,
    drop_temporary,
    exact,
    money,
    new_uuid,
)
from invoicing import allocation
from invoicing.balances import write_balances
from invoicing.bank import feed_links
from invoicing.locking import lock_ledger

_COMPANY = (
    " JOIN tenancy_company k ON k.source_system = %(source_system)s AND k.source_id = s.company"
)
# A ceded contract may stand on documents of the client that had it before.
_CONTRACT = (
    " LEFT JOIN contracts_contract c ON c.source_system = %(source_system)s"
    " AND c.source_id = s.contract AND (c.company_id = k.id OR c.status = 'ceded')"
)
_SOURCE = {
    "source_system": "%(source_system)s",
    "as_of": "%(as_of)s",
}
_INVOICE_COLUMNS = (
    "kind",
    "number",
    "issued_on",
    "sold_on",
    "due_on",
    "currency",
    "net",
    "vat",
    "gross",
    "vat_pln",
    "fx_rate",
    "fx_table",
    "fx_on",
    "instalment_n",
    "seller_name",
    "seller_nip",
    "seller_address",
    "buyer_name",
    "buyer_nip",
    "buyer_address",
    "account",
    "ksef_number",
)
_ITEM_COLUMNS = (
    "id",
    "company_id",
    "contract_id",
    "currency",
    "issued_on",
    "nominal_due_on",
    "invoice_id",
    "kind",
    "label",
    "account",
    "source_id",
)
_PAYMENT_COLUMNS = (
    "id",
    "company_id",
    "contract_id",
    "indicated_item_id",
    "reverses_id",
    "kind",
    "booked_on",
    "currency",
    "payer_name",
    "payer_account",
    "account",
    "title",
    "bank_reference",
    "source_id",
)


def _forget_known(load: Load, kind: str, table: str, key: str = "s.source_id") -> int:
    """Take rows that are stored already (word for word, says the check) out of the stage."""
    if load.is_empty(table):
        return 0
    return load.execute(
        f"DELETE FROM feed_{kind} AS s WHERE EXISTS (SELECT 1 FROM {table} t"
        f" WHERE t.source_system = %(source_system)s AND t.source_id = {key})"
    )


def _corrections(load: Load) -> None:
    """Which new invoice corrects which; few rows, so they are set aside before any join."""
    create_temporary_as(
        load.cursor,
        "feed_correction",
        "SELECT s.id, s.corrects, s.company, s.currency, CAST(NULL AS bigint) AS corrected,"
        " CAST(NULL AS bigint) AS corrected_item FROM feed_invoices s WHERE s.corrects <> ''",
    )
    analyze(load.cursor, "feed_correction")
    load.execute(
        "UPDATE feed_correction AS s SET corrected = n.id, corrected_item = n.item_id"
        " FROM feed_invoices n WHERE n.source_id = s.corrects AND n.company = s.company"
        " AND n.currency = s.currency AND n.id <> s.id"
    )
    load.execute(
        "UPDATE feed_correction AS s SET corrected = t.id, corrected_item = i.id"
        " FROM invoicing_invoice t JOIN invoicing_receivableitem i ON i.invoice_id = t.id"
        " JOIN tenancy_company k ON k.id = t.company_id WHERE k.source_id = s.company"
        " AND t.source_system = %(source_system)s AND t.source_id = s.corrects"
        " AND t.currency = s.currency AND s.corrected IS NULL"
    )
    wanted = load.number("SELECT COUNT(*) FROM feed_correction")
    load.expect("invoices", load.number("SELECT COUNT(corrected) FROM feed_correction"), wanted)


def _filled(load: Load, kind: str, column: str) -> int:
    """How many staged rows have something in `column`."""
    return load.number(f"SELECT COUNT(*) FROM feed_{kind} WHERE {column} <> ''")


def apply_invoices(load: Load) -> None:
    """New invoices with their rows. `feed_invoices` keeps only the new ones for later steps."""
    known = _forget_known(load, "invoices", "invoicing_invoice")
    _corrections(load)
    if not load.staged["invoices"]:
        return
    added = load.insert(
        "invoicing_invoice",
        {
            "id": "s.id",
            "public_id": new_uuid(),
            "company_id": "k.id",
            "contract_id": "c.id",
            **{name: f"s.{name}" for name in _INVOICE_COLUMNS},
            "corrects_id": "o.corrected",
            "received_at": "%(at)s",
            "source_id": "s.source_id",
            **_SOURCE,
        },
        f"feed_invoices s {_COMPANY} {_CONTRACT} LEFT JOIN feed_correction o ON o.id = s.id",
    )
    load.expect("invoices", added + known)
    load.count("invoices", new=added, known=known)
    rows = load.insert(
        "invoicing_invoicerow",
        {
            "invoice_id": "i.id",
            "position": "s.position",
            "cost_kind": "s.cost_kind",
            "description": "s.description",
            "net": "s.net",
            "vat_code": "s.vat_code",
            "vat": "s.vat",
            "gross": "s.gross",
            "principal": "COALESCE(s.principal, 0)",
            "interest": "COALESCE(s.interest, 0)",
        },
        "feed_invoice_rows s JOIN feed_invoices i ON i.source_id = s.invoice",
    )
    if not known:
        load.expect("invoice_rows", rows)
    load.expect("invoices", _adding_up(load), added)
    load.count("invoice_rows", new=rows, known=load.staged["invoice_rows"] - rows)


def _adding_up(load: Load) -> int:
    """How many new invoices have rows that add up to them."""
    return load.number(
        "SELECT COUNT(*) FROM feed_invoices s JOIN (SELECT invoice_id,"
        f" SUM({exact('net')}) AS net, SUM({exact('vat')}) AS vat FROM invoicing_invoicerow"
        " WHERE invoice_id >= (SELECT MIN(id) FROM feed_invoices) GROUP BY invoice_id) r"
        f" ON r.invoice_id = s.id WHERE r.net = {exact('s.net')} AND r.vat = {exact('s.vat')}"
    )


def apply_opening_balances(load: Load) -> None:
    """Leave only new ones in the stage; the ledger step makes items and payments of them."""
    known = _forget_known(
        load, "opening_balances", "invoicing_receivableitem", "'BO:' || s.source_id"
    )
    known += _forget_known(load, "opening_balances", "invoicing_payment", "'BO:' || s.source_id")
    if load.staged["opening_balances"]:
        new = load.number("SELECT COUNT(*) FROM feed_opening_balances")
        load.count("opening_balances", new=new, known=known)


def apply_ledger(load: Load) -> None:
    """Items and payments with what is left of each after allocation, then balances."""
    cursor = load.cursor
    lock_ledger()
    known = _forget_known(load, "payments", "invoicing_payment")
    known += feed_links.forget_booked(load)
    allocation.create_work(cursor)
    _undo_reversed(load)
    _new_items(load)
    _new_payments(load)
    load.execute(
        "INSERT INTO ledger_company (id) SELECT company_id FROM ledger_item"
        " UNION SELECT company_id FROM ledger_payment"
    )
    allocation.take_open(cursor)
    allocation.match(cursor)
    _insert_items(load)
    _insert_payments(load)
    written = allocation.write_matches(cursor)
    allocation.settle_stored(cursor)
    if load.staged["payments"]:
        load.count("payments", new=load.staged["payments"] - known, known=known)
    load.count("allocations", new=written.allocations)
    load.count("set_offs", new=written.set_offs)
    _balances(load)
    allocation.drop_work(cursor)


def _undo_reversed(load: Load) -> None:
    """A reversal in the feed undoes what the stored payment had paid."""
    create_temporary(load.cursor, "ledger_undone", "id bigint, undone_on date")
    undone = load.execute(
        "INSERT INTO ledger_undone (id, undone_on) SELECT t.id, s.booked_on FROM feed_payments s"
        " JOIN invoicing_payment t ON t.source_system = %(source_system)s"
        " AND t.source_id = s.reverses WHERE s.reverses <> ''"
        f" UNION SELECT n.id, s.booked_on FROM {feed_links.BY_ALIAS}"
        " JOIN feed_payments s ON s.reverses = e.core_id"
    )
    if undone:
        allocation.undo(load.cursor)
    drop_temporary(load.cursor, "ledger_undone")


def _new_items(load: Load) -> None:
    days = distinct_dates(
        load, "SELECT due_on FROM feed_invoices UNION SELECT due_on FROM feed_opening_balances"
    )
    fill_calendar(load, "ledger_calendar", days)
    names = (
        "id, company_id, contract_id, corrected_item_id, currency, cents, gross_cents,"
        " issued_on, due_on, is_new,"
        " nominal_due_on, invoice_id, kind, label, account, source_id"
    )
    joins = f"{_COMPANY} JOIN ledger_calendar d ON d.day = s.due_on {_CONTRACT}"
    load.execute(
        f"INSERT INTO ledger_item ({names}) SELECT s.item_id, k.id, c.id,"
        f" o.corrected_item, s.currency, {cents('s.gross')}, {cents('s.gross')}, s.issued_on,"
        " d.effective, TRUE, s.due_on, s.id,"
        " CASE WHEN s.kind IN ('interest_note', 'compensation') THEN s.kind ELSE 'invoice' END,"
        f" s.number, s.account, s.source_id FROM feed_invoices s {joins}"
        " LEFT JOIN feed_correction o ON o.id = s.id"
    )
    placed = load.number("SELECT COUNT(contract_id) FROM ledger_item")
    load.expect("invoices", placed, _filled(load, "invoices", "contract"))
    load.execute(
        f"INSERT INTO ledger_item ({names}) SELECT s.item_id, k.id, c.id, NULL,"
        f" s.currency, {cents('s.amount')}, {cents('s.amount')}, s.as_of, d.effective, TRUE,"
        " s.due_on, NULL, 'opening_balance', s.label, '', 'BO:' || s.source_id"
        f" FROM feed_opening_balances s {joins} WHERE s.amount > 0"
    )


_NEW_PAYMENT = (
    "id, company_id, contract_id, currency, cents, amount_cents, booked_on, is_new,"
    " indicated_item_id, kind, payer_name, payer_account, account, title, bank_reference,"
    " source_id"
)


def _new_payments(load: Load) -> None:
    """A payment indicates the item of the invoice it names, by key or number, or else the only
    item that has its account."""
    amount = cents("s.amount")
    mine = "i.company = s.company AND i.currency = s.currency"
    load.execute(
        f"INSERT INTO ledger_payment ({_NEW_PAYMENT}) SELECT s.id, k.id, c.id, s.currency,"
        f" {amount}, {amount}, s.booked_on, TRUE, CASE WHEN {mine} THEN i.item_id END, s.kind,"
        " s.payer_name, s.payer_account, s.account, s.title, s.bank_reference, s.source_id"
        f" FROM feed_payments s {_COMPANY} {_CONTRACT}"
        " LEFT JOIN feed_invoices i ON i.source_id = s.indicates"
    )
    new = load.number("SELECT COUNT(*) FROM feed_payments")
    load.expect("payments", load.number("SELECT COUNT(*) FROM ledger_payment"), new)
    placed = load.number("SELECT COUNT(contract_id) FROM ledger_payment")
    load.expect("payments", placed, _filled(load, "payments", "contract"))
    _indicated_otherwise(load)
    _reversals(load)
    _contracts_of_payments(load)
    load.execute(
        f"INSERT INTO ledger_payment ({_NEW_PAYMENT}) SELECT s.payment_id, k.id, c.id,"
        f" s.currency, -{amount}, -{amount}, s.as_of, TRUE, NULL, 'opening_balance', '', '', '',"
        f" s.label, '', 'BO:' || s.source_id FROM feed_opening_balances s {_COMPANY} {_CONTRACT}"
        " WHERE s.amount < 0"
    )


def _reversals(load: Load) -> None:
    """Which new payment reverses which; few rows, like corrections."""
    create_temporary_as(
        load.cursor,
        "ledger_reversal",
        "SELECT s.id, s.reverses, p.company_id, s.currency, s.kind, -p.cents AS cents,"
        " CAST(NULL AS bigint) AS reversed FROM feed_payments s"
        " JOIN ledger_payment p ON p.id = s.id WHERE s.reverses <> ''",
    )
    wanted = load.number("SELECT COUNT(*) FROM ledger_reversal")
    analyze(load.cursor, "ledger_reversal")
    stored = f"n.source_system = %(source_system)s AND {cents('n.amount')} = s.cents"
    for table, more in (("ledger_payment", "n.cents = s.cents"), ("invoicing_payment", stored)):
        load.execute(
            f"UPDATE ledger_reversal AS s SET reversed = n.id FROM {table} n"
            " WHERE n.source_id = s.reverses AND n.company_id = s.company_id"
            f" AND n.currency = s.currency AND n.kind = s.kind AND s.reversed IS NULL AND {more}"
        )
    load.execute(
        f"UPDATE ledger_reversal AS s SET reversed = n.id FROM {feed_links.BY_ALIAS}"
        " WHERE e.core_id = s.reverses AND n.company_id = s.company_id"
        " AND n.currency = s.currency AND n.kind = s.kind AND s.reversed IS NULL"
        f" AND {cents('n.amount')} = s.cents"
    )
    load.expect("payments", load.number("SELECT COUNT(reversed) FROM ledger_reversal"), wanted)
    load.execute(
        "UPDATE ledger_payment AS p SET reverses_id = s.reversed FROM ledger_reversal s"
        " WHERE p.id = s.id"
    )
    drop_temporary(load.cursor, "ledger_reversal")


def _indicated_otherwise(load: Load) -> None:
    """Stored invoices by key, then any by number; and accounts that belong to one item."""
    wanted = _filled(load, "payments", "indicates")
    indicated = "SELECT COUNT(indicated_item_id) FROM ledger_payment"
    stored = "JOIN invoicing_receivableitem t ON t.company_id = k.id AND t.currency = s.currency"
    new = "JOIN feed_invoices t ON t.company = s.company AND t.currency = s.currency"
    for found, item in (
        (f"{stored} AND t.source_id = s.indicates AND t.source_system = %(source_system)s", "t.id"),
        (f"{new} AND t.number = s.indicates", "t.item_id"),
        (f"{stored} AND t.label = s.indicates AND t.invoice_id IS NOT NULL", "t.id"),
    ):
        if load.number(indicated) < wanted:
            load.execute(
                "UPDATE ledger_payment AS p SET indicated_item_id = f.item FROM ("
                f" SELECT s.id AS payment, MIN({item}) AS item FROM feed_payments s {_COMPANY}"
                f" {found} WHERE s.indicates <> '' GROUP BY s.id) f"
                " WHERE p.id = f.payment AND p.indicated_item_id IS NULL"
            )
    load.expect("payments", load.number(indicated), wanted)
    _indicated_by_account(load)


def _indicated_by_account(load: Load) -> None:
    """An account made for one invoice points at it; one of a whole contract does not."""
    silent = "s.indicates = '' AND s.account <> '' AND s.reverses = '' AND s.amount > 0"
    accounts = f"(SELECT s.account FROM feed_payments s WHERE {silent})"
    load.execute(
        "UPDATE ledger_payment AS p SET indicated_item_id = f.item FROM ("
        " SELECT s.id AS payment, a.item FROM (SELECT account, company_id, currency,"
        " MIN(item) AS item FROM ("
        " SELECT i.account, i.company_id, i.currency, i.id AS item FROM ledger_item i"
        f" WHERE i.is_new AND i.account IN {accounts}"
        " UNION ALL SELECT t.account, t.company_id, t.currency, t.id"
        " FROM invoicing_receivableitem t JOIN ledger_company l ON l.id = t.company_id"
        f" WHERE t.account IN {accounts}) every GROUP BY account, company_id, currency"
        " HAVING COUNT(*) = 1) a"
        f" JOIN feed_payments s ON s.account = a.account AND s.currency = a.currency {_COMPANY}"
        f" AND k.id = a.company_id WHERE {silent}) f WHERE p.id = f.payment"
    )


def _contracts_of_payments(load: Load) -> None:
    """The contract of a payment that names none: whose account it came to, or the item's."""
    load.execute(
        "UPDATE ledger_payment AS p SET contract_id = a.id FROM feed_payments s"
        " JOIN (SELECT company_id, virtual_account, MIN(id) AS id FROM contracts_contract"
        " WHERE virtual_account <> '' GROUP BY company_id, virtual_account HAVING COUNT(*) = 1) a"
        " ON a.virtual_account = s.account WHERE p.id = s.id AND a.company_id = p.company_id"
        " AND s.contract = '' AND s.account <> ''"
    )
    for items in ("ledger_item", "invoicing_receivableitem"):
        load.execute(
            f"UPDATE ledger_payment AS p SET contract_id = i.contract_id FROM {items} i"
            " WHERE i.id = p.indicated_item_id AND p.contract_id IS NULL"
            " AND i.contract_id IS NOT NULL"
        )


def _insert_items(load: Load) -> None:
    load.insert(
        "invoicing_receivableitem",
        {
            **{name: f"i.{name}" for name in _ITEM_COLUMNS},
            "effective_due_on": "i.due_on",
            "gross": money("i.gross_cents"),
            "open_amount": money("COALESCE(l.cents, 0)"),
            "is_disputed": "FALSE",
            "dunning_level": "0",
            **_SOURCE,
        },
        "ledger_item i LEFT JOIN ledger_left_item l ON l.id = i.id WHERE i.is_new",
    )


def _insert_payments(load: Load) -> None:
    load.insert(
        "invoicing_payment",
        {
            **{name: f"p.{name}" for name in _PAYMENT_COLUMNS},
            "public_id": new_uuid(),
            "amount": money("p.amount_cents"),
            "unallocated_amount": money("COALESCE(l.cents, 0)"),
            **_SOURCE,
        },
        "ledger_payment p LEFT JOIN ledger_left_payment l ON l.id = p.id WHERE p.is_new",
    )


def _balances(load: Load) -> None:
    """Of the contracts in the feed and of those whose items or payments it touched."""
    create_temporary(load.cursor, "ledger_contract", "id bigint PRIMARY KEY")
    load.execute(
        "INSERT INTO ledger_contract (id) SELECT t.id FROM contracts_contract t"
        " JOIN feed_contracts s ON t.source_system = %(source_system)s"
        " AND t.source_id = s.source_id"
        " UNION SELECT contract_id FROM ledger_item WHERE contract_id IS NOT NULL"
        " UNION SELECT contract_id FROM ledger_payment WHERE contract_id IS NOT NULL"
    )
    written = write_balances(load.cursor, on=load.manifest.business_date, at=load.at)
    load.count("balances", new=written)
    drop_temporary(load.cursor, "ledger_contract")

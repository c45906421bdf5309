"""Applying invoices, opening balances and payments of a feed, and settling the ledger."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feeds import distinct_dates, fill_calendar
from eboks.feeds.applying import Load
from eboks.feeds.dialect import cents, create_temporary, drop_temporary, money, new_uuid, whole
from invoicing import allocation
from invoicing.balances import write_balances

_COMPANY = (
    " JOIN tenancy_company k ON k.source_system = %(source_system)s AND k.source_id = s.company"
)
_CONTRACT = (
    " LEFT JOIN contracts_contract c ON c.source_system = %(source_system)s"
    " AND c.source_id = s.contract"
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
_PAYMENT_COLUMNS = (
    "kind",
    "booked_on",
    "currency",
    "amount",
    "payer_name",
    "payer_account",
    "account",
    "title",
    "bank_reference",
)


def _forget_known(load: Load, kind: str, table: str, key: str = "s.source_id") -> int:
    """Take rows that are stored already (word for word, says the check) out of the stage."""
    if load.is_empty(table):
        return 0
    return load.execute(
        f"DELETE FROM feed_{kind} AS s WHERE EXISTS (SELECT 1 FROM {table} t"
        f" WHERE t.source_system = %(source_system)s AND t.source_id = {key})"
    )


def apply_invoices(load: Load) -> None:
    """New invoices with their rows. `feed_invoices` keeps only the new ones for later steps."""
    if not load.staged["invoices"]:
        return
    known = _forget_known(load, "invoices", "invoicing_invoice")
    added = load.insert(
        "invoicing_invoice",
        {
            "id": "s.id",
            "public_id": new_uuid(),
            "company_id": "k.id",
            "contract_id": "c.id",
            **{name: f"s.{name}" for name in _INVOICE_COLUMNS},
            "received_at": "%(at)s",
            "source_id": "s.source_id",
            **_SOURCE,
        },
        f"feed_invoices s {_COMPANY} {_CONTRACT}",
    )
    load.execute(
        "UPDATE invoicing_invoice AS t SET corrects_id = o.id FROM feed_invoices s"
        " JOIN invoicing_invoice o ON o.source_system = %(source_system)s"
        " AND o.source_id = s.corrects WHERE t.id = s.id AND s.corrects <> ''"
    )
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
    load.count("invoice_rows", new=rows, known=load.staged["invoice_rows"] - rows)


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
    known = _forget_known(load, "payments", "invoicing_payment")
    cursor = load.cursor
    allocation.create_work(cursor)
    _concerned_companies(load)
    _undo_reversed(load)
    _new_items(load)
    _new_payments(load)
    allocation.take_open(cursor)
    allocation.match(cursor)
    _insert_items(load)
    payments = _insert_payments(load)
    written = allocation.write_matches(cursor)
    allocation.settle_stored(cursor)
    if load.staged["payments"]:
        load.count("payments", new=payments, known=known)
    load.count("allocations", new=written.allocations)
    load.count("set_offs", new=written.set_offs)
    _balances(load)
    allocation.drop_work(cursor)


def _concerned_companies(load: Load) -> None:
    parts = (
        f"SELECT company FROM feed_{kind}" for kind in ("invoices", "opening_balances", "payments")
    )
    load.execute(
        "INSERT INTO ledger_company (id) SELECT k.id FROM tenancy_company k"
        f" JOIN ({' UNION '.join(parts)}) s ON k.source_id = s.company"
        " WHERE k.source_system = %(source_system)s"
    )


def _undo_reversed(load: Load) -> None:
    """A reversal in the feed undoes what the stored payment had paid."""
    create_temporary(load.cursor, "ledger_undone", "id bigint, undone_on date")
    undone = load.execute(
        "INSERT INTO ledger_undone (id, undone_on) SELECT t.id, s.booked_on FROM feed_payments s"
        " JOIN invoicing_payment t ON t.source_system = %(source_system)s"
        " AND t.source_id = s.reverses WHERE s.reverses <> ''"
    )
    if undone:
        allocation.undo(load.cursor)
    drop_temporary(load.cursor, "ledger_undone")


def _new_items(load: Load) -> None:
    days = distinct_dates(
        load, "SELECT due_on FROM feed_invoices UNION SELECT due_on FROM feed_opening_balances"
    )
    fill_calendar(load, "ledger_calendar", days)
    load.execute(
        "INSERT INTO ledger_item SELECT s.item_id, k.id, s.currency,"
        f" {cents('s.gross')}, s.issued_on, d.effective, NULL, TRUE FROM feed_invoices s"
        f" {_COMPANY} JOIN ledger_calendar d ON d.day = s.due_on"
    )
    load.execute(
        "INSERT INTO ledger_item SELECT s.item_id, k.id, s.currency,"
        f" {cents('s.amount')}, s.as_of, d.effective, NULL, TRUE FROM feed_opening_balances s"
        f" {_COMPANY} JOIN ledger_calendar d ON d.day = s.due_on WHERE s.amount > 0"
    )
    load.execute(
        "UPDATE ledger_item AS i SET corrected_item_id = COALESCE(n.item_id, o.id)"
        " FROM feed_invoices s LEFT JOIN feed_invoices n ON n.source_id = s.corrects"
        " LEFT JOIN invoicing_receivableitem o ON o.source_system = %(source_system)s"
        " AND o.source_id = s.corrects WHERE i.id = s.item_id AND s.corrects <> ''"
    )


def _new_payments(load: Load) -> None:
    """A payment indicates the item of the invoice it names, by key or number, or else the only
    item that has its account."""
    load.execute(
        "INSERT INTO ledger_payment SELECT s.id, k.id, s.currency,"
        f" {cents('s.amount')}, s.booked_on, i.item_id, NULL, TRUE FROM feed_payments s"
        f" {_COMPANY} LEFT JOIN feed_invoices i ON i.source_id = s.indicates"
    )
    load.execute(
        "INSERT INTO ledger_payment SELECT s.payment_id, k.id, s.currency,"
        f" -{cents('s.amount')}, s.as_of, NULL, NULL, TRUE FROM feed_opening_balances s"
        f" {_COMPANY} WHERE s.amount < 0"
    )
    load.execute(
        "UPDATE ledger_payment AS p SET reverses_id = COALESCE(n.id, o.id)"
        " FROM feed_payments s LEFT JOIN feed_payments n ON n.source_id = s.reverses"
        " LEFT JOIN invoicing_payment o ON o.source_system = %(source_system)s"
        " AND o.source_id = s.reverses WHERE p.id = s.id AND s.reverses <> ''"
    )
    by_key = "t.source_id = s.indicates AND t.source_system = %(source_system)s"
    by_number = "t.label = s.indicates AND t.company_id = k.id AND t.currency = s.currency"
    for found in (by_key, f"{by_number} AND t.invoice_id IS NOT NULL"):
        load.execute(
            "UPDATE ledger_payment AS p SET indicated_item_id = f.id FROM (SELECT s.id AS payment,"
            f" MIN(t.id) AS id FROM feed_payments s {_COMPANY}"
            f" JOIN invoicing_receivableitem t ON {found} WHERE s.indicates <> '' GROUP BY s.id) f"
            " WHERE p.id = f.payment AND p.indicated_item_id IS NULL"
        )
    load.execute(
        "UPDATE ledger_payment AS p SET indicated_item_id = i.item_id FROM feed_payments s"
        " JOIN feed_invoices i ON i.number = s.indicates"
        " WHERE p.id = s.id AND p.indicated_item_id IS NULL AND s.indicates <> ''"
    )
    _indicated_by_account(load)


def _indicated_by_account(load: Load) -> None:
    """An account made for one invoice points at it; one of a whole contract does not."""
    wanted = (
        "feed_payments s WHERE s.indicates = '' AND s.account <> '' AND s.reverses = ''"
        " AND s.amount > 0"
    )
    if not load.number(f"SELECT COUNT(*) FROM {wanted}"):
        return
    load.execute(
        "UPDATE ledger_payment AS p SET indicated_item_id = f.item FROM ("
        " SELECT s.id AS payment, a.item FROM (SELECT account, company_id, currency,"
        " MIN(item) AS item FROM ("
        " SELECT i.account, k.id AS company_id, i.currency, i.item_id AS item FROM feed_invoices i"
        " JOIN tenancy_company k ON k.source_system = %(source_system)s"
        " AND k.source_id = i.company WHERE i.account <> ''"
        " UNION ALL SELECT t.account, t.company_id, t.currency, t.id"
        " FROM invoicing_receivableitem t JOIN ledger_company l ON l.id = t.company_id"
        " WHERE t.account <> '') every GROUP BY account, company_id, currency"
        " HAVING COUNT(*) = 1) a"
        f" JOIN feed_payments s ON s.account = a.account AND s.currency = a.currency {_COMPANY}"
        " AND k.id = a.company_id WHERE s.indicates = '' AND s.reverses = '' AND s.amount > 0"
        ") f WHERE p.id = f.payment"
    )


def _matched(sides: dict[str, str]) -> str:
    """Sum of matches by row id: what each side takes from it, with its sign."""
    parts = (
        f"SELECT {side} AS id, {sign}cents AS cents FROM ledger_match WHERE {side} IS NOT NULL"
        for side, sign in sides.items()
    )
    every = " UNION ALL ".join(parts)
    return f"(SELECT id, {whole('SUM(cents)')} AS cents FROM ({every}) x GROUP BY id)"


def _insert_items(load: Load) -> None:
    matched = _matched({"debit_item": "-", "credit_item": ""})
    left = money(f"({cents('{amount}')} + COALESCE(m.cents, 0))")
    common = {
        "currency": "s.currency",
        "nominal_due_on": "s.due_on",
        "effective_due_on": "d.effective",
        "is_disputed": "FALSE",
        "dunning_level": "0",
        "company_id": "k.id",
        "contract_id": "c.id",
        "id": "s.item_id",
        **_SOURCE,
    }
    joins = (
        f"{_COMPANY} JOIN ledger_calendar d ON d.day = s.due_on {_CONTRACT}"
        f" LEFT JOIN {matched} m ON m.id = s.item_id"
    )
    load.insert(
        "invoicing_receivableitem",
        {
            **common,
            "invoice_id": "s.id",
            "kind": "CASE WHEN s.kind = 'interest_note' THEN 'interest_note' ELSE 'invoice' END",
            "label": "s.number",
            "gross": "s.gross",
            "open_amount": left.format(amount="s.gross"),
            "issued_on": "s.issued_on",
            "account": "s.account",
            "source_id": "s.source_id",
        },
        f"feed_invoices s {joins}",
    )
    load.insert(
        "invoicing_receivableitem",
        {
            **common,
            "kind": "'opening_balance'",
            "label": "s.label",
            "gross": "s.amount",
            "open_amount": left.format(amount="s.amount"),
            "issued_on": "s.as_of",
            "account": "''",
            "source_id": "'BO:' || s.source_id",
        },
        f"feed_opening_balances s {joins} WHERE s.amount > 0",
    )


def _insert_payments(load: Load) -> int:
    """The contract of a payment: named, or the one whose account it came to, or the item's."""
    matched = _matched({"credit_payment": "-", "debit_payment": ""})
    left = money(f"({cents('{amount}')} + COALESCE(m.cents, 0))")
    accounts = (
        " LEFT JOIN (SELECT company_id, virtual_account, MIN(id) AS id FROM contracts_contract"
        " WHERE virtual_account <> '' GROUP BY company_id, virtual_account HAVING COUNT(*) = 1) a"
        " ON a.company_id = k.id AND a.virtual_account = s.account"
    )
    item = " LEFT JOIN ledger_indicated_contract n ON n.item_id = p.indicated_item_id"
    create_temporary(load.cursor, "ledger_indicated_contract", "item_id bigint, contract_id bigint")
    load.execute(
        "INSERT INTO ledger_indicated_contract SELECT t.id, t.contract_id"
        " FROM invoicing_receivableitem t WHERE t.contract_id IS NOT NULL AND t.id IN"
        " (SELECT p.indicated_item_id FROM ledger_payment p JOIN feed_payments s ON s.id = p.id"
        " WHERE s.contract = '' AND p.indicated_item_id IS NOT NULL)"
    )
    added = load.insert(
        "invoicing_payment",
        {
            "id": "s.id",
            "public_id": new_uuid(),
            "company_id": "k.id",
            "contract_id": "COALESCE(c.id, a.id, n.contract_id)",
            "indicated_item_id": "p.indicated_item_id",
            "reverses_id": "p.reverses_id",
            **{name: f"s.{name}" for name in _PAYMENT_COLUMNS},
            "unallocated_amount": left.format(amount="s.amount"),
            "source_id": "s.source_id",
            **_SOURCE,
        },
        f"feed_payments s JOIN ledger_payment p ON p.id = s.id {_COMPANY} {_CONTRACT}"
        f" {accounts} {item} LEFT JOIN {matched} m ON m.id = s.id",
    )
    drop_temporary(load.cursor, "ledger_indicated_contract")
    load.insert(
        "invoicing_payment",
        {
            "id": "s.payment_id",
            "public_id": new_uuid(),
            "company_id": "k.id",
            "contract_id": "c.id",
            "kind": "'opening_balance'",
            "booked_on": "s.as_of",
            "currency": "s.currency",
            "amount": "-s.amount",
            "unallocated_amount": left.format(amount="-s.amount"),
            "payer_name": "''",
            "payer_account": "''",
            "account": "''",
            "title": "s.label",
            "bank_reference": "''",
            "source_id": "'BO:' || s.source_id",
            **_SOURCE,
        },
        f"feed_opening_balances s {_COMPANY} {_CONTRACT}"
        f" LEFT JOIN {matched} m ON m.id = s.payment_id WHERE s.amount < 0",
    )
    return added


def _balances(load: Load) -> None:
    """Of the contracts in the feed and of those whose items or payments it touched."""
    create_temporary(load.cursor, "ledger_contract", "id bigint PRIMARY KEY")
    load.execute(
        "INSERT INTO ledger_contract (id) SELECT t.id FROM contracts_contract t"
        " JOIN feed_contracts s ON t.source_system = %(source_system)s"
        " AND t.source_id = s.source_id"
        " UNION SELECT t.contract_id FROM invoicing_receivableitem t"
        " JOIN ledger_item i ON i.id = t.id WHERE t.contract_id IS NOT NULL"
        " UNION SELECT t.contract_id FROM invoicing_payment t"
        " JOIN ledger_payment p ON p.id = t.id WHERE t.contract_id IS NOT NULL"
    )
    written = write_balances(load.cursor, on=load.manifest.business_date, at=load.at)
    load.count("balances", new=written)
    drop_temporary(load.cursor, "ledger_contract")

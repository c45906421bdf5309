"""What a feed says of invoices, payments and opening balances."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feeds import row_check
from eboks.feeds.applying import unchangeable
from eboks.feeds.columns import (
    choice,
    code,
    currency,
    date,
    integer,
    money,
    nip,
    nrb,
    rate,
    text,
    token,
)
from eboks.feeds.dialect import Params, exact
from eboks.feeds.registry import Check, FileKind, Registry, Step
from invoicing.bank.feed_links import BY_ALIAS
from invoicing.enums import CostKind, InvoiceKind
from invoicing.feed_steps import (
    apply_invoices,
    apply_ledger,
    apply_opening_balances,
)
from invoicing.issuing.mode import issuer_from

_NUMBER = r"[^\x00-\x1f\x7f\",]{1,60}"


def _same_company(kind: str, *, guarded: bool = True) -> Check:
    """The contract exists and is the company's; a ceded one may be a former client's."""
    return Check(
        "contract",
        "nie ma takiej umowy tego klienta",
        f"SELECT s.line, s.contract FROM feed_{kind} s WHERE s.contract <> ''"
        " AND NOT EXISTS (SELECT 1 FROM feed_contracts c WHERE c.source_id = s.contract"
        " AND (c.company = s.company OR c.status = 'ceded'))"
        " AND NOT EXISTS (SELECT 1 FROM contracts_contract t"
        " JOIN tenancy_company k ON k.id = t.company_id"
        " WHERE t.source_system = %(source_system)s AND t.source_id = s.contract"
        " AND (k.source_id = s.company OR t.status = 'ceded'))",
        needs=("contracts",),
        guarded=guarded,
    )


def _issuer() -> Params | None:
    day = issuer_from()
    return None if day is None else {"issuer_from": day}


# Never two that invoice one contract (docs/issuing.md).
_ISSUED_HERE = Check(
    "contract",
    "umowę z tą datą podpisania fakturuje portal, jej faktur nie przyjmujemy",
    "SELECT s.line, s.contract FROM feed_invoices s WHERE s.contract <> '' AND (EXISTS"
    " (SELECT 1 FROM feed_contracts c WHERE c.source_id = s.contract"
    " AND c.signed_on >= %(issuer_from)s) OR EXISTS"
    " (SELECT 1 FROM contracts_contract t WHERE t.source_system = %(source_system)s"
    " AND t.source_id = s.contract AND t.signed_on >= %(issuer_from)s"
    " AND NOT EXISTS (SELECT 1 FROM feed_contracts c WHERE c.source_id = s.contract)))",
    needs=("contracts",),
    more=_issuer,
)

_INVOICE_VALUES = (
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

INVOICES = FileKind(
    name="invoices",
    title="faktura",
    order=70,
    table="invoicing_invoice",
    ids=(("id", "invoicing_invoice"), ("item_id", "invoicing_receivableitem")),
    guarded=True,
    columns=(
        code("source_id"),
        code("company", references="companies"),
        code("contract", required=False),
        choice("kind", InvoiceKind),
        token("number", _NUMBER, "numer do 60 znaków", unique=True),
        code("corrects", required=False),
        date("issued_on"),
        date("sold_on"),
        date("due_on"),
        currency(),
        money("net", total=True),
        money("vat", total=True),
        money("gross", total=True),
        money("vat_pln", total=True),
        rate("fx_rate", required=False),
        text("fx_table", 30, required=False),
        date("fx_on", required=False),
        integer("instalment_n", required=False),
        text("seller_name", 200),
        nip("seller_nip"),
        text("seller_address", 250),
        text("buyer_name", 200),
        nip("buyer_nip", required=False),
        text("buyer_address", 250),
        nrb("account", required=False),
        token("ksef_number", "[0-9A-Za-z-]{1,40}", "numer KSeF", required=False),
    ),
    checks=(
        _same_company("invoices"),
        _ISSUED_HERE,
        row_check(
            "gross",
            "brutto różni się od sumy netto i VAT",
            f"{exact('gross')} <> {exact('net')} + {exact('vat')}",
            "invoices",
            guarded=True,
        ),
        row_check("fx_rate", "kurs musi być dodatni", "fx_rate <= 0", "invoices"),
        row_check(
            "fx_rate",
            "faktura w walucie obcej musi mieć kurs i jego datę",
            "currency <> 'PLN' AND vat <> 0 AND (fx_rate IS NULL OR fx_on IS NULL)",
            "invoices",
        ),
        row_check(
            "corrects",
            "faktura korygująca musi wskazać korygowaną, inna nie może",
            "(kind = 'correction') <> (corrects <> '')",
            "invoices",
        ),
        Check(
            "corrects",
            "nie ma takiej faktury tego klienta w tej walucie",
            "SELECT s.line, s.corrects FROM feed_invoices s WHERE s.corrects <> ''"
            " AND NOT EXISTS (SELECT 1 FROM feed_invoices o WHERE o.source_id = s.corrects"
            " AND o.company = s.company AND o.currency = s.currency AND o.line <> s.line)"
            " AND NOT EXISTS (SELECT 1 FROM invoicing_invoice t"
            " JOIN tenancy_company k ON k.id = t.company_id"
            " WHERE t.source_system = %(source_system)s AND t.source_id = s.corrects"
            " AND k.source_id = s.company AND t.currency = s.currency)",
            needs=("invoices",),
            guarded=True,
        ),
        Check(
            "source_id",
            "faktura nie ma w paczce pozycji albo ich suma różni się od faktury",
            "SELECT s.line, s.source_id FROM feed_invoices s LEFT JOIN (SELECT invoice,"
            f" SUM({exact('net')}) AS net, SUM({exact('vat')}) AS vat FROM feed_invoice_rows"
            " GROUP BY invoice) r ON r.invoice = s.source_id WHERE r.invoice IS NULL"
            f" OR r.net <> {exact('s.net')} OR r.vat <> {exact('s.vat')}",
            needs=("invoices", "invoice_rows"),
            guarded=True,
        ),
        unchangeable(
            "invoices",
            "invoicing_invoice",
            {
                "company": ("s.company", "k.source_id"),
                "contract": ("s.contract", "COALESCE(c.source_id, '')"),
                "corrects": ("s.corrects", "COALESCE(o.source_id, '')"),
                **{name: (f"s.{name}", f"t.{name}") for name in _INVOICE_VALUES},
            },
            joins="JOIN tenancy_company k ON k.id = t.company_id"
            " LEFT JOIN contracts_contract c ON c.id = t.contract_id"
            " LEFT JOIN invoicing_invoice o ON o.id = t.corrects_id",
            what="tę fakturę",
        ),
    ),
)

_ROW_VALUES = ("cost_kind", "description", "net", "vat_code", "vat", "gross")

INVOICE_ROWS = FileKind(
    name="invoice_rows",
    title="pozycja faktury",
    order=80,
    key=("invoice", "position"),
    guarded=True,
    columns=(
        code("invoice"),
        integer("position"),
        choice("cost_kind", CostKind),
        text("description", 250),
        money("net", total=True),
        token("vat_code", "[0-9A-Za-z]{1,8}", "kod VAT, np. 23 albo zw"),
        money("vat", total=True),
        money("gross", total=True),
        money("principal", required=False, total=True),
        money("interest", required=False, total=True),
    ),
    checks=(
        Check(
            "invoice",
            "pozycja faktury, której nie ma w tej paczce",
            "SELECT s.line, s.invoice FROM feed_invoice_rows s WHERE NOT EXISTS"
            " (SELECT 1 FROM feed_invoices o WHERE o.source_id = s.invoice)",
            needs=("invoices",),
            guarded=True,
        ),
        row_check(
            "gross",
            "brutto różni się od sumy netto i VAT",
            f"{exact('gross')} <> {exact('net')} + {exact('vat')}",
            "invoice_rows",
            guarded=True,
        ),
        row_check(
            "principal",
            "część kapitałowa i odsetkowa nie dają razem kwoty netto",
            f"(principal <> 0 OR interest <> 0) AND {exact('net')} <>"
            f" {exact('COALESCE(principal, 0)')} + {exact('COALESCE(interest, 0)')}",
            "invoice_rows",
        ),
        unchangeable(
            "invoice_rows",
            "invoicing_invoice",
            {
                **{name: (f"s.{name}", f"r.{name}") for name in _ROW_VALUES},
                "principal": ("COALESCE(s.principal, 0)", "r.principal"),
                "interest": ("COALESCE(s.interest, 0)", "r.interest"),
            },
            key="t.source_id = s.invoice",
            joins="LEFT JOIN invoicing_invoicerow r ON r.invoice_id = t.id"
            " AND r.position = s.position",
            what="tę pozycję",
            shown="s.invoice",
        ),
    ),
)

OPENING_BALANCES = FileKind(
    name="opening_balances",
    title="saldo otwarcia",
    order=90,
    ids=(("item_id", "invoicing_receivableitem"), ("payment_id", "invoicing_payment")),
    columns=(
        code("source_id"),
        code("company", references="companies"),
        code("contract", required=False),
        text("label", 60),
        currency(),
        money("amount", total=True),
        date("as_of"),
        date("due_on"),
    ),
    checks=(
        _same_company("opening_balances", guarded=False),
        row_check("amount", "kwota nie może być zerem", "amount = 0", "opening_balances"),
        *(
            unchangeable(
                "opening_balances",
                table,
                {
                    "amount": ("s.amount", amount),
                    "currency": ("s.currency", "t.currency"),
                    "label": ("s.label", label),
                    "as_of": ("s.as_of", day),
                    "company": ("s.company", "k.source_id"),
                    "contract": ("s.contract", "COALESCE(c.source_id, '')"),
                },
                key="t.source_id = 'BO:' || s.source_id",
                joins="JOIN tenancy_company k ON k.id = t.company_id"
                " LEFT JOIN contracts_contract c ON c.id = t.contract_id",
                what="to saldo",
            )
            for table, amount, label, day in (
                ("invoicing_receivableitem", "t.gross", "t.label", "t.issued_on"),
                ("invoicing_payment", "-t.amount", "t.title", "t.booked_on"),
            )
        ),
    ),
)

_PAYMENT_VALUES = (
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

PAYMENTS = FileKind(
    name="payments",
    title="wpłata",
    order=100,
    table="invoicing_payment",
    ids=(("id", "invoicing_payment"),),
    guarded=True,
    columns=(
        code("source_id"),
        code("company", references="companies"),
        code("contract", required=False),
        token("kind", "(?:transfer|refund)", "transfer albo refund"),
        date("booked_on"),
        currency(),
        money("amount", total=True),
        token("indicates", _NUMBER, "klucz lub numer faktury", required=False),
        code("reverses", required=False),
        text("payer_name", 150, required=False),
        token("payer_account", "[0-9A-Z]{1,34}", "rachunek bez spacji", required=False),
        nrb("account", required=False),
        text("title", 200, required=False),
        text("bank_reference", 60, required=False),
    ),
    checks=(
        _same_company("payments"),
        row_check("amount", "kwota nie może być zerem", "amount = 0", "payments"),
        row_check(
            "amount",
            "przelew jest dodatni, zwrot ujemny; odwrotny znak ma tylko storno (reverses)",
            "amount <> 0 AND (kind = 'transfer') <> ((amount > 0) = (reverses = ''))",
            "payments",
        ),
        Check(
            "indicates",
            "nie ma takiej faktury tego klienta w tej walucie",
            "SELECT s.line, s.indicates FROM feed_payments s WHERE s.indicates <> ''"
            " AND NOT EXISTS (SELECT 1 FROM feed_invoices o WHERE o.source_id = s.indicates"
            " AND o.company = s.company AND o.currency = s.currency)"
            " AND NOT EXISTS (SELECT 1 FROM feed_invoices o WHERE o.number = s.indicates"
            " AND o.company = s.company AND o.currency = s.currency)"
            " AND NOT EXISTS (SELECT 1 FROM invoicing_invoice t"
            " JOIN tenancy_company k ON k.id = t.company_id WHERE k.source_id = s.company"
            " AND t.currency = s.currency AND t.source_system = %(source_system)s"
            " AND t.source_id = s.indicates)"
            " AND NOT EXISTS (SELECT 1 FROM invoicing_invoice t"
            " JOIN tenancy_company k ON k.id = t.company_id WHERE k.source_id = s.company"
            " AND t.currency = s.currency AND t.source_system = %(source_system)s"
            " AND t.number = s.indicates)",
            needs=("invoices",),
            guarded=True,
        ),
        Check(
            "reverses",
            "nie ma wpłaty tego klienta o tej samej kwocie i walucie, którą można odwrócić",
            "SELECT s.line, s.reverses FROM feed_payments s WHERE s.reverses <> ''"
            " AND NOT EXISTS (SELECT 1 FROM feed_payments o WHERE o.source_id = s.reverses"
            " AND o.reverses = '' AND o.company = s.company AND o.currency = s.currency"
            " AND o.amount = -s.amount AND o.kind = s.kind)"
            " AND NOT EXISTS (SELECT 1 FROM invoicing_payment t"
            " JOIN tenancy_company k ON k.id = t.company_id"
            " WHERE t.source_system = %(source_system)s AND t.source_id = s.reverses"
            " AND t.reverses_id IS NULL AND k.source_id = s.company"
            " AND t.currency = s.currency AND t.amount = -s.amount AND t.kind = s.kind)"
            f" AND NOT EXISTS (SELECT 1 FROM {BY_ALIAS}"
            " JOIN tenancy_company k ON k.id = n.company_id WHERE e.core_id = s.reverses"
            " AND n.reverses_id IS NULL AND k.source_id = s.company"
            " AND n.currency = s.currency AND n.amount = -s.amount AND n.kind = s.kind)",
            needs=("payments",),
            guarded=True,
        ),
        Check(
            "reverses",
            "tę wpłatę już odwrócono",
            "SELECT line, reverses FROM (SELECT line, reverses, ROW_NUMBER() OVER (PARTITION BY"
            " reverses ORDER BY line) AS nth FROM feed_payments WHERE reverses <> '') d"
            " WHERE nth > 1 UNION ALL SELECT s.line, s.reverses FROM feed_payments s"
            " JOIN invoicing_payment o ON o.source_system = %(source_system)s"
            " AND o.source_id = s.reverses JOIN invoicing_payment t ON t.reverses_id = o.id"
            " WHERE t.source_id <> s.source_id",
            guarded=True,
        ),
        unchangeable(
            "payments",
            "invoicing_payment",
            {
                "company": ("s.company", "k.source_id"),
                "reverses": ("s.reverses", "COALESCE(o.source_id, '')"),
                **{name: (f"s.{name}", f"t.{name}") for name in _PAYMENT_VALUES},
            },
            joins="JOIN tenancy_company k ON k.id = t.company_id"
            " LEFT JOIN invoicing_payment o ON o.id = t.reverses_id",
            what="tę wpłatę",
        ),
    ),
)


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    for kind in (INVOICES, INVOICE_ROWS, OPENING_BALANCES, PAYMENTS):
        registry.add_kind(kind)
    invoices = ("invoicing_invoice", "invoicing_invoicerow")
    registry.add_step(Step("invoices", "faktury", 60, apply_invoices, invoices))
    ledger = (
        "invoicing_receivableitem",
        "invoicing_payment",
        "invoicing_allocation",
        "invoicing_setoff",
        "invoicing_balance",
    )
    registry.add_step(Step("opening", "salda otwarcia", 70, apply_opening_balances, ledger[:2]))
    registry.add_step(Step("ledger", "rozrachunki", 80, apply_ledger, ledger))

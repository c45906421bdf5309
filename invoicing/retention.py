"""How long the documents of invoicing stay in the portal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contracts.enums import ContractStatus
from contracts.models import Contract, RateChange
from contracts.rate_change_notice import KEY as NOTICE
from eboks import clock
from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.retention.registry import DocumentClass, Facts, add_class
from eboks.ui.words import short_date
from invoicing.enums import ReportState
from invoicing.models import Allocation, BalanceConfirmation, Invoice, PaymentReport, ReceivableItem

_ENDED = (
    *(ContractStatus.TERMINATED, ContractStatus.EARLY_ENDED),
    *(ContractStatus.CLOSED, ContractStatus.CEDED),
)


def register() -> None:
    """Called once, when the app is ready."""
    add_class(
        DocumentClass(
            name="invoice",
            title=_("faktury, korekty i noty"),
            prefix="invoice:",
            facts=_facts,
            links=_links,
            release=_release,
        )
    )
    add_class(
        DocumentClass(
            name="confirmation",
            title=_("potwierdzenia sald"),
            prefix="balance:",
            facts=_confirmation_facts,
            links=_confirmation_links,
            release=_release_confirmations,
        )
    )
    add_class(
        DocumentClass(
            name="proof",
            title=_("potwierdzenia przelewów od klientów"),
            prefix="payment_report:",
            facts=_proof_facts,
            links=_proof_links,
            release=_release_proofs,
        )
    )
    # Part of what was agreed, so the rules of the contract itself. Here, not in `contracts`: only
    # the ledger knows when a contract is settled.
    add_class(
        DocumentClass(
            name="contract",
            title=_("zawiadomienia o zmianie oprocentowania umowy"),
            prefix=f"{NOTICE}:",
            facts=_notice_facts,
            links=_notice_links,
            release=_release_notices,
        )
    )


def _facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    found: dict[int, Facts] = {}
    rows = Invoice.objects.filter(pdf__in=[document.pk for document in documents])
    for pdf, issued, due, contract in rows.values_list(
        "pdf", "issued_on", "due_on", "contract__number"
    ):
        days: dict[Basis, dt.date] = {Basis.ISSUED: issued, Basis.DUE: due}
        found[pdf] = Facts(days, contract_numbers=frozenset({contract} if contract else ()))
    return found


def _links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    rows = Invoice.objects.filter(pdf__in=[document.pk for document in documents])
    return {
        pdf: (number, reverse("invoicing:invoice_detail", args=[public_id]))
        for pdf, number, public_id in rows.values_list("pdf", "number", "public_id")
    }


def _release(document_ids: Sequence[int]) -> None:
    Invoice.objects.filter(pdf__in=document_ids).update(pdf=None)


def _confirmations(documents: Sequence[Document]) -> QuerySet[BalanceConfirmation]:
    return BalanceConfirmation.objects.filter(document__in=[document.pk for document in documents])


def _confirmation_facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    """Inventory: the period runs from the year of the balance."""
    rows = _confirmations(documents).values_list("document", "as_of")
    return {document: Facts({Basis.ISSUED: as_of}) for document, as_of in rows if document}


def _confirmation_links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    rows = _confirmations(documents).values_list("document", "as_of", "public_id")
    return {
        document: (
            gettext("potwierdzenie salda %(day)s") % {"day": short_date(as_of)},
            reverse("invoicing:balance_confirmation", args=[public_id]),
        )
        for document, as_of, public_id in rows
        if document
    }


def _release_confirmations(document_ids: Sequence[int]) -> None:
    BalanceConfirmation.objects.filter(document__in=document_ids).update(document=None)


def _reports(documents: Sequence[Document]) -> QuerySet[PaymentReport]:
    return PaymentReport.objects.filter(proof__in=[document.pk for document in documents])


def _proof_facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    """Claims: from the day of the report and from the last due day of what it says was paid. A
    report that still waits for its transfer has no days yet."""
    reports = list(_reports(documents).only("pk", "proof", "state", "reported_at", "paid_on"))
    due: dict[int, dt.date] = {}
    numbers: dict[int, set[str]] = {}
    about = ReceivableItem.objects.filter(payment_reports__in=reports)
    for report, day, number in about.values_list(
        "payment_reports", "effective_due_on", "contract__number"
    ):
        due[report] = max(day, due.get(report, day))
        if number:
            numbers.setdefault(report, set()).add(number)
    found: dict[int, Facts] = {}
    for row in reports:
        days: dict[Basis, dt.date] = {}
        if row.state != ReportState.OPEN:
            days = {
                Basis.CREATED: clock.today(row.reported_at),
                Basis.DUE: due.get(row.pk, row.paid_on),
            }
        assert row.proof_id is not None  # noqa: S101 -- reports are found by it
        found[row.proof_id] = Facts(days, contract_numbers=frozenset(numbers.get(row.pk, ())))
    return found


def _proof_links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    rows = _reports(documents).values_list("proof", "paid_on", "public_id")
    return {
        proof: (
            gettext("potwierdzenie przelewu %(day)s") % {"day": short_date(paid_on)},
            reverse("invoicing:report_proof", args=[public_id]),
        )
        for proof, paid_on, public_id in rows
        if proof
    }


def _release_proofs(document_ids: Sequence[int]) -> None:
    PaymentReport.objects.filter(proof__in=document_ids).update(proof=None)


def _notices(documents: Sequence[Document]) -> dict[int, RateChange]:
    """The change of the rate that each notice is about, by document id."""
    by_change = {document.key.removeprefix(f"{NOTICE}:"): document.pk for document in documents}
    rows = RateChange.objects.filter(public_id__in=list(by_change)).select_related("contract")
    return {by_change[str(change.public_id)]: change for change in rows}


def _notice_facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    """The trade contract: periods run from the day of its settlement, once it has one."""
    changes = _notices(documents)
    settled = _settled_on({change.contract_id for change in changes.values()})
    found: dict[int, Facts] = {}
    for document, change in changes.items():
        day = settled.get(change.contract_id)
        days = {} if day is None else {Basis.SETTLED: day}
        found[document] = Facts(days, contract_numbers=frozenset({change.contract.number}))
    return found


def _settled_on(contracts: Collection[int]) -> dict[int, dt.date]:
    """By contract, the day on which it was over and nothing was left to pay: the last of its end,
    its due days and its payments. Contracts that run or owe something are left out."""
    items = ReceivableItem.objects.filter(contract__in=contracts).order_by()
    owing = set(items.exclude(open_amount=0).values_list("contract", flat=True))
    due = dict(items.values_list("contract").annotate(Max("effective_due_on")))
    paid = dict(
        Allocation.objects.filter(item__contract__in=contracts)
        .order_by()
        .values_list("item__contract")
        .annotate(Max("allocated_on"))
    )
    ended = Contract.objects.filter(pk__in=contracts, status__in=_ENDED)
    return {
        contract: max(end_on, due.get(contract, end_on), paid.get(contract, end_on))
        for contract, end_on in ended.values_list("pk", "end_on")
        if contract not in owing
    }


def _notice_links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    return {
        document: (
            gettext("zawiadomienie o zmianie oprocentowania umowy %(number)s")
            % {"number": change.contract.number},
            reverse("contracts:rate_change", args=[change.contract.public_id, change.public_id]),
        )
        for document, change in _notices(documents).items()
    }


def _release_notices(document_ids: Sequence[int]) -> None:
    """Nothing to take out: a notice is found by its key, and its tombstone stops a new one."""

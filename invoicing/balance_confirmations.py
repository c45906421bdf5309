"""Potwierdzenie salda: asking companies what they say they owe, and their answer (domain 3.7).

Asked as at a day, of every company with something open that is neither disputed nor doubtful. The
rows are a snapshot: what is booked later changes nothing of what was asked and answered.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import ZERO, zloty_first
from eboks.notifications.services import Notice, notify_many
from eboks.tenancy.models import UNLIMITED, Company, Membership
from eboks.tenancy.rights import Right, roles_with
from eboks.ui.words import short_date
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation, Payment, ReceivableItem
from invoicing.open_on import open_items, unused_payments

KIND = "balance_confirmation"
DAYS_TO_ANSWER = 14
# From this reminder on the contract is terminated or with the collectors (domain 3.6): the debt
# is doubtful, and its balance is not asked about.
DOUBTFUL_LEVEL = 4
LONGEST_EXPLANATION = 2_000
_BATCH = 500


class ConfirmationError(Exception):
    """What was asked for cannot be done; the text is fit for people."""


# --- asking ----------------------------------------------------------------------------------
def ask(
    *,
    as_of: dt.date,
    answer_by: dt.date,
    at: dt.datetime,
    actor: User | None = None,
    companies: Collection[int] | None = None,
    watch: Callable[[int], None] = lambda done: None,
) -> int:
    """Ask every company (or `companies`) that owes or is owed something as at the end of `as_of`.

    Returns how many were asked now; who was asked as at that day already is not asked again. A
    batch of companies is one transaction, so it may be stopped and run again. `watch` is told
    how many companies were looked at. Raises ConfirmationError for days that make no sense.
    """
    check_days(as_of=as_of, answer_by=answer_by, on=clock.today(at))
    asked, to_ask = 0, _to_ask(as_of, companies)
    for first in range(0, len(to_ask), _BATCH):
        batch = to_ask[first : first + _BATCH]
        asked += _ask_batch(batch, as_of=as_of, answer_by=answer_by, at=at)
        watch(first + len(batch))
    if asked:
        record(
            event="balance_confirmations_asked",
            at=at,
            actor=actor,
            facts={"as_of": str(as_of), "count": asked},
        )
    return asked


def check_days(*, as_of: dt.date, answer_by: dt.date, on: dt.date) -> None:
    """Raises ConfirmationError for days that make no sense on the day `on`."""
    if as_of > on:
        raise ConfirmationError(_("Nie można potwierdzać salda na dzień, który jeszcze nie minął."))
    if answer_by < on:
        raise ConfirmationError(_("Termin odpowiedzi nie może być w przeszłości."))


def _to_ask(as_of: dt.date, companies: Collection[int] | None) -> Sequence[int]:
    """Ids of companies with a ledger that have not been asked as at `as_of`."""
    mine = OuterRef("pk")
    rows = Company.objects.filter(
        Exists(ReceivableItem.objects.filter(company=mine, issued_on__lte=as_of))
        | Exists(Payment.objects.filter(company=mine, booked_on__lte=as_of)),
        ~Exists(BalanceConfirmation.objects.filter(company=mine, as_of=as_of)),
    )
    if companies is not None:
        rows = rows.filter(pk__in=companies)
    return list(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _ask_batch(
    companies: Collection[int], *, as_of: dt.date, answer_by: dt.date, at: dt.datetime
) -> int:
    snapshots = _snapshots(companies, as_of)
    BalanceConfirmation.objects.bulk_create(
        (
            BalanceConfirmation(
                company_id=company,
                as_of=as_of,
                rows=rows,
                totals={name: str(amount) for name, amount in totals.items()},
                created_at=at,
                answer_by=answer_by,
            )
            for company, (rows, totals) in snapshots.items()
        ),
        ignore_conflicts=True,  # who was asked by another run meanwhile keeps what they were asked
    )
    made = BalanceConfirmation.objects.filter(
        company__in=companies, as_of=as_of, created_at=at
    ).in_bulk(field_name="pk")
    _tell(list(made.values()), at=at)
    return len(made)


def _snapshots(
    companies: Collection[int], as_of: dt.date
) -> dict[int, tuple[list[dict[str, Any]], dict[str, Decimal]]]:
    """Rows and sums by currency of each company whose balance is not zero."""
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for company, currency, amount, row in _open_rows(companies, as_of):
        rows[company].append(row | {"currency": currency, "amount": str(amount)})
        sums[company][currency] += amount
    found = {}
    for company, own in sorted(rows.items()):
        totals = {name: sums[company][name] for name in sorted(sums[company], key=zloty_first)}
        if any(totals.values()):
            own.sort(key=lambda row: zloty_first(row["currency"]))
            found[company] = (own, totals)
    return found


def _open_rows(
    companies: Collection[int], as_of: dt.date
) -> Iterator[tuple[int, str, Decimal, dict[str, Any]]]:
    for item, left in open_items(companies, on=as_of):
        if item.is_disputed or item.dunning_level >= DOUBTFUL_LEVEL:
            continue
        row = {
            "label": item.label,
            "contract": item.contract.number if item.contract else "",
            "issued_on": item.issued_on.isoformat(),
            "due_on": item.effective_due_on.isoformat(),
        }
        yield item.company_id, item.currency, left, row
    for payment, left in unused_payments(companies, on=as_of):
        text = _("nadpłata, wpłata z %(day)s") if left > 0 else _("zwrot z %(day)s")
        row = {
            "label": text % {"day": short_date(payment.booked_on)},
            "contract": payment.contract.number if payment.contract else "",
            "issued_on": payment.booked_on.isoformat(),
            "due_on": "",
        }
        yield payment.company_id, payment.currency, -left, row


def _tell(confirmations: Sequence[BalanceConfirmation], *, at: dt.datetime) -> None:
    """A message to everybody who may answer for the company."""
    by_company = {row.company_id: row for row in confirmations}
    people = (
        _may_answer(clock.today(at))
        .filter(company__in=by_company)
        .select_related("user", "company")
        .order_by("pk")
    )
    notices = []
    for membership in people:
        user, row = membership.user, by_company[membership.company_id]
        if user.activated_at is None and not user.has_usable_password():
            continue
        notices.append(
            Notice(
                user=user,
                company=membership.company,
                key=f"{KIND}:{row.pk}:{user.pk}",
                facts={
                    "what": "asked",
                    "company": membership.company.name,
                    "as_of": short_date(row.as_of),
                    "answer_by": short_date(row.answer_by),
                },
                url=reverse("invoicing:balance_confirmation", args=[row.public_id]),
            )
        )
    notify_many(kind=KIND, notices=notices, at=at)


def _may_answer(on: dt.date) -> Any:
    """Memberships that answer for the whole company."""
    signing = Q(role__in=roles_with(Right.SIGN)) & UNLIMITED
    return Membership.objects.active(on).filter(signing)


# --- answering -------------------------------------------------------------------------------
@transaction.atomic
def answer(
    *, confirmation_id: int, actor: User, agrees: bool, explanation: str, at: dt.datetime
) -> BalanceConfirmation:
    """The company's answer, once. Disagreeing needs an explanation. Raises ConfirmationError."""
    row = BalanceConfirmation.objects.select_related("company").get(pk=confirmation_id)
    today = clock.today(at)
    if not _may_answer(today).filter(user=actor, company=row.company).exists():
        raise ConfirmationError(_("Saldo potwierdza osoba, która podpisuje w imieniu firmy."))
    if today > row.answer_by:
        raise ConfirmationError(
            _("Termin odpowiedzi minął %(day)s. Zadzwoń do nas.")
            % {"day": short_date(row.answer_by)}
        )
    if not agrees and not explanation.strip():
        raise ConfirmationError(_("Napisz, co się nie zgadza."))
    waiting = BalanceConfirmation.objects.filter(pk=row.pk, answer=ConfirmationAnswer.WAITING)
    given = ConfirmationAnswer.AGREED if agrees else ConfirmationAnswer.DISAGREED
    if not waiting.update(
        answer=given,
        explanation=explanation.strip()[:LONGEST_EXPLANATION],
        answered_at=at,
        answered_by=actor,
    ):
        raise ConfirmationError(_("Na to potwierdzenie już odpowiedziano."))
    row.refresh_from_db()
    record(
        event="balance_agreed" if agrees else "balance_disagreed",
        at=at,
        actor=actor,
        company=row.company,
        object_kind="balance_confirmation",
        object_ref=str(row.public_id),
        facts={"as_of": str(row.as_of), "totals": row.totals},
    )
    return row


@transaction.atomic
def handle(*, confirmation_id: int, staff: User, text: str, at: dt.datetime) -> None:
    """The back office says how a disagreement was cleared up; who disagreed is told, once.

    Raises ConfirmationError.
    """
    if not text.strip():
        raise ConfirmationError(_("Napisz, jak wyjaśniono różnicę."))
    open_rows = BalanceConfirmation.objects.filter(
        pk=confirmation_id, answer=ConfirmationAnswer.DISAGREED, handled_at=None
    )
    if not open_rows.update(handled_at=at, handled_by=staff, handling=text.strip()):
        raise ConfirmationError(_("To potwierdzenie nie czeka na wyjaśnienie."))
    row = BalanceConfirmation.objects.select_related("company", "answered_by").get(
        pk=confirmation_id
    )
    if row.answered_by is not None:
        notice = Notice(
            user=row.answered_by,
            company=row.company,
            key=f"{KIND}:handled:{row.pk}",
            facts={
                "what": "handled",
                "company": row.company.name,
                "as_of": short_date(row.as_of),
            },
            url=reverse("invoicing:balance_confirmation", args=[row.public_id]),
        )
        notify_many(kind=KIND, notices=[notice], at=at)
    record(
        event="balance_confirmation_handled",
        at=at,
        actor=staff,
        company=row.company,
        object_kind="balance_confirmation",
        object_ref=str(row.public_id),
        facts={"as_of": str(row.as_of)},
    )

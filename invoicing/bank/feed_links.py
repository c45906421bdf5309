"""One transfer, two messengers: the bank's file and the core system's feed (docs/bank.md).

Whoever comes first books it. A payment that the feed had brought is linked to the bank's entry
(`recognition`). The other way round, which is the usual one, a row of a feed that tells of a
payment already booked from the bank is kept out of the ledger. Its key is written down with the
entry, so that the row may come again and a reversal may name it.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from eboks import clock
from eboks.feeds.applying import Load
from eboks.feeds.dialect import create_temporary_as, drop_temporary, exact
from eboks.feeds.registry import Registry
from invoicing import ledger
from invoicing.bank.lookups import SOURCE
from invoicing.enums import EntryState, MatchRule, PaymentKind
from invoicing.locking import lock_ledger
from invoicing.models import BankEntry, Payment

OTHER_CLIENT = gettext_noop("System centralny zaksięgował tę wpłatę na innego klienta.")

_LATELY = dt.timedelta(days=60)

# The payment that a key of the feed stands for, when the bank's file brought it: `e`, `n`.
BY_ALIAS = (
    "invoicing_bankentry e JOIN invoicing_payment n ON n.id = e.payment_id"
    " AND e.core_system = %(source_system)s AND e.core_id <> ''"
)
_SAME = "k.id, s.bank_reference, s.booked_on, s.currency, s.amount"


def forget_booked(load: Load) -> int:
    """Take payments that are booked from the bank out of the stage; returns how many.

    They are the same by reference, day, amount, currency and client. Of several that are the same
    in all of it, each stands for one.
    """
    if not load.staged["payments"] or load.is_empty("invoicing_bankentry"):
        return 0
    known = load.execute(
        "DELETE FROM feed_payments WHERE source_id IN (SELECT e.core_id FROM invoicing_bankentry e"
        " JOIN feed_payments s ON s.source_id = e.core_id"
        " WHERE e.core_system = %(source_system)s)"
    )
    create_temporary_as(
        load.cursor,
        "feed_from_bank",
        "SELECT s.id, s.source_id, e.entry FROM ("
        f" SELECT s.*, k.id AS company_id, ROW_NUMBER() OVER (PARTITION BY {_SAME}"
        " ORDER BY s.source_id) AS nth FROM feed_payments s JOIN tenancy_company k"
        " ON k.source_system = %(source_system)s AND k.source_id = s.company"
        " WHERE s.kind = 'transfer' AND s.bank_reference <> '') s"
        " JOIN (SELECT e.id AS entry, t.company_id, t.bank_reference, t.booked_on, t.currency,"
        " t.amount, ROW_NUMBER() OVER (PARTITION BY t.company_id, t.bank_reference, t.booked_on,"
        " t.currency, t.amount ORDER BY e.id) AS nth FROM invoicing_bankentry e"
        " JOIN invoicing_payment t ON t.id = e.payment_id"
        f" WHERE t.source_system = '{SOURCE}' AND e.core_id = '' AND e.bank_reference IN"
        " (SELECT bank_reference FROM feed_payments WHERE bank_reference <> '')) e"
        " ON e.company_id = s.company_id AND e.bank_reference = s.bank_reference"
        " AND e.booked_on = s.booked_on AND e.currency = s.currency AND e.nth = s.nth"
        f" AND {exact('e.amount')} = {exact('s.amount')}",
        load.params,
    )
    load.execute(
        "UPDATE invoicing_bankentry AS e SET core_system = %(source_system)s, core_id = f.source_id"
        " FROM feed_from_bank f WHERE f.entry = e.id"
    )
    known += load.execute("DELETE FROM feed_payments WHERE id IN (SELECT id FROM feed_from_bank)")
    drop_temporary(load.cursor, "feed_from_bank")
    return known


@transaction.atomic
def follow_feed(*, at: dt.datetime) -> int:
    """Link entries to payments that a feed has brought since; returns how many. Safe to repeat.

    What nobody had explained is explained. What was booked for another client than the core system
    says is taken back: the core's books go first.
    """
    lock_ledger()
    same = BankEntry.objects.filter(
        bank_reference=OuterRef("bank_reference"),
        booked_on=OuterRef("booked_on"),
        amount=OuterRef("amount"),
        currency=OuterRef("currency"),
        core_id="",
    ).exclude(state=EntryState.WAITING)
    brought = (
        Payment.objects.filter(
            kind=PaymentKind.TRANSFER,
            booked_on__gte=clock.today(at) - _LATELY,
            bank_entry__isnull=True,
        )
        .exclude(source_system__in=[SOURCE, ledger.OWN_SOURCE])
        .exclude(bank_reference="")
    )
    # A loop over what the two messengers tell differently: a handful.
    return sum(_link(payment, at) for payment in brought.filter(Exists(same)).order_by("pk"))


def _link(payment: Payment, at: dt.datetime) -> bool:
    """Give the payment the entry that is the same transfer; one that waits goes first."""
    same = BankEntry.objects.filter(
        bank_reference=payment.bank_reference,
        booked_on=payment.booked_on,
        amount=payment.amount,
        currency=payment.currency,
        core_id="",
    )
    values = {"state": EntryState.MATCHED, "rule": MatchRule.FEED, "payment": payment}
    waiting = same.filter(state=EntryState.QUEUED).order_by("pk").first()
    if waiting is not None:
        rows = BankEntry.objects.filter(pk=waiting.pk, state=EntryState.QUEUED)
        return rows.update(**values, note="") == 1
    booked = same.filter(
        payment__source_system=SOURCE,
        payment__reverses__isnull=True,
        payment__reversed_by__isnull=True,
    ).exclude(payment__company=payment.company_id)
    entry = booked.select_related("payment").order_by("pk").first()
    if entry is None or entry.payment is None:
        return False
    wrong = entry.payment
    BankEntry.objects.filter(pk=entry.pk).update(**values, note=OTHER_CLIENT)
    ledger.reverse_payment(payment=wrong, at=at, on=clock.today(at), reason=str(OTHER_CLIENT))
    return True


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    registry.add_follower("bank", _queue)


def _queue() -> None:
    from invoicing.tasks import follow_feed as task  # noqa: PLC0415 -- Celery's app is loaded only now

    task.delay()

"""Who writes to the ledger of a client waits for whoever writes to it now.

Two postings that read the same open amounts would both pay them. On PostgreSQL a posting holds
advisory locks until its transaction ends: of the 256 shards that its clients fall into, always in
the same order, so that two postings never wait for each other. They are no rows, so an import that
changes the client itself is not in the way. SQLite has one writer at a time anyway
(`transaction_mode` IMMEDIATE).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from eboks.feeds.dialect import is_postgresql

SHARDS = 256
_KEY = 0x65424F4B  # "eBOK": the first half of each lock's key, the shard is the second


def lock_companies(company_ids: Iterable[int]) -> None:
    """Be the only one to write to the ledgers of these clients, until the transaction ends.

    Once in a transaction, with all the clients it will write to: a second call could wait for
    somebody who waits for the first.
    """
    _lock({company_id % SHARDS for company_id in company_ids})


def lock_ledger() -> None:
    """The same for all clients."""
    _lock(range(SHARDS))


def _lock(shards: Iterable[int]) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the ledger is locked inside a transaction")
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, shard) FROM"
                " (SELECT shard FROM unnest(%s::int[]) shard ORDER BY shard) ordered",
                [_KEY, sorted(shards)],
            )

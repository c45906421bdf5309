"""Fifty at once: no fork, no gap, nothing lost (REL-12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction

from eboks.audit.models import AuditChain, AuditEntry
from eboks.audit.services import record
from eboks.audit.verification import verify
from tests.audit.conftest import AT
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 50


def at_once(work):
    """`work(n)` in 50 threads that start together."""
    ready = Barrier(WRITERS)

    def run(n):
        try:
            ready.wait(timeout=60)
            return work(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


@pytest.mark.parametrize("chain_is_there", [True, False])
def test_fifty_writers_make_one_chain(chain_is_there):
    company = CompanyFactory()
    before = 0
    if chain_is_there:
        record(event="login", at=AT, company=company)
        before = 1

    at_once(lambda n: record(event="login", at=AT, company=company, facts={"writer": n}).pk)

    chain = AuditChain.objects.get(key=f"company:{company.pk}")
    rows = AuditEntry.objects.filter(chain=chain).order_by("sequence")
    sequences = list(rows.values_list("sequence", flat=True))
    assert sequences == list(range(1, before + WRITERS + 1))
    assert {row.facts["writer"] for row in rows[before:]} == set(range(WRITERS))
    assert verify().faults == []


def test_broken_off_transactions_leave_no_gap():
    def work(n):
        try:
            with transaction.atomic():
                record(event="login", at=AT, facts={"writer": n})
                if n % 3 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return 0
        return 1

    kept = sum(at_once(work))

    assert AuditEntry.objects.count() == kept == AuditChain.objects.get().last_sequence
    assert verify().faults == []

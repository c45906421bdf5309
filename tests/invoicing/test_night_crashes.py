"""FI-01, FI-02: processes that do the night die, freeze and meet; the night is the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction

from contracts.models import Contract
from eboks.feeds.dialect import create_temporary
from eboks.jobs.models import JobRun, JobState
from eboks.jobs.nights import Result
from eboks.notifications.models import OutgoingMessage
from invoicing.balances import write_balances
from invoicing.models import Balance, CoreBalance, ReceivableItem
from tests.factories import CompanyFactory
from tests.invoicing.night_process import BEFORE, ON, moment
from tests.invoicing.night_world import contract_owing, finished, night, published

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def world():
    """Five contracts, the night before done, and figures of the core system that differ in one."""
    contracts = [contract_owing(f"{n}.00", due=BEFORE) for n in range(1, 6)]
    CoreBalance.objects.bulk_create(
        CoreBalance(
            contract=contract,
            as_of=ON,
            currency="PLN",
            open_amount=n if n != 3 else 99,
            overpaid_amount=0,
        )
        for n, contract in enumerate(contracts, 1)
    )
    finished(BEFORE)
    return contracts


def start(*what: Any, **more: str) -> subprocess.Popen[str]:
    env = {**os.environ, "DATA_DIR": str(settings.DATA_DIR), **more}
    env["DJANGO_SETTINGS_MODULE"] = "eboks.settings.dev"
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.invoicing.night_process", name, *map(str, what)],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _err = process.communicate(timeout=200)
    return json.loads(out.splitlines()[-1])


def freeze(process: subprocess.Popen[str]) -> None:
    """Wait until the process has stopped itself."""
    for _try in range(600):
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "T":
            return
        time.sleep(0.1)
    raise AssertionError("it did not stop")


def test_night_is_the_same_wherever_a_process_dies(world):
    found = answer(start("every_point"))

    assert found["wrong"] == []
    assert found["points"] > 40
    assert found["mails"] == 1


def test_night_of_two_thousand_contracts_survives_twenty_deaths():
    make_contracts(2_000)
    finished(BEFORE)

    found = answer(start("many_deaths", 20, 7, PART="40"))

    assert found == {"deaths": 20, "result": "done", "as_if_nothing": True}


def make_contracts(number):
    one = contract_owing("1.00", due=BEFORE)
    item = ReceivableItem.objects.get()
    company = CompanyFactory()
    fields = {f.attname: getattr(one, f.attname) for f in Contract._meta.concrete_fields}
    copies = []
    for n in range(1, number):
        own = {"id": None, "number": f"C{n}", "source_id": f"C{n}", "company_id": company.pk}
        own["public_id"] = uuid.uuid4()
        copies.append(Contract(**{**fields, **own}))
    Contract.objects.bulk_create(copies)
    fields = {f.attname: getattr(item, f.attname) for f in ReceivableItem._meta.concrete_fields}
    ReceivableItem.objects.bulk_create(
        ReceivableItem(
            **{
                **fields,
                "id": None,
                "source_id": f"I{contract.pk}",
                "contract_id": contract.pk,
                "company_id": company.pk,
                "invoice_id": None,
            }
        )
        for contract in copies
    )


def test_one_that_froze_between_two_parts_wakes_up_and_cannot_write(world):
    frozen = start("once", "between", 0)
    freeze(frozen)

    assert night(ON, at=moment()).result == Result.RUNNING
    finished(ON, at=moment(1))
    seen = published()
    os.kill(frozen.pid, signal.SIGCONT)

    assert answer(frozen) == {"result": "running"}
    assert published() == seen
    assert_done_once()


def test_one_that_froze_inside_a_part_is_put_out(world):
    frozen = start("once", "inside", 0)
    freeze(frozen)
    late = moment(1)

    if connection.vendor == "postgresql":
        # Its transaction holds the run: nobody waits, until the server ends the idle session.
        results = [night(ON, at=late).result]
        while results[-1] == Result.RUNNING and len(results) < 300:
            time.sleep(0.1)
            results.append(night(ON, at=late).result)
        assert results[-1] == Result.DONE
        os.kill(frozen.pid, signal.SIGCONT)
        out, _err = frozen.communicate(timeout=60)
        assert '"done"' not in out
    else:
        # The one writer of SQLite is frozen: others wait, then give up; the frozen one goes on.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 300")
        with pytest.raises(OperationalError, match="locked"):
            night(ON, at=late)
        os.kill(frozen.pid, signal.SIGCONT)
        assert answer(frozen) == {"result": "done"}

    assert_done_once()


def assert_done_once():
    [run] = JobRun.objects.filter(business_on=ON)
    assert run.state == JobState.DONE
    assert Balance.objects.filter(as_of=ON).count() == 5
    assert Balance.objects.published().filter(as_of=ON).count() == 5
    assert OutgoingMessage.objects.count() <= 1


def test_three_at_once_do_it_once(world):
    processes = [start("once", "", 0.02) for _n in range(3)]

    results = sorted(answer(process)["result"] for process in processes)

    assert results.count("done") == 1
    assert set(results) <= {"done", "running", "was_done"}
    assert_done_once()


def test_readers_see_the_old_night_or_the_new_one(world):
    old = published()
    process = start("once", "", 0.01)
    seen = []

    while process.poll() is None:
        now = published()
        if now not in seen:
            seen.append(now)
    assert answer(process) == {"result": "done"}

    new = published()
    assert old != new
    assert [old, *([new] if new in seen else [])] == seen


def posting(contract, *, started: threading.Event, go_on: threading.Event, writes_first: bool):
    """A transaction that pays something of the contract and writes its balance at the end."""

    def write(cursor):
        create_temporary(cursor, "ledger_contract", "id bigint PRIMARY KEY")
        cursor.execute("INSERT INTO ledger_contract (id) VALUES (%s)", [contract.pk])
        write_balances(cursor, on=ON, at=moment())

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            ReceivableItem.objects.filter(contract=contract).update(open_amount="0.50")
            if writes_first:
                write(cursor)
            started.set()
            assert go_on.wait(60)
            if not writes_first:
                write(cursor)
    finally:
        connections.close_all()


@pytest.mark.parametrize("writes_first", [True, False])
def test_posting_that_meets_the_night_is_never_lost(world, writes_first):
    started, go_on = threading.Event(), threading.Event()
    contract = world[0]
    with ThreadPoolExecutor(2) as pool:
        paying = pool.submit(
            posting, contract, started=started, go_on=go_on, writes_first=writes_first
        )
        assert started.wait(60)
        if connection.vendor == "postgresql" and not writes_first:
            finished(ON)  # it does not see the payment, and need not
            go_on.set()
        else:
            counting = pool.submit(_night_of_a_thread)
            time.sleep(0.5)
            assert not counting.done()  # it waits for whoever writes
            go_on.set()
            assert counting.result(60) == Result.DONE
        paying.result(60)

    assert published()[contract.pk][0] == Decimal("0.50")


def _night_of_a_thread():
    try:
        return night(ON).result
    finally:
        connections.close_all()

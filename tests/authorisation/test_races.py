"""The promise of a bank: right codes in parallel execute once, wrong ones are counted (SEC-35, 36).

`EBOK_RACE_ROUNDS` sets the rounds; a change is judged with 200.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from eboks.authorisation.enums import Outcome
from eboks.authorisation.models import InstructionStep, OperationAuthorisation
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Company
from tests.authorisation.conftest import check, live_code, prepared, send, signer, wrong

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PARALLEL = 24
ROUNDS = int(os.environ.get("EBOK_RACE_ROUNDS", "200" if os.environ.get("CI") else "10"))


def in_parallel(pool, work):
    """`work()` in PARALLEL threads at once; what each returned."""
    start = threading.Barrier(PARALLEL)

    def run(_n):
        try:
            start.wait(60)
            return work()
        finally:
            connection.close()

    return list(pool.map(run, range(PARALLEL)))


def test_parallel_right_codes_execute_exactly_once(settings):
    settings.SMS_RESEND_SECONDS = settings.SMS_THROTTLE_SECONDS = 0
    settings.SMS_CODES_PER_PERSON_PER_DAY = settings.SMS_CODES_PER_NUMBER_PER_DAY = 10_000
    user, company = signer()
    with ThreadPoolExecutor(PARALLEL) as pool:
        for turn in range(1, ROUNDS + 1):
            instruction = prepared(user, company, city=f"Opole {turn}")
            send(instruction)
            code = live_code(instruction).code()
            answers = in_parallel(pool, lambda i=instruction, c=code: check(i, c).outcome)

            assert Counter(answers) == {Outcome.EXECUTED: PARALLEL}
            executed = InstructionStep.objects.filter(instruction=instruction, step="executed")
            assert executed.count() == 1
            company.refresh_from_db()
            assert company.legal_form == "x"  # each execution adds a letter
            Company.objects.filter(pk=company.pk).update(legal_form="")
    mails = OutgoingMessage.objects.filter(kind="instruction_executed", channel="email")
    assert mails.count() == ROUNDS


def test_parallel_wrong_codes_are_looked_at_three_times(settings):
    settings.SMS_THROTTLE_SECONDS = 0
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    with ThreadPoolExecutor(PARALLEL) as pool:
        in_parallel(pool, lambda: check(instruction, wrong(code)).outcome)

    counted = InstructionStep.objects.filter(instruction=instruction, step="code_wrong").count()
    assert counted == settings.SMS_CODE_TRIES
    assert check(instruction, code).outcome != Outcome.EXECUTED
    assert Company.objects.get(pk=company.pk).mail_city == ""


def test_parallel_presses_send_one_code():
    user, company = signer()
    instruction = prepared(user, company)
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = in_parallel(pool, lambda: send(instruction).ok)

    assert Counter(answers) == {True: 1, False: PARALLEL - 1}
    assert OperationAuthorisation.objects.filter(instruction=instruction).count() == 1
    assert OutgoingMessage.objects.filter(kind="operation_code").count() == 1

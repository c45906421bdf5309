"""How codes are made, sent and limited (SEC-33, 36, 37, 42, 43, 46)."""

from __future__ import annotations

from collections import Counter

import pytest

from eboks import codes
from eboks.authorisation.enums import InstructionState, Outcome
from eboks.authorisation.models import OperationAuthorisation
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role
from tests.authorisation.conftest import (
    NEW_NUMBER,
    check,
    city_of,
    live_code,
    prepared,
    send,
    signer,
    wrong,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(time_machine):
    """`at("10:04:59")`: the clock stands at that time of the day (UTC)."""
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    return lambda hour: time_machine.move_to(f"2026-11-22T{hour}Z", tick=False)


def test_codes_are_spread_evenly_and_keep_their_zeros():
    made = [
        codes.digits(purpose="operation", ref=str(n), seed=codes.new_seed()) for n in range(10_000)
    ]

    assert {len(code) for code in made} == {6}
    assert any(code.startswith("0") for code in made)
    for place in range(6):
        counted = Counter(code[place] for code in made)
        chi = sum((counted[digit] - 1000) ** 2 / 1000 for digit in "0123456789")
        assert chi < 35  # 9 degrees of freedom: exceeded once in 15 000 runs


def test_purpose_reference_and_key_change_the_code(settings):
    seed = codes.new_seed()
    one = codes.token(purpose="operation", ref="1", seed=seed)

    assert one == codes.token(purpose="operation", ref="1", seed=seed)
    assert one != codes.token(purpose="login", ref="1", seed=seed)
    assert one != codes.token(purpose="operation", ref="2", seed=seed)
    settings.SECRET_KEY = "another key of this portal"
    assert one != codes.token(purpose="operation", ref="1", seed=seed)


def test_second_code_within_a_minute_is_not_sent(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    at("10:00:59")

    refused = send(instruction)

    assert not refused.ok
    assert refused.next_at is not None
    assert OutgoingMessage.objects.filter(kind="operation_code").count() == 1


def test_new_code_kills_the_old_one_and_says_so(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    old = live_code(instruction).code()
    at("10:01:01")
    send(instruction)

    assert check(instruction, old).outcome == Outcome.OLD_CODE
    at("10:01:05")
    assert check(instruction, live_code(instruction).code()).outcome == Outcome.EXECUTED


def test_fifth_code_of_an_instruction_is_not_sent(at):
    user, company = signer()
    instruction = prepared(user, company)
    answers = []
    for minute in (0, 2, 4, 6, 8):
        at(f"10:{minute:02d}:00")
        answers.append(send(instruction).ok)

    assert answers == [True, True, True, True, False]


def test_eleventh_code_of_a_day_is_not_sent(at, settings):
    user, company = signer()
    settings.SMS_CODES_PER_PERSON_PER_DAY = 2
    answers = []
    for minute in (0, 2, 4):
        at(f"10:{minute:02d}:00")
        answers.append(send(prepared(user, company)).ok)

    assert answers == [True, True, False]


def test_number_shared_by_people_has_its_own_limit(at, settings):
    user, company = signer()
    colleague, _ = signer(company)
    settings.SMS_CODES_PER_NUMBER_PER_DAY = 1

    assert send(prepared(user, company)).ok
    assert not send(prepared(colleague, company)).ok


def test_budget_of_the_day_stops_all(at, settings):
    user, company = signer()
    settings.SMS_CODES_PER_DAY = 0

    assert not send(prepared(user, company)).ok


def test_ten_wrong_codes_in_a_day_block_signing(at, settings):
    user, company = signer()
    settings.SMS_WRONG_CODES_PER_DAY = 2
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    check(instruction, wrong(code))
    at("10:00:05")

    assert check(instruction, wrong(code)).outcome == Outcome.BLOCKED
    at("10:00:30")
    assert check(instruction, code).outcome == Outcome.BLOCKED
    assert not send(prepared(user, company)).ok
    assert OutgoingMessage.objects.filter(kind="signing_blocked", user=user).exists()


def test_two_numbers_need_two_codes_in_order(at):
    user, company = signer()
    instruction = prepared(user, company, operation="double")
    send(instruction)
    own = live_code(instruction)
    assert check(instruction, own.code()).outcome == Outcome.NEXT_CODE
    assert city_of(company) == ""
    send(instruction)
    second = live_code(instruction)

    assert (own.phone, second.phone) == ("+48601234741", NEW_NUMBER)
    assert check(instruction, own.code()).outcome == Outcome.WRONG
    at("10:00:05")
    assert check(instruction, second.code()).outcome == Outcome.EXECUTED
    assert city_of(company) == "Opole"


@pytest.fixture
def waiting(at):
    """A costly instruction that its author has signed in a company where two people sign."""
    user, company = signer()
    Company.objects.filter(pk=company.pk).update(two_people_sign=True)
    company.refresh_from_db()
    instruction = prepared(user, company, operation="costly")
    send(instruction)
    outcome = check(instruction, live_code(instruction).code()).outcome
    assert outcome == Outcome.AWAITS_SECOND
    instruction.refresh_from_db()
    return instruction


def test_costly_instruction_waits_for_a_second_person(waiting):
    assert waiting.state == InstructionState.AWAITING_SECOND
    assert city_of(waiting.company) == ""
    colleague, _ = signer(waiting.company, role=Role.SIGNATORY, number="+48601234742")
    send(waiting, user=colleague)

    done = check(waiting, live_code(waiting).code(), user=colleague)

    assert done.outcome == Outcome.EXECUTED
    waiting.refresh_from_db()
    assert waiting.second_user == colleague
    assert city_of(waiting.company) == "Opole"


def test_author_cannot_be_the_second_person_even_in_another_browser_or_role(waiting):
    user = waiting.user
    user.memberships.update(role=Role.SIGNATORY)

    assert not send(waiting, user=user, session="c" * 64).ok
    used = OperationAuthorisation.objects.get(instruction=waiting)
    assert check(waiting, used.code(), user=user).outcome == Outcome.AWAITS_SECOND
    assert city_of(waiting.company) == ""


@pytest.mark.parametrize("role", [Role.FINANCE, Role.READ_ONLY, Role.FLEET, Role.DRIVER])
def test_second_person_needs_the_right(waiting, role):
    colleague, _ = signer(waiting.company, role=role, number="+48601234742")

    assert not send(waiting, user=colleague).ok


def test_company_that_asks_for_two_signs_cheap_things_alone(at):
    user, company = signer()
    Company.objects.filter(pk=company.pk).update(two_people_sign=True)
    company.refresh_from_db()
    instruction = prepared(user, company)
    send(instruction)

    assert check(instruction, live_code(instruction).code()).outcome == Outcome.EXECUTED


def test_no_code_lies_in_the_database(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    check(instruction, wrong(code))
    rows = [
        *OutgoingMessage.objects.order_by("pk").values(),
        *OperationAuthorisation.objects.order_by("pk").values(),
        *instruction.steps.order_by("pk").values(),
    ]

    assert rows
    assert not [row for row in rows if code in str(row.values())]

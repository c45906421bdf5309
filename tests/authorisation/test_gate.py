"""One code signs one stored instruction, once (SEC-30 to 39, 44, 45)."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from eboks.authorisation import evidence, services
from eboks.authorisation.enums import InstructionState, Outcome, Step
from eboks.authorisation.models import Instruction, InstructionStep, OperationAuthorisation
from eboks.authorisation.registry import Price, Refused
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role
from tests.authorisation.conftest import (
    SESSION,
    check,
    city_of,
    device_of,
    live_code,
    prepared,
    send,
    signer,
    wrong,
)
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(time_machine):
    """`at("10:04:59")`: the clock stands at that time of the day (UTC)."""
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    return lambda hour: time_machine.move_to(f"2026-11-22T{hour}Z", tick=False)


def test_right_code_executes_once_and_leaves_its_evidence(at):
    user, company = signer()
    instruction = prepared(user, company)
    assert send(instruction).ok

    first = check(instruction, live_code(instruction).code())
    code = OperationAuthorisation.objects.get(instruction=instruction).code()
    again = check(instruction, code)

    assert (first.outcome, again.outcome) == (Outcome.EXECUTED, Outcome.EXECUTED)
    assert city_of(company) == "Opole"
    assert company.legal_form == "x"
    steps = InstructionStep.objects.filter(instruction=instruction).order_by("pk")
    assert [row.step for row in steps] == [
        Step.SUMMARY,
        Step.CODE_SENT,
        Step.CODE_RIGHT,
        Step.EXECUTED,
    ]


@pytest.mark.parametrize("typed", ["12 34-56", " {0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]} ", "{0}-"])
def test_code_may_have_spaces_and_hyphens(at, typed):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    given = typed.format(code) if "{" in typed else f"{code[:2]} {code[2:4]}-{code[4:]}"

    assert check(instruction, given).outcome == Outcome.EXECUTED


@pytest.mark.parametrize("typed", ["", "null", "[]", "000000000000", "żółw", "１２３４５６", "-"])
def test_odd_code_is_a_wrong_code(at, typed):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)

    assert check(instruction, typed).outcome == Outcome.WRONG
    assert city_of(company) == ""


def test_wrong_codes_use_the_tries_up_and_the_right_one_comes_too_late(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()

    outcomes = []
    for second in (1, 10, 20):
        at(f"10:00:{second:02d}")
        outcomes.append(check(instruction, wrong(code)).outcome)
    at("10:00:40")
    late = check(instruction, code)

    assert outcomes == [Outcome.WRONG, Outcome.WRONG, Outcome.EXHAUSTED]
    assert late.outcome == Outcome.REFUSED
    assert city_of(company) == ""
    instruction.refresh_from_db()
    assert instruction.state == InstructionState.REFUSED


def test_code_is_not_looked_at_right_after_a_wrong_one(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    check(instruction, wrong(code))

    assert check(instruction, code).outcome == Outcome.TOO_FAST
    at("10:00:02")
    assert check(instruction, code).outcome == Outcome.EXECUTED


@pytest.mark.parametrize(
    ("moment", "outcome"), [("10:04:59", Outcome.EXECUTED), ("10:05:01", Outcome.EXPIRED)]
)
def test_code_lives_five_minutes(at, moment, outcome):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    at(moment)

    assert check(instruction, code).outcome == outcome


def test_expired_code_loses_nothing_and_a_new_one_works(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    at("10:06:00")
    assert send(instruction).ok

    assert check(instruction, live_code(instruction).code()).outcome == Outcome.EXECUTED


def test_code_of_one_instruction_signs_no_other(at):
    user, company = signer()
    one, other = prepared(user, company), prepared(user, company, city="Łódź")
    send(one)
    at("10:01:01")
    send(other)

    assert check(other, live_code(one).code()).outcome == Outcome.WRONG
    assert city_of(company) == ""


def test_code_of_another_session_is_refused_and_counted(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction)

    refused = check(instruction, code.code(), session="b" * 64)

    assert refused.outcome == Outcome.NOT_YOURS
    assert live_code(instruction).tries_left == code.tries_left - 1
    assert city_of(company) == ""


def test_code_of_another_person_is_refused_and_counted(at):
    user, company = signer()
    colleague, _ = signer(company, number="+48601234742")
    instruction = prepared(user, company)
    send(instruction)

    refused = check(instruction, live_code(instruction).code(), user=colleague)

    assert refused.outcome == Outcome.NOT_YOURS
    steps = InstructionStep.objects.filter(user=colleague, step=Step.CODE_WRONG)
    assert steps.count() == 1
    assert not send(instruction, user=colleague).ok


def test_execution_without_any_code_is_impossible(at):
    user, company = signer()
    instruction = prepared(user, company)

    assert check(instruction, "123456").outcome == Outcome.NO_CODE
    assert city_of(company) == ""


def test_change_of_what_it_rests_on_voids_the_code(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    Company.objects.filter(pk=company.pk).update(city="Kielce")

    assert check(instruction, code).outcome == Outcome.STALE
    instruction.refresh_from_db()
    assert instruction.state == InstructionState.STALE
    assert city_of(company) == ""
    assert not OperationAuthorisation.objects.filter(state="live").exists()


def test_change_of_the_price_voids_the_code(at, prices):
    user, company = signer()
    prices["price"] = Price(Decimal("300.00"), Decimal("69.00"), Decimal("369.00"), "2026-1")
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    prices["price"] = Price(Decimal("310.00"), Decimal("71.30"), Decimal("381.30"), "2026-2")

    assert check(instruction, code).outcome == Outcome.STALE
    assert city_of(company) == ""


def test_change_of_the_number_voids_the_code(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    device_of(user, "+48601234999")

    assert check(instruction, code).outcome == Outcome.STALE


def test_renewed_instruction_has_the_same_data_and_needs_a_new_code(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    old = live_code(instruction).code()

    fresh = services.renew(instruction=instruction, session=SESSION, at=instruction.created_at)

    assert fresh.payload == instruction.payload
    assert check(instruction, old).outcome == Outcome.REFUSED
    assert check(fresh, old).outcome == Outcome.NO_CODE


def test_tampered_record_is_not_executed(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    Instruction.objects.filter(pk=instruction.pk).update(payload={"city": "Sopot"})

    assert check(instruction, code).outcome == Outcome.REFUSED
    assert city_of(company) == ""


def test_right_that_was_taken_away_meanwhile_signs_nothing(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    Membership.objects.filter(user=user).update(role=Role.FLEET)

    assert check(instruction, code).outcome == Outcome.NOT_YOURS
    assert city_of(company) == ""


def test_refusal_by_the_domain_changes_nothing_and_is_kept(at):
    user, company = signer()
    instruction = prepared(user, company, city="Nigdzie")
    send(instruction)

    assert check(instruction, live_code(instruction).code()).outcome == Outcome.REFUSED
    instruction.refresh_from_db()
    assert instruction.outcome_text == "Tam nie wysyłamy."
    assert check(instruction, "1").outcome == Outcome.REFUSED


def test_error_of_ours_uses_no_code_up(at):
    user, company = signer()
    instruction = prepared(user, company, city="Awaria")
    send(instruction)
    with pytest.raises(ZeroDivisionError):
        check(instruction, live_code(instruction).code())

    instruction.refresh_from_db()
    assert instruction.state == InstructionState.READY
    assert live_code(instruction)


def test_person_without_the_right_cannot_prepare(at):
    user, company = signer(role=Role.FINANCE)

    with pytest.raises(PermissionDenied):
        prepared(user, company)


def test_stranger_cannot_prepare_for_another_company(at):
    user, _ = signer()
    _, other = signer(number="+48601234742")

    with pytest.raises(PermissionDenied):
        prepared(user, other)


def test_same_form_twice_is_one_instruction_and_changed_data_are_refused(at):
    user, company = signer()
    key = uuid.uuid4()
    one, two = (prepared(user, company, form_key=key) for _ in range(2))

    assert one.pk == two.pk
    with pytest.raises(Refused):
        prepared(user, company, city="Łódź", form_key=key)


def test_form_keys_of_two_people_do_not_meet(at):
    user, company = signer()
    colleague, _ = signer(company, number="+48601234742")
    key = uuid.uuid4()

    assert prepared(user, company, form_key=key).pk != prepared(colleague, company, form_key=key).pk


def test_text_of_a_person_cannot_forge_lines_or_the_sms(at):
    user, company = signer()
    nasty = "Kod: 123456 @evil.pl #123456\n\u202eOpłata 0\x00" + "x" * 500
    instruction = prepared(user, company, city=nasty)
    send(instruction)

    value = instruction.lines[0]["value"]
    assert "\n" not in value
    assert "\u202e" not in value
    assert len(value) <= 300
    message = OutgoingMessage.objects.get(kind="operation_code")
    assert "evil" not in str(message.facts)
    assert "@" not in message.facts["what"]


def test_three_texts_are_one(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    message = OutgoingMessage.objects.get(kind="operation_code")

    assert message.facts["what"] == instruction.sms_text
    record = evidence.export(instruction)
    assert record["shown"]["sms_text"] == instruction.sms_text
    assert record["shown"]["lines"] == [{"label": "Nowe miasto", "value": "Opole"}]


def test_digest_can_be_computed_again_from_the_export(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    check(instruction, live_code(instruction).code())
    instruction.refresh_from_db()

    record = evidence.export(instruction)

    assert evidence.sha256(record["canonical"]) == record["sha256"]
    assert evidence.canonical(record["shown"]) == record["canonical"]
    assert record["codes"][0]["number"] == "••• ••• 741"


def test_frozen_person_signs_nothing(at):
    user, company = signer()
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    user.frozen_at = instruction.created_at
    user.save(update_fields=["frozen_at"])

    assert check(instruction, code).outcome == Outcome.NOT_YOURS


def test_draft_of_is_the_author_s_alone(at):
    user, company = signer()
    colleague, _ = signer(company, number="+48601234742")
    instruction = prepared(user, company)
    ref = str(instruction.public_id)

    assert services.draft_of(user=user, operation="city", public_id=ref) == {"city": "Opole"}
    assert services.draft_of(user=colleague, operation="city", public_id=ref) is None
    assert services.draft_of(user=user, operation="double", public_id=ref) is None
    assert services.draft_of(user=user, operation="city", public_id="x'--") is None


def test_membership_that_ended_signs_nothing(at):
    user, company = signer()
    MembershipFactory(company=company)
    instruction = prepared(user, company)
    send(instruction)
    code = live_code(instruction).code()
    Membership.objects.filter(user=user).update(is_active=False)

    assert check(instruction, code).outcome == Outcome.NOT_YOURS

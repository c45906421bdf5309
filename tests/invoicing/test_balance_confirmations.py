"""Potwierdzenie salda: who is asked about what, the answer, its clearing up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eboks.audit.models import AuditEntry
from eboks.notifications.models import Channel, OutgoingMessage
from eboks.tenancy.rights import Role
from invoicing.balance_confirmations import ConfirmationError, answer, ask, handle
from invoicing.balance_page import rows_of, totals_of
from invoicing.enums import ConfirmationAnswer, PaymentKind
from invoicing.models import BalanceConfirmation, ReceivableItem
from invoicing.tasks import ask_balances
from tests import factories as f
from tests.invoicing.posting import AT, TODAY, add, pay

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
AS_OF = dt.date(2026, 10, 31)
ANSWER_BY = dt.date(2026, 12, 6)


@pytest.fixture
def contract():
    f.LessorFactory()
    return f.ContractFactory(number="OL/1")


def ask_all(**more):
    return ask(**{"as_of": AS_OF, "answer_by": ANSWER_BY, "at": AT} | more)


def only():
    return BalanceConfirmation.objects.get()


def owing(**company):
    """A company that owes 100 on the day asked about, with its owner."""
    contract = f.ContractFactory(company=f.CompanyFactory(**company))
    add(contract, f"f{contract.pk}", due=dt.date(2026, 10, 20))
    return f.MembershipFactory(company=contract.company)


# --- asking ---------------------------------------------------------------------------------
def test_snapshot_is_what_was_open_on_that_day(contract):
    first = add(contract, "a", gross="100.00", due=dt.date(2026, 10, 20))
    add(contract, "b", gross="50.00", due=dt.date(2026, 11, 10))  # issued on 27 October
    add(contract, "nowa", gross="70.00", due=dt.date(2026, 11, 20))  # issued on 6 November
    pay(contract, "30.00", key="w1", booked_on=dt.date(2026, 10, 21), indicated_items=[first])
    pay(contract, "70.00", key="w2", booked_on=dt.date(2026, 11, 2), indicated_items=[first])
    pay(contract, "8.00", key="w3", booked_on=dt.date(2026, 10, 30), currency="EUR")

    assert ask_all() == 1

    found = only()
    assert [(row.label, row.contract, row.amount, row.currency) for row in rows_of(found)] == [
        ("FV/a", "OL/1", Decimal("70.00"), "PLN"),
        ("FV/b", "OL/1", Decimal("50.00"), "PLN"),
        ("nadpłata, wpłata z 30.10.2026", "", Decimal("-8.00"), "EUR"),
    ]
    assert rows_of(found)[0].due_on == dt.date(2026, 10, 20)
    assert totals_of(found) == [("PLN", Decimal("120.00")), ("EUR", Decimal("-8.00"))]
    assert (found.answer, found.answer_by) == (ConfirmationAnswer.WAITING, ANSWER_BY)


def test_later_bookings_change_nothing_of_what_was_asked(contract):
    add(contract, "a", due=dt.date(2026, 10, 20))
    ask_all()
    before = only().rows

    pay(contract, "100.00", key="w1", booked_on=dt.date(2026, 10, 25))

    assert only().rows == before


@pytest.mark.parametrize("how", ["disputed", "doubtful", "paid", "later", "netted"])
def test_nothing_is_asked_about_disputed_doubtful_and_zero_balances(contract, how):
    item = add(contract, "a", due=dt.date(2026, 11, 20 if how == "later" else 10))
    if how == "disputed":
        ReceivableItem.objects.filter(pk=item.pk).update(is_disputed=True)
    elif how == "doubtful":
        ReceivableItem.objects.filter(pk=item.pk).update(dunning_level=4)
    elif how == "paid":
        pay(contract, "100.00", key="w1", booked_on=dt.date(2026, 10, 30))
    elif how == "netted":  # as much owed as overpaid: nothing to confirm
        add(contract, "k", gross="-100.00", due=dt.date(2026, 10, 24))

    assert ask_all() == 0

    assert not BalanceConfirmation.objects.exists()


def test_refund_without_cover_is_a_row_of_its_own(contract):
    pay(
        contract,
        "-5.00",
        key="z1",
        booked_on=dt.date(2026, 10, 2),
        kind=PaymentKind.REFUND,
    )

    ask_all()

    assert [(row.label, row.amount) for row in rows_of(only())] == [
        ("zwrot z 02.10.2026", Decimal("5.00"))
    ]


def test_twice_asks_once_and_a_new_client_is_added(contract):
    add(contract, "a", due=dt.date(2026, 10, 20))
    f.MembershipFactory(company=contract.company)

    assert ask_all() == 1
    assert ask_all(at=AT + DAY) == 0
    owing()
    assert ask_all(at=AT + 2 * DAY) == 1

    assert BalanceConfirmation.objects.count() == 2
    assert OutgoingMessage.objects.filter(kind="balance_confirmation").count() == 4


def test_another_day_is_another_question(contract):
    add(contract, "a", due=dt.date(2026, 10, 20))

    ask_all()
    ask_all(as_of=AS_OF + DAY)

    assert BalanceConfirmation.objects.count() == 2


@pytest.mark.parametrize(
    "days", [{"as_of": TODAY + DAY}, {"answer_by": TODAY - DAY}], ids=["future", "past"]
)
def test_days_that_make_no_sense_are_refused(contract, days):
    add(contract, "a", due=dt.date(2026, 10, 20))

    with pytest.raises(ConfirmationError):
        ask_all(**days)

    assert not BalanceConfirmation.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_who_may_answer_is_told(role):
    member = owing()
    member.role = role
    member.save()

    ask_all()

    told = OutgoingMessage.objects.filter(kind="balance_confirmation", user=member.user)
    assert told.exists() is (role in {Role.OWNER, Role.SIGNATORY})


def test_message_leads_to_the_question():
    member = owing(name="TRANS-ŻUK")

    ask_all()

    bell = OutgoingMessage.objects.get(user=member.user, channel=Channel.BELL)
    assert bell.subject == "Potwierdź saldo na 31.10.2026, TRANS-ŻUK"
    assert "Czekamy na odpowiedź do 06.12.2026." in bell.body
    assert bell.url == f"/rozrachunki/potwierdzenia/{only().public_id}/"


def test_asking_is_written_down(contract):
    add(contract, "a", due=dt.date(2026, 10, 20))
    staff = f.UserFactory(is_staff=True)

    ask_all(actor=staff)

    entry = AuditEntry.objects.get(event="balance_confirmations_asked")
    assert (entry.actor_id, entry.facts) == (staff.pk, {"as_of": "2026-10-31", "count": 1})


def test_command_and_task_ask_the_same(contract, capsys, time_machine):
    time_machine.move_to(AT, tick=False)
    add(contract, "a", due=dt.date(2026, 10, 20))

    call_command("ask_balances", "--as-of", "2026-10-31")
    assert "Poproszono o potwierdzenie: 1." in capsys.readouterr().out
    assert only().answer_by == dt.date(2026, 12, 6)
    ask_balances(as_of="2026-10-31", answer_by="2026-12-06")
    assert BalanceConfirmation.objects.count() == 1
    with pytest.raises(CommandError, match="jeszcze nie minął"):
        call_command("ask_balances", "--as-of", "2027-10-31")


def test_queries_do_not_grow_with_clients():
    owing()
    ask_all()  # the first entry of the trail begins its chain
    counts = []
    for size in (1, 5):
        for _n in range(size):
            owing()
        with CaptureQueriesContext(connection) as queries:
            ask_all(at=AT + size * DAY)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- answering ------------------------------------------------------------------------------
@pytest.fixture
def asked():
    """A waiting confirmation and the owner of its company."""
    f.LessorFactory()
    member = owing()
    ask_all()
    return only(), member


def give(row, actor, **more):
    return answer(
        **{
            "confirmation_id": row.pk,
            "actor": actor,
            "agrees": True,
            "explanation": "",
            "at": AT,
        }
        | more
    )


def test_agreement_is_kept_with_who_and_when(asked):
    row, member = asked

    given = give(row, member.user)

    assert (given.answer, given.answered_by, given.answered_at) == (
        ConfirmationAnswer.AGREED,
        member.user,
        AT,
    )
    entry = AuditEntry.objects.get(event="balance_agreed")
    assert (entry.company, entry.actor_id) == (row.company, member.user_id)
    assert entry.facts == {"as_of": "2026-10-31", "totals": {"PLN": "100.00"}}


def test_disagreement_needs_an_explanation(asked):
    row, member = asked

    with pytest.raises(ConfirmationError, match="co się nie zgadza"):
        give(row, member.user, agrees=False, explanation="  ")
    given = give(row, member.user, agrees=False, explanation="FV zapłacona 5.10. ")

    assert (given.answer, given.explanation) == (
        ConfirmationAnswer.DISAGREED,
        "FV zapłacona 5.10.",
    )


def test_answer_is_given_once(asked):
    row, member = asked
    give(row, member.user)

    with pytest.raises(ConfirmationError, match="już odpowiedziano"):
        give(row, member.user, agrees=False, explanation="jednak nie")

    assert only().answer == ConfirmationAnswer.AGREED
    assert AuditEntry.objects.filter(event__in=["balance_agreed", "balance_disagreed"]).count() == 1


def test_deadline_is_the_last_day(asked):
    row, member = asked
    late = dt.datetime(2026, 12, 7, 0, 30, tzinfo=dt.UTC)

    with pytest.raises(ConfirmationError, match=r"minął 06\.12\.2026"):
        give(row, member.user, at=late)
    give(row, member.user, at=dt.datetime(2026, 12, 6, 22, 30, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    "mandate",
    [
        {"role": Role.FINANCE},
        {"role": Role.READ_ONLY},
        {"role": Role.SIGNATORY, "is_limited": True},
        {"is_active": False},
    ],
)
def test_only_who_signs_for_the_whole_company_answers(asked, mandate):
    row, _member = asked
    other = f.MembershipFactory(company=row.company, **mandate)

    with pytest.raises(ConfirmationError, match="podpisuje"):
        give(row, other.user)
    with pytest.raises(ConfirmationError, match="podpisuje"):
        give(row, f.MembershipFactory().user)

    assert only().answer == ConfirmationAnswer.WAITING


# --- clearing up ----------------------------------------------------------------------------
def test_disagreement_is_cleared_up_once_and_told(asked):
    row, member = asked
    staff = f.UserFactory(is_staff=True)
    with pytest.raises(ConfirmationError):
        handle(confirmation_id=row.pk, staff=staff, text="nie pytano", at=AT)
    give(row, member.user, agrees=False, explanation="zapłacone")

    with pytest.raises(ConfirmationError, match="Napisz"):
        handle(confirmation_id=row.pk, staff=staff, text=" ", at=AT)
    handle(confirmation_id=row.pk, staff=staff, text="Wpłata zaksięgowana 3.11.", at=AT)
    with pytest.raises(ConfirmationError):
        handle(confirmation_id=row.pk, staff=staff, text="jeszcze raz", at=AT)

    found = only()
    assert (found.handling, found.handled_by, found.handled_at) == (
        "Wpłata zaksięgowana 3.11.",
        staff,
        AT,
    )
    told = OutgoingMessage.objects.filter(user=member.user, channel=Channel.BELL).order_by("pk")
    assert told.last().subject.startswith("Wyjaśniliśmy saldo na 31.10.2026")
    assert AuditEntry.objects.filter(event="balance_confirmation_handled").count() == 1

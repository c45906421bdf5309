"""Small residues written off and owed again; what is in collection. Entries only, no changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from eboks.audit import triggers
from eboks.audit.models import AuditEntry
from eboks.tenancy.models import LessorProfile
from invoicing import collection, ledger, write_offs
from invoicing.balances import write_range
from invoicing.enums import ItemKind
from invoicing.models import Balance, ReceivableItem, SetOff
from invoicing.open_on import open_items
from invoicing.verification import verify
from invoicing.words import item_state
from invoicing.write_offs import WriteOffError
from tests import factories as f
from tests.invoicing.posting import AT, TODAY, add, pay

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def contract():
    f.LessorFactory(write_off_limit=Decimal("1.00"))
    return f.ContractFactory()


@pytest.fixture
def item(contract):
    """An item of 100.00, late, of which 0.40 is left."""
    made = add(contract, "a", due=TODAY - 10 * DAY)
    pay(contract, "99.60", indicated_items=[made])
    return fresh(made)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def off(*items, at=AT):
    return write_offs.write_off(item_ids=[one.pk for one in items], actor=None, at=at)


def back(*items, at=AT):
    return write_offs.take_back(item_ids=[one.pk for one in items], actor=None, at=at)


def balance(contract):
    row = Balance.objects.get(contract=contract, as_of=TODAY)
    return row.open_amount, row.overdue_amount, row.overpaid_amount


def test_residue_is_closed_by_an_entry_and_shown_as_settled(contract, item):
    (entry,) = off(item)

    item = fresh(item)
    assert (item.open_amount, item.written_off_on) == (0, TODAY)
    assert (entry.kind, entry.gross, entry.open_amount) == ("write_off", Decimal("-0.40"), 0)
    assert (entry.side_of, entry.contract) == (item, contract)
    row = SetOff.objects.get()
    assert (row.credit_item, row.debit_item, row.amount) == (entry, item, Decimal("0.40"))
    assert balance(contract) == (0, 0, 0)
    assert item_state(item, today=TODAY).text == "Rozliczona, resztę umorzyliśmy"
    assert AuditEntry.objects.get(event="residue_written_off").facts["amount"] == "0.40"
    assert verify() == []


def test_write_off_closes_its_item_and_not_an_older_one(contract, item):
    older = add(contract, "older", gross="50.00", due=TODAY - 100 * DAY)

    off(item)

    assert (fresh(older).open_amount, fresh(item).open_amount) == (50, 0)
    assert verify() == []


def test_write_off_is_taken_back_and_made_again(contract, item):
    off(item)

    assert back(item) == Decimal("0.40")
    item = fresh(item)
    assert (item.open_amount, item.written_off_on) == (Decimal("0.40"), None)
    assert balance(contract) == (Decimal("0.40"), Decimal("0.40"), 0)
    assert verify() == []
    with pytest.raises(WriteOffError):
        back(item)

    off(item)
    assert fresh(item).open_amount == 0
    entries = ReceivableItem.objects.filter(kind=ItemKind.WRITE_OFF)
    assert sorted(entries.values_list("gross", "open_amount")) == [
        (Decimal("-0.40"), Decimal(0)),
        (Decimal("-0.40"), Decimal(0)),
        (Decimal("0.40"), Decimal(0)),
    ]
    assert verify() == []


def test_money_that_waits_pays_what_is_owed_again(contract, item):
    off(item)
    payment = pay(contract, "5.00", key="w2", contract=contract)
    assert payment.unallocated_amount == 5

    back(item)

    assert fresh(item).open_amount == 0
    assert fresh(payment).unallocated_amount == Decimal("4.60")
    assert balance(contract) == (0, 0, Decimal("4.60"))
    assert verify() == []


def test_payment_taken_back_by_the_bank_leaves_the_write_off(contract, item):
    off(item)
    payment = item.allocations.get().payment

    ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="zwrot")

    item = fresh(item)
    assert item.open_amount == Decimal("99.60")
    assert item_state(item, today=TODAY).text == "Częściowo zapłacona, po terminie 10 dni"
    assert verify() == []
    assert back(item) == Decimal("0.40")
    assert fresh(item).open_amount == 100
    assert verify() == []


def test_past_is_told_as_it_stood(contract, item):
    later = AT + DAY
    off(item, at=later)
    back(item, at=later + DAY)

    left = {
        on: [amount for row, amount in open_items([contract.company_id], on=on)]
        for on in (TODAY, TODAY + DAY, TODAY + 2 * DAY)
    }
    assert left == {
        TODAY: [Decimal("0.40")],
        TODAY + DAY: [],
        TODAY + 2 * DAY: [Decimal("0.40")],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for on, amounts in left.items():
            of_it = {"first": contract.pk, "last": contract.pk, "is_past": True}
            write_range(cursor, on=on, at=later + 3 * DAY, **of_it)
            stored = Balance.objects.get(contract=contract, as_of=on)
            assert stored.open_amount == sum(amounts), on


@pytest.mark.parametrize("limit", ["0.00", "0.39"])
def test_more_than_the_lessors_limit_is_refused(contract, item, limit):
    LessorProfile.objects.update(write_off_limit=Decimal(limit))

    with pytest.raises(WriteOffError, match="0"):
        off(item)
    assert not SetOff.objects.exists()


def test_what_cannot_be_written_off_stops_the_whole_choice(contract, item):
    paid = add(contract, "paid", gross="1.00")
    pay(contract, "1.00", key="w2", indicated_items=[paid])
    disputed = add(contract, "disputed", gross="0.50")
    ReceivableItem.objects.filter(pk=disputed.pk).update(is_disputed=True)

    for other in (paid, disputed):
        with pytest.raises(WriteOffError):
            off(item, other)
    assert fresh(item).open_amount == Decimal("0.40")
    off(item)
    (entry,) = ReceivableItem.objects.filter(kind=ItemKind.WRITE_OFF)
    for act in (off, back):
        with pytest.raises(WriteOffError):
            act(entry)


def test_verify_names_a_mark_without_a_write_off(item):
    ReceivableItem.objects.filter(pk=item.pk).update(written_off_on=TODAY)

    assert [(found.check, found.row) for found in verify()] == [
        ("write-off", f"receivableitem {item.pk}")
    ]


def test_database_lets_only_the_marks_change(item):
    assert not triggers.missing(connection)
    ReceivableItem.objects.filter(pk=item.pk).update(written_off_on=None, collection_since=TODAY)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReceivableItem.objects.filter(pk=item.pk).update(gross=1)


# --- collection ----------------------------------------------------------------------------------


def test_late_items_go_to_collection_and_come_back(contract, item):
    due = add(contract, "b", due=TODAY + 10 * DAY)
    ids = [item.pk, due.pk]

    assert collection.begin(item_ids=ids, actor=None, at=AT) == 1
    assert collection.begin(item_ids=ids, actor=None, at=AT) == 0
    assert fresh(due).collection_since is None
    state = item_state(fresh(item), today=TODAY)
    assert (state.look, state.text) == ("overdue", "W windykacji od 22 listopada")

    assert collection.end(item_ids=ids, actor=None, at=AT) == 1
    assert item_state(fresh(item), today=TODAY).text == "Częściowo zapłacona, po terminie 10 dni"
    assert list(AuditEntry.objects.order_by("pk").values_list("event", flat=True)) == [
        "collection_begun",
        "collection_ended",
    ]


def test_what_was_paid_in_collection_is_paid(contract, item):
    collection.begin(item_ids=[item.pk], actor=None, at=AT)
    pay(contract, "0.40", key="w2")

    assert item_state(fresh(item), today=TODAY).look == "paid"


# --- pages ---------------------------------------------------------------------------------------


def test_office_writes_off_takes_back_and_marks(client, item, time_machine):
    time_machine.move_to(AT, tick=False)
    client.force_login(f.UserFactory(is_staff=True, is_superuser=True))
    url = reverse("admin:invoicing_receivableitem_changelist")

    def act(name):
        sent = {"action": name, "_selected_action": [item.pk]}
        response = client.post(url, sent, follow=True)
        assert response.status_code == 200
        return [str(message) for message in response.context["messages"]]

    assert act("write_off") == ["Umorzono."]
    assert fresh(item).written_off_on == TODAY
    assert "nie ma czego umorzyć" in act("write_off")[0]
    act("take_write_off_back")
    assert fresh(item).open_amount == Decimal("0.40")
    act("begin_collection")
    assert fresh(item).collection_since == TODAY
    act("end_collection")
    assert fresh(item).collection_since is None


def test_client_sees_the_state_and_the_entry(contract, item, client_of, time_machine):
    time_machine.move_to(AT, tick=False)
    browser = client_of(f.MembershipFactory(company=contract.company).user)
    collection.begin(item_ids=[item.pk], actor=None, at=AT)
    url = reverse("invoicing:settlements")
    assert "W windykacji od 22 listopada" in browser.get(url).content.decode()

    off(item)

    paid = browser.get(url, {"tab": "paid"}).content.decode()
    assert "Rozliczona, resztę umorzyliśmy" in paid
    assert "Umorzenie FV/a" in paid

"""Our balances against the core system's: a queue that fills and empties by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from eboks.audit.models import AuditEntry
from eboks.notifications.models import OutgoingMessage
from invoicing import differences
from invoicing.differences import DifferenceError, explain
from invoicing.enums import DifferenceState
from invoicing.models import BalanceDifference, CoreBalance, ReceivableItem
from tests.factories import TODAY, PaymentFactory, UserFactory
from tests.invoicing.night_world import DAY, add_item, contract_owing, finished, moment

pytestmark = pytest.mark.django_db


def core(contract, open_amount, overpaid="0", *, on=TODAY, currency="PLN"):
    CoreBalance.objects.create(
        contract=contract,
        as_of=on,
        currency=currency,
        open_amount=open_amount,
        overpaid_amount=overpaid,
    )


def queue(**more):
    rows: Any = BalanceDifference.objects.filter(**more).order_by("pk")
    return [(row.contract_id, row.currency, row.our_open, row.core_open, row.state) for row in rows]


def found(contract):
    """A difference of 2.00 that the night of TODAY finds."""
    core(contract, "7.00")
    finished()
    return BalanceDifference.objects.get()


def test_equal_balances_leave_the_queue_empty():
    contract = contract_owing("0.30")
    add_item(contract, "0.10")
    PaymentFactory(contract=contract, company=contract.company, unallocated_amount="7.00")
    core(contract, "0.40", "7.00")

    report = finished()

    assert not BalanceDifference.objects.exists()
    assert (report["compared"], report["differences"]) == (1, 0)
    assert report["core_as_of"] == TODAY.isoformat()


def test_difference_waits_and_the_operator_is_told_once(settings):
    settings.OPERATOR_EMAIL = "operator@example.com"
    contract, equal = contract_owing("5.00"), contract_owing("6.00")
    core(contract, "7.00", "1.00")
    core(equal, "6.00")

    report = finished()
    finished(by_hand=True)

    row = BalanceDifference.objects.get()
    assert (row.contract_id, row.first_on, row.as_of) == (contract.pk, TODAY, TODAY)
    assert (row.our_open, row.core_open) == (Decimal(5), Decimal(7))
    assert (row.our_overpaid, row.core_overpaid) == (Decimal(0), Decimal(1))
    assert (report["differences"], report["new_differences"]) == (1, 1)
    assert OutgoingMessage.objects.get().facts == {
        "day": TODAY.isoformat(),
        "found": 1,
        "waiting": 1,
    }


def test_difference_that_stays_is_one_row_that_follows_the_figures():
    contract = contract_owing("5.00")
    found(contract)
    core(contract, "8.00", on=TODAY + DAY)

    report = finished(TODAY + DAY)

    row = BalanceDifference.objects.get()
    assert (row.first_on, row.as_of, row.core_open) == (TODAY, TODAY + DAY, Decimal(8))
    assert (report["differences"], report["new_differences"]) == (1, 0)


def test_difference_leaves_by_itself_when_the_figures_agree():
    contract = contract_owing("5.00")
    found(contract)
    core(contract, "5.00", on=TODAY + DAY)

    report = finished(TODAY + DAY)

    row = BalanceDifference.objects.get()
    assert (row.state, row.gone_on) == (DifferenceState.GONE, TODAY + DAY)
    assert (report["differences"], report["gone_differences"]) == (0, 1)


def test_difference_that_comes_back_is_a_new_row():
    contract = contract_owing("5.00")
    found(contract)
    core(contract, "5.00", on=TODAY + DAY)
    finished(TODAY + DAY)
    core(contract, "9.00", on=TODAY + 2 * DAY)

    finished(TODAY + 2 * DAY)

    assert [row[-1] for row in queue()] == [DifferenceState.GONE, DifferenceState.OPEN]


def test_explained_difference_stays_so_until_it_is_another_one():
    contract = contract_owing("5.00")
    row = found(contract)
    staff = UserFactory(is_staff=True)
    explain(difference_id=row.pk, note="prowizja w drodze", staff=staff, at=moment(TODAY))
    # Both sides grow alike.
    add_item(contract, "5.00")
    core(contract, "12.00", on=TODAY + DAY)
    finished(TODAY + DAY)
    assert queue()[0][2:] == (Decimal(10), Decimal(12), DifferenceState.EXPLAINED)
    core(contract, "13.00", on=TODAY + 2 * DAY)

    finished(TODAY + 2 * DAY)

    row.refresh_from_db()
    assert (row.state, row.note) == (DifferenceState.OPEN, "prowizja w drodze")


def test_contract_that_the_core_system_does_not_name_is_not_compared():
    contract, other = contract_owing("5.00"), contract_owing("6.00")
    found(contract)
    core(other, "6.00", on=TODAY + DAY)

    finished(TODAY + DAY)

    row = BalanceDifference.objects.get()
    assert (row.contract_id, row.state, row.as_of) == (contract.pk, DifferenceState.OPEN, TODAY)


def test_currency_that_one_side_does_not_name_is_nothing_there():
    ours, theirs = contract_owing("5.00", currency="EUR"), contract_owing("6.00")
    core(ours, "0.00")
    core(theirs, "6.00")
    core(theirs, "1.00", currency="EUR")
    core(theirs, "0.00", currency="USD")

    finished()

    assert queue() == [
        (ours.pk, "EUR", Decimal(5), Decimal(0), DifferenceState.OPEN),
        (theirs.pk, "EUR", Decimal(0), Decimal(1), DifferenceState.OPEN),
    ]


def test_without_figures_nothing_is_compared():
    contract_owing("5.00")

    report = finished()

    assert (report["compared"], report["differences"]) == (0, 0)
    assert "core_as_of" not in report


def test_figures_of_the_day_before_meet_our_balance_of_that_day():
    contract = contract_owing("5.00")
    finished(TODAY - DAY)
    core(contract, "5.00", on=TODAY - DAY)
    ReceivableItem.objects.update(open_amount=1)

    report = finished()

    assert report["core_as_of"] == (TODAY - DAY).isoformat()
    assert not BalanceDifference.objects.exists()


def test_earlier_day_by_hand_changes_no_later_answer():
    contract = contract_owing("5.00")
    core(contract, "9.00", on=TODAY - DAY)
    core(contract, "5.00")
    finished()

    finished(TODAY - DAY, at=moment(TODAY))

    assert not BalanceDifference.objects.exists()


def test_explanation_is_noted_with_who_and_when():
    row = found(contract_owing("5.00"))
    staff = UserFactory(is_staff=True)

    explain(difference_id=row.pk, note="  opłata   w drodze ", staff=staff, at=moment(TODAY))

    row.refresh_from_db()
    assert (row.state, row.note) == (DifferenceState.EXPLAINED, "opłata w drodze")
    assert (row.handled_by, row.handled_at) == (staff, moment(TODAY))
    entry = AuditEntry.objects.get(event="staff_explained_difference")
    assert (entry.actor, entry.object_ref) == (staff, str(row.pk))


def test_explanation_needs_words_and_a_difference():
    row = found(contract_owing("5.00"))
    staff = UserFactory(is_staff=True)
    with pytest.raises(DifferenceError, match="skąd"):
        explain(difference_id=row.pk, note=" ", staff=staff, at=moment(TODAY))
    BalanceDifference.objects.update(state=DifferenceState.GONE)

    with pytest.raises(DifferenceError, match="już nie ma"):
        explain(difference_id=row.pk, note="x", staff=staff, at=moment(TODAY))


def test_difference_is_explained_on_its_page(client_of):
    row = found(contract_owing("5.00"))
    staff = UserFactory(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__contains="balancedifference"))
    office = client_of(staff)
    address = f"/zaplecze/invoicing/balancedifference/{row.pk}/change/"
    assert office.get("/zaplecze/invoicing/balancedifference/").status_code == 200
    assert "7,00" in office.get(address).content.decode()

    refused = office.post(address, {"note": ""})
    answer = office.post(address, {"note": "opłata w drodze"})

    assert refused.status_code == 200
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.note, row.handled_by) == ("explained", "opłata w drodze", staff)


def test_viewer_cannot_explain(client_of):
    row = found(contract_owing("5.00"))
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_balancedifference"))

    answer = client_of(viewer).post(
        f"/zaplecze/invoicing/balancedifference/{row.pk}/change/", {"note": "x"}
    )

    assert answer.status_code == 403
    row.refresh_from_db()
    assert row.state == DifferenceState.OPEN


def test_comparing_twice_changes_nothing():
    found(contract_owing("5.00"))
    before = list(BalanceDifference.objects.values())

    differences.compare(on=TODAY, at=moment(TODAY))

    assert list(BalanceDifference.objects.values()) == before

"""A good feed: what it leaves in the database, once and twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from contracts.models import Asset, Contract, ScheduleRow, ScheduleVersion
from eboks.accounts.models import User
from eboks.feeds import rebuilding
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.tenancy.models import Company, LessorProfile, Membership
from invoicing.enums import AllocationRule
from invoicing.models import Allocation, Balance, Invoice, Payment, ReceivableItem, SetOff
from tests.feeds.conftest import AT

pytestmark = pytest.mark.django_db


def test_sample_is_applied_to_the_grosz(feed, load):
    (outcome,) = load(feed)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    left = dict(ReceivableItem.objects.values_list("source_id", "open_amount"))
    assert left == {
        "F1": 0,  # paid by W1, which names it
        "F2": Decimal("218.73"),  # 5 018.73 less what W2 had left for it
        "F3": 0,  # set off with its correction F4
        "F4": 0,
        "BO:B1": 0,  # the oldest: 200.00 of W2
    }
    money = dict(Payment.objects.values_list("source_id", "unallocated_amount"))
    assert money == {"W1": 0, "W2": 0, "W3": Decimal("100.00"), "BO:B2": Decimal("30.00")}
    paid = Allocation.objects.order_by("payment", "item__effective_due_on").values_list(
        "payment__source_id", "item__source_id", "amount", "allocated_on", "rule"
    )
    assert list(paid) == [
        ("W1", "F1", Decimal("5018.73"), dt.date(2026, 10, 9), AllocationRule.INDICATED),
        ("W2", "BO:B1", Decimal("200.00"), dt.date(2026, 11, 12), AllocationRule.OLDEST),
        ("W2", "F2", Decimal("4800.00"), dt.date(2026, 11, 12), AllocationRule.OLDEST),
    ]
    set_off = SetOff.objects.get()
    assert (set_off.credit_item.source_id, set_off.debit_item.source_id) == ("F4", "F3")
    assert set_off.amount == Decimal("61.50")


def test_big_first_load_ends_the_same(feed, load, monkeypatch):
    """Indexes are made after the rows there: all of them come back, under their names."""
    monkeypatch.setattr(rebuilding, "FEW_ROWS", 0)
    with connection.cursor() as cursor:
        before = connection.introspection.get_constraints(cursor, "invoicing_invoice")

    (outcome,) = load(feed)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert sum(item.open_amount for item in ReceivableItem.objects.all()) == Decimal("218.73")
    with connection.cursor() as cursor:
        assert connection.introspection.get_constraints(cursor, "invoicing_invoice") == before


def test_sample_balances_stand_as_of_the_business_date(feed, load):
    load(feed)

    balances = {balance.contract.source_id: balance for balance in Balance.objects.all()}
    assert set(balances) == {"U1", "U2"}
    first, second = balances["U1"], balances["U2"]
    assert first.as_of == second.as_of == dt.date(2026, 11, 20)
    assert first.refreshed_at == AT
    assert first.open_amount == first.overdue_amount == Decimal("218.73")
    assert first.overpaid_amount == 0
    # W3 came to the contract's account, so its 100.00 belong there; B2 names no contract.
    assert (second.open_amount, second.overpaid_amount) == (0, Decimal("100.00"))


def test_sample_masters_arrive_whole(feed, load):
    load(feed)

    lessor = LessorProfile.objects.get()
    assert (lessor.code, lessor.is_demo, lessor.accounts.count()) == ("przykladowy", True, 2)
    bakery = Company.objects.get(source_id="K2")
    assert bakery.name == 'Piekarnia "Pod Źródłem", Anna Śliwa'
    assert (bakery.mail_street, bakery.regon) == ("skr. poczt. 12", "")
    assert (bakery.source_system, bakery.as_of) == ("core", dt.date(2026, 11, 20))
    contract = Contract.objects.get(source_id="U1")
    assert contract.company.source_id == "K1"
    assert contract.buyout == 0
    assert contract.vat_pct == Decimal(23)
    assert Asset.objects.get(vin="UU10SDCA5L1234567").contract == contract
    assert Asset.objects.get(source_id="P2").model == "piec, używany"
    version = ScheduleVersion.objects.get(contract=contract)
    assert version.is_current
    row = ScheduleRow.objects.get(version=version, kind="instalment", n=1)
    assert row.nominal_due_on == dt.date(2026, 10, 10)  # a Saturday
    assert row.effective_due_on == dt.date(2026, 10, 12)
    invoice = Invoice.objects.get(source_id="F4")
    assert (invoice.corrects.source_id, invoice.received_at) == ("F3", AT)
    assert invoice.rows.get().gross == Decimal("-61.50")


def test_people_share_an_account_and_cannot_log_in_yet(feed, load):
    load(feed)

    accountant = User.objects.get(email="lucja.cwik@biuro.example")
    assert accountant.username == "200001"
    assert {m.company.source_id for m in accountant.memberships.all()} == {"K1", "K2"}
    assert not accountant.has_usable_password()
    assert not accountant.is_staff
    assert User.objects.count() == 2


def test_public_ids_are_distinct_random_uuids(feed, load):
    load(feed)

    ids = list(Invoice.objects.values_list("public_id", flat=True))
    assert len(set(ids)) == 4
    assert {one.version for one in ids} == {4}


def test_same_feed_twice_changes_nothing(feed, load, stored):
    load(feed)
    before = stored()

    (outcome,) = load(feed)

    assert outcome.status == FeedStatus.UNCHANGED
    assert stored() == before
    statuses = FeedRun.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [FeedStatus.APPLIED, FeedStatus.UNCHANGED]


def test_same_rows_in_the_next_feed_change_nothing(feed, load, stored, tmp_path):
    load(feed)
    before = stored()

    (outcome,) = load(type(feed)(tmp_path / "feed-2").seal(sequence=2))

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert stored() == before
    assert outcome.counts["invoices"] == {"new": 0, "known": 4}
    assert outcome.counts["companies"] == {"new": 0, "changed": 2}


def test_dry_run_leaves_nothing_but_its_log(feed, load, stored):
    before = stored()

    (outcome,) = load(feed, dry_run=True)

    assert outcome.status == FeedStatus.CHECKED
    assert outcome.counts["invoices"] == {"new": 4, "known": 0}
    assert stored() == before
    run = FeedRun.objects.get()
    assert (run.status, run.counts["payments"]["new"]) == (FeedStatus.CHECKED, 3)
    assert load(feed)[0].status == FeedStatus.APPLIED


def test_dry_run_of_two_feeds_sees_the_first_in_the_second(feed, load, stored, tmp_path):
    second = type(feed)(tmp_path / "feed-2").keep(payments=[2])
    second.change("payments", 2, source_id="W9", indicates="F2", booked_on="2026-11-21")
    second.seal(sequence=2, business_date="2026-11-21")

    outcomes = load(second, feed, dry_run=True)

    assert [one.status for one in outcomes] == [FeedStatus.CHECKED, FeedStatus.CHECKED]
    assert FeedRun.objects.count() == 2
    assert not Payment.objects.exists()


def test_changed_masters_replace_the_old_row(feed, load, tmp_path):
    load(feed)
    second = type(feed)(tmp_path / "feed-2").keep(companies=[2], contracts=[2], people=[2])
    second.change("companies", 2, city="Ostrów", phone="")
    second.change("contracts", 2, status="early_ended")
    second.change("people", 2, email="nowy.adres@trans-zuk.example", is_active="false")
    second.seal(sequence=2, business_date="2026-11-21")
    owner = User.objects.get(username="100001")
    owner.set_password("zielony rower jedzie nad morze")
    owner.language = "en"
    owner.save()

    (outcome,) = load(second)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    company = Company.objects.get(source_id="K1")
    assert (company.city, company.phone, company.as_of) == ("Ostrów", "", dt.date(2026, 11, 21))
    assert Contract.objects.get(source_id="U1").status == "early_ended"
    owner.refresh_from_db()
    assert (owner.email, owner.language) == ("nowy.adres@trans-zuk.example", "en")
    assert owner.check_password("zielony rower jedzie nad morze")
    assert not Membership.objects.get(user=owner).is_active
    assert Company.objects.count() == 2  # a row that did not come stays


def test_new_schedule_version_becomes_the_current_one(feed, load, tmp_path):
    load(feed)
    second = type(feed)(tmp_path / "feed-2").keep(schedule_versions=[2], schedule_rows=[2, 3, 4, 5])
    second.change("schedule_versions", 2, source_id="U1/2", number="2", reason="zmiana stopy")
    rows = [{**row, "version": "U1/2"} for row in second.rows("schedule_rows")]
    second.write("schedule_rows", rows)
    second.seal(sequence=2, business_date="2026-11-21")

    (outcome,) = load(second)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    versions = ScheduleVersion.objects.filter(contract__source_id="U1").order_by("number")
    assert [(one.number, one.is_current) for one in versions] == [(1, False), (2, True)]
    assert [one.rows.count() for one in versions] == [4, 4]


def test_reversal_undoes_what_the_payment_paid(feed, load, tmp_path):
    load(feed)
    second = type(feed)(tmp_path / "feed-2").keep(payments=[2])
    reversal = {"source_id": "W1S", "amount": "-5018.73", "indicates": "", "reverses": "W1"}
    second.change("payments", 2, booked_on="2026-11-21", **reversal)
    second.seal(sequence=2, business_date="2026-11-21")

    (outcome,) = load(second)

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert ReceivableItem.objects.get(source_id="F1").open_amount == Decimal("5018.73")
    pair = Payment.objects.filter(source_id__in=["W1", "W1S"])
    assert [payment.unallocated_amount for payment in pair] == [0, 0]
    rows = Allocation.objects.filter(payment__source_id="W1").order_by("pk")
    assert [row.amount for row in rows] == [Decimal("5018.73"), Decimal("-5018.73")]
    assert rows[1].reverses == rows[0]
    balance = Balance.objects.get(contract__source_id="U1", as_of=dt.date(2026, 11, 21))
    assert balance.overdue_amount == Decimal("5237.46")  # 5 018.73 + 218.73


def test_payment_may_name_an_invoice_by_number_or_by_its_own_account(feed, load):
    feed.change("payments", 2, indicates="FV/2026/10/2")
    own = {"account": "37999000097777000000010099", "source_id": "F5", "number": "FV/5"}
    feed.add("invoices", like=2, due_on="2027-02-10", **own)
    feed.add("invoice_rows", like=2, invoice="F5")
    feed.add("payments", like=3, source_id="W5", account=own["account"], amount="10.00")

    (outcome,) = load(feed)

    assert outcome.problems.found == []
    indicated = dict(Payment.objects.values_list("source_id", "indicated_item__source_id"))
    assert (indicated["W1"], indicated["W5"]) == ("F2", "F5")


def test_windows_line_ends_and_quoted_cells_read_the_same(feed, load):
    path = feed.path("payments")
    header, *lines = path.read_text("utf-8").splitlines()
    quoted = ",".join(f'"{name}"' for name in header.split(","))
    lines[0] = lines[0].replace("2026-10-09", '"2026-10-09"').replace("5018.73", '"5018.73"')
    path.write_bytes(("\r\n".join([quoted, *lines]) + "\r\n").encode())

    (outcome,) = load(feed.seal())

    assert (outcome.status, outcome.problems.found) == (FeedStatus.APPLIED, [])
    assert Payment.objects.get(source_id="W1").amount == Decimal("5018.73")

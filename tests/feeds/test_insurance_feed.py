"""Policies and claims of a feed: applied, refused with the place, safe beside the portal's own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.models import Asset, Contract
from eboks.feeds import rebuilding
from eboks.feeds.models import FeedStatus
from eboks.tenancy.models import Company
from insurance.enums import ClaimStatus, Placement, Risk, Verification
from insurance.models import Claim, ClaimStep, Insurer, Policy, PolicyCover, PolicyInstalment
from tests.insurance.factories import ClaimFactory, InsurerFactory, PolicyFactory

pytestmark = pytest.mark.django_db

POLICY_FILES = {"policies": [2, 3], "policy_covers": [2, 3, 4, 5], "policy_instalments": [2, 3]}


def applied(outcomes):
    assert [(one.status, one.problems.found) for one in outcomes] == [(FeedStatus.APPLIED, [])]
    return outcomes[0].counts


def refused(outcomes):
    """(file, line, column, value, reason) of every problem."""
    (outcome,) = outcomes
    assert outcome.status == FeedStatus.REFUSED, outcome
    return [
        (one.file, one.line, one.column, one.value, one.reason) for one in outcome.problems.found
    ]


@pytest.fixture
def following(feed, tmp_path):
    """`following(2, contracts=[2])`: the next feed, with some lines of the sample again."""

    def make(number=2, **lines):
        made = type(feed)(tmp_path / f"feed-{number}").keep(**lines)
        return made.seal(sequence=number)

    return make


def everything():
    """All rows of the tables, as values."""
    models = (Insurer, Policy, PolicyCover, PolicyInstalment, Claim, ClaimStep)
    return {
        model.__name__: sorted(
            map(str, model._default_manager.values_list(*_stable(model))),
        )
        for model in models
    }


def _stable(model):
    """Columns but for the keys of rows that are replaced."""
    replaced = model in {PolicyCover, PolicyInstalment}
    return [field.attname for field in model._meta.fields if not (replaced and field.primary_key)]


# --- what is written ---------------------------------------------------------------------------


def test_sample_brings_policies_with_risks_and_instalments(feed, load):
    counts = applied(load(feed))

    policy = Policy.objects.get(source_id="PO1")
    assert policy.company.source_id == "K1"
    assert policy.contract.source_id == "U1"
    assert policy.asset.source_id == "P1"
    assert policy.insurer.name == "Przykładowe TU S.A."
    assert policy.placement == Placement.LESSOR
    assert policy.verification == Verification.VERIFIED
    assert (policy.valid_from, policy.valid_to) == (dt.date(2026, 9, 10), dt.date(2027, 9, 9))
    assert (policy.premium, policy.has_assignment) == (Decimal("2400.00"), True)
    assert policy.as_of == dt.date(2026, 11, 20)
    covers = policy.covers.order_by("risk").values_list("risk", "sum_insured", "deductible")
    assert list(covers) == [
        ("ac", Decimal("15000.00"), Decimal("500.00")),
        ("gap", Decimal("15000.00"), Decimal(0)),
        ("oc", None, Decimal(0)),
    ]
    instalments = policy.instalments.order_by("n").values_list("due_on", "amount", "paid_on")
    assert list(instalments) == [
        (dt.date(2026, 9, 24), Decimal("1200.00"), dt.date(2026, 9, 22)),
        (dt.date(2027, 3, 24), Decimal("1200.00"), None),
    ]
    own = Policy.objects.get(source_id="PO2")
    assert (own.company.source_id, own.placement, own.territory) == ("K2", "own", "pl")
    assert counts["policies"] == {"new": 2, "changed": 0}
    assert Policy.objects.on_day(dt.date(2026, 11, 20)).count() == 2


def test_sample_brings_a_claim_with_its_first_step(feed, load):
    applied(load(feed))

    claim = Claim.objects.get()
    assert (claim.reference, claim.status, claim.risk) == ("CORE/SZ/1", "registered", "ac")
    assert (claim.policy.source_id, claim.company.source_id) == ("PO1", "K1")
    assert claim.happened_at == dt.datetime(2026, 10, 14, 6, 30, tzinfo=dt.UTC)
    assert claim.changed_at == claim.reported_at
    assert (claim.repair_cost, claim.payout, claim.country) == (Decimal("1850.00"), None, "PL")
    step = claim.steps.get()
    assert (step.before, step.after, step.by_client) == ("", "registered", False)
    assert step.at == claim.reported_at


def test_big_first_load_takes_them_and_refuses_them(feed, load, monkeypatch):
    monkeypatch.setattr(rebuilding, "FEW_ROWS", 0)
    feed.change("policies", 2, insurer="nieznany")
    assert refused(load(feed))[0][:3] == ("policies.csv", 2, "insurer")

    applied(load(feed.change("policies", 2, insurer="przykladowe-tu")))

    assert (Policy.objects.count(), Claim.objects.count()) == (2, 1)


def test_same_feed_again_and_same_rows_again_change_nothing(feed, load, following):
    applied(load(feed))
    before = everything()

    assert load(feed)[0].status == FeedStatus.UNCHANGED
    assert everything() == before
    counts = applied(load(following(insurers=[2, 3], claims=[2], **POLICY_FILES)))

    assert counts["policies"] == {"new": 0, "changed": 2}
    assert everything() == before


def test_policy_that_comes_again_has_its_parts_replaced(feed, load, following):
    applied(load(feed))
    again = following(policies=[2], policy_covers=[2, 3], policy_instalments=[2])
    again.change("policies", 2, premium="1200.00", terminated_on="2026-12-31")

    applied(load(again))

    policy = Policy.objects.get(source_id="PO1")
    assert policy.last_day == dt.date(2026, 12, 31)
    assert sorted(policy.covers.values_list("risk", flat=True)) == ["ac", "oc"]
    assert policy.instalments.count() == 1
    assert Policy.objects.get(source_id="PO2").covers.count() == 1  # did not come


def test_claim_that_moves_on_gets_a_step(feed, load, following, settings):
    applied(load(feed))

    applied(load(following(claims=[2]).change("claims", 2, status="paid", payout="1350.00")))

    claim = Claim.objects.get()
    assert (claim.status, claim.payout) == (ClaimStatus.PAID, Decimal("1350.00"))
    assert claim.changed_at > claim.reported_at
    steps = claim.steps.order_by("pk").values_list("before", "after")
    assert list(steps) == [("", "registered"), ("registered", "paid")]


def test_insurer_may_get_another_name_and_stop_being_used(feed, load, following):
    applied(load(feed))
    again = following(insurers=[2]).change("insurers", 2, name="Nowa Nazwa TU", is_active="false")

    applied(load(again))

    insurer = Insurer.objects.get(code="przykladowe-tu")
    assert (insurer.name, insurer.is_active) == ("Nowa Nazwa TU", False)


# --- another lessee ----------------------------------------------------------------------------


def assigned(following, number=2, business_date="2026-12-01"):
    return (
        following(number, contracts=[2, 3])
        .change("contracts", 2, company="K2")
        .seal(business_date=business_date)
    )


def test_policy_of_the_lessor_follows_the_contract(feed, load, following):
    applied(load(feed))

    applied(load(assigned(following)))

    assert Policy.objects.get(source_id="PO1").company.source_id == "K2"


def test_policy_of_the_lessor_made_in_the_portal_follows_too(feed, load, following):
    applied(load(feed))
    asset = Asset.objects.get(source_id="P1")
    made = PolicyFactory(asset=asset, source_system="portal", valid_to=dt.date(2027, 9, 9))

    applied(load(assigned(following)))

    made.refresh_from_db()
    assert made.company.source_id == "K2"


def test_past_policy_own_policy_and_claim_stay_with_the_earlier_lessee(feed, load, following):
    applied(load(feed))
    asset = Asset.objects.get(source_id="P1")
    past = PolicyFactory(asset=asset, valid_to=dt.date(2026, 11, 30))
    own = PolicyFactory(
        asset=asset, placement=Placement.OWN, source_system="portal", valid_to=dt.date(2027, 9, 9)
    )

    applied(load(assigned(following)))

    for row in (past, own, Claim.objects.get()):
        row.refresh_from_db()
        assert row.company.source_id == "K1"


def test_own_policy_that_comes_again_after_an_assignment_stays(feed, load, following):
    feed.change("policies", 2, placement="own")
    applied(load(feed))
    applied(load(assigned(following)))
    again = following(3, policies=[2], policy_covers=[2, 3, 4], policy_instalments=[2, 3])
    again.change("policies", 2, placement="own", number="PTU/2")

    applied(load(again.seal(business_date="2026-12-02")))

    policy = Policy.objects.get(source_id="PO1")
    assert (policy.number, policy.company.source_id) == ("PTU/2", "K1")


def test_feed_may_name_the_earlier_lessee_but_nobody_else(feed, load, following):
    applied(load(feed))
    applied(load(assigned(following)))
    late = following(3, claims=[2]).change(
        "claims", 2, source_id="SZ2", reference="CORE/SZ/2", company="K1"
    )
    applied(load(late.seal(business_date="2026-12-02")))
    assert Claim.objects.get(source_id="SZ2").company.source_id == "K1"

    wrong = following(4, claims=[2]).change(
        "claims", 2, asset="P2", policy="", source_id="SZ3", reference="CORE/SZ/3", company="K1"
    )

    assert refused(load(wrong.seal(business_date="2026-12-03"))) == [
        ("claims.csv", 2, "company", "K1", "ten klient nie ma i nie miał umowy tego przedmiotu")
    ]


# --- the portal's own rows ---------------------------------------------------------------------


def test_rows_of_the_portal_stay_as_they_are(feed, load):
    applied(load(feed.seal()))
    asset = Asset.objects.get(source_id="P1")
    policy = PolicyFactory(
        asset=asset, source_system="portal", source_id="PO1", risks=[Risk.OC], number="WŁASNA"
    )
    claim = ClaimFactory(asset=asset, source_system="portal", source_id="SZ1")
    before = everything()

    again = type(feed)(feed.directory.parent / "feed-2")
    again.keep(insurers=[2, 3], claims=[2], **POLICY_FILES).seal(sequence=2)
    applied(load(again))

    assert everything() == before
    assert policy.covers.count() == 1
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.REPORTED


def test_reference_that_the_portal_gave_is_refused(feed, load, following):
    applied(load(feed))
    ClaimFactory(asset=Asset.objects.get(source_id="P1"), reference="SZ/2026/000001")
    wrong = following(claims=[2]).change("claims", 2, reference="SZ/2026/000001")

    ((file, line, column, value, reason),) = refused(load(wrong))

    assert (file, line, column, value) == ("claims.csv", 2, "reference", "SZ/2026/000001")
    assert reason == "tę wartość ma już inny wiersz w bazie"


def test_insurer_that_is_known_here_needs_not_come(feed, load):
    InsurerFactory(code="znany-tu", name="Znany TU")
    feed.change("policies", 2, insurer="znany-tu")

    applied(load(feed))

    assert Policy.objects.get(source_id="PO1").insurer.name == "Znany TU"


# --- refusals ----------------------------------------------------------------------------------

WRONG = [
    # kind, line, cells, column, a part of the reason
    ("insurers", 2, {"code": "Ubezpieczyciel"}, "code", "kod ubezpieczyciela"),
    ("insurers", 3, {"code": "przykladowe-tu"}, "code", "klucz powtórzony"),
    ("policies", 2, {"asset": "P9"}, "asset", "nie ma takiego klucza: przedmiot"),
    ("policies", 2, {"company": "K9"}, "company", "nie ma takiego klucza"),
    ("policies", 2, {"company": "K2"}, "company", "ten klient nie ma i nie miał umowy"),
    ("policies", 2, {"insurer": "nieznany"}, "insurer", "nie ma takiego ubezpieczyciela"),
    ("policies", 2, {"placement": "bank"}, "placement", "jedna z wartości: lessor, own"),
    ("policies", 2, {"valid_to": "2026-09-09"}, "valid_to", "koniec polisy jest przed początkiem"),
    ("policies", 2, {"terminated_on": "2026-09-09"}, "terminated_on", "rozwiązano poza czasem"),
    ("policies", 2, {"terminated_on": "2027-09-10"}, "terminated_on", "rozwiązano poza czasem"),
    ("policies", 3, {"premium": "-1.00"}, "premium", "kwota nie może być ujemna"),
    ("policies", 2, {"premium": "2400.01"}, "premium", "raty nie sumują się do składki"),
    ("policies", 2, {"premium": ""}, "premium", "raty nie sumują się do składki"),
    ("policies", 3, {"source_id": "PO3"}, "source_id", "polisa nie ma w paczce żadnego ryzyka"),
    ("policy_covers", 2, {"risk": "casco"}, "risk", "jedna z wartości"),
    ("policy_covers", 3, {"risk": "oc"}, "risk", "klucz powtórzony"),
    ("policy_covers", 2, {"policy": "PO9"}, "policy", "tej polisy nie ma w paczce"),
    ("policy_covers", 3, {"sum_insured": "-1.00"}, "sum_insured", "kwota nie może być ujemna"),
    ("policy_covers", 3, {"deductible": "-1.00"}, "deductible", "kwota nie może być ujemna"),
    ("policy_covers", 3, {"gap_kind": "index"}, "gap_kind", "rodzaj GAP ma tylko ryzyko gap"),
    ("policy_instalments", 2, {"policy": "PO9"}, "policy", "tej polisy nie ma w paczce"),
    ("policy_instalments", 3, {"n": "1"}, "n", "klucz powtórzony"),
    ("policy_instalments", 2, {"n": "0"}, "n", "raty liczy się od 1"),
    ("policy_instalments", 2, {"amount": "0.00"}, "amount", "rata musi być dodatnia"),
    ("policy_instalments", 2, {"paid_on": "2026-11-21"}, "paid_on", "dzień jest po dniu"),
    ("claims", 2, {"asset": "P9"}, "asset", "nie ma takiego klucza"),
    ("claims", 2, {"policy": "PO9"}, "policy", "nie ma takiego klucza: polisa"),
    ("claims", 2, {"policy": "PO2"}, "policy", "polisa jest na inny przedmiot"),
    ("claims", 2, {"insurer": "nieznany"}, "insurer", "nie ma takiego ubezpieczyciela"),
    ("claims", 2, {"status": "lost"}, "status", "jedna z wartości"),
    ("claims", 2, {"happened_at": "2026-10-14"}, "happened_at", "z przesunięciem"),
    ("claims", 2, {"happened_at": "2026-10-14T08:30:00"}, "happened_at", "z przesunięciem"),
    ("claims", 2, {"reported_at": "2026-10-14T08:29:00+02:00"}, "reported_at", "przed zdarzeniem"),
    ("claims", 2, {"reported_at": "2026-11-20T23:30:00Z"}, "reported_at", "dzień jest po dniu"),
    ("claims", 2, {"payout": "-1.00"}, "payout", "kwota nie może być ujemna"),
    ("claims", 2, {"repair_cost": "-1.00"}, "repair_cost", "kwota nie może być ujemna"),
    ("claims", 2, {"deductible": "-1.00"}, "deductible", "kwota nie może być ujemna"),
]


@pytest.mark.parametrize(
    ("kind", "line", "cells", "column", "why"), WRONG, ids=lambda value: str(value)[:40]
)
def test_wrong_row_is_refused_with_its_place_and_reason(feed, load, kind, line, cells, column, why):
    found = refused(load(feed.change(kind, line, **cells)))

    assert any(
        (file, at, name) == (f"{kind}.csv", line, column) and why in reason
        for file, at, name, _value, reason in found
    ), found
    assert not Policy.objects.exists()
    assert not Contract.objects.exists()  # wholly or not at all
    assert not Company.objects.exists()


def test_twin_reference_in_one_file_is_refused(feed, load):
    found = refused(load(feed.add("claims", like=2, source_id="SZ2")))

    assert ("claims.csv", 3, "reference", "CORE/SZ/1", "klucz powtórzony w tym pliku") in found


def test_moment_at_the_end_of_the_business_date_in_poland_is_taken(feed, load):
    applied(load(feed.change("claims", 2, reported_at="2026-11-20T22:59:00Z")))

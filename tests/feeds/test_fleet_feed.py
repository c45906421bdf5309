"""Records of vehicles in a feed: applied, refused with the place, whose they are and stay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from contracts.fleet.models import (
    Damage,
    FuelTransaction,
    MileageReading,
    MileageTerms,
    ReplacementCar,
    ServiceVisit,
    Toll,
    TyreSet,
)
from contracts.models import Asset, Contract
from eboks.clock import WARSAW
from eboks.documents.antivirus import Scan
from eboks.feeds.models import FeedStatus
from tests.factories import AssetFactory
from tests.feeds.test_insurance_feed import applied, assigned, following, refused  # noqa: F401
from tests.fleet.factories import (
    FuelTransactionFactory,
    MileageReadingFactory,
    MileageTermsFactory,
    ServiceVisitFactory,
)

pytestmark = pytest.mark.django_db

MODELS: dict[str, Any] = {
    "mileage_terms": MileageTerms,
    "service_visits": ServiceVisit,
    "damages": Damage,
    "fuel_transactions": FuelTransaction,
    "tyre_sets": TyreSet,
    "mileage_readings": MileageReading,
    "replacement_cars": ReplacementCar,
    "tolls": Toll,
}
LINES = {
    "mileage_terms": [2],
    "service_visits": [2],
    "damages": [2],
    "fuel_transactions": [2, 3],
    "tyre_sets": [2, 3],
    "mileage_readings": [2, 3],
    "replacement_cars": [2],
    "tolls": [2, 3],
}


def everything():
    return {
        kind: list(model._default_manager.order_by("pk").values()) for kind, model in MODELS.items()
    }


# --- what is written ---------------------------------------------------------------------------


def test_sample_brings_every_kind_of_record(feed, load):
    counts = applied(load(feed))

    for kind, model in MODELS.items():
        assert counts[kind]["new"] == model._default_manager.count() == len(LINES[kind]), kind
        for row in model._default_manager.all():
            assert (row.asset.source_id, row.source_system) == ("P1", "core")
            if model is not MileageTerms:
                assert row.company.source_id == "K1"
    terms = MileageTerms.objects.get()
    assert (terms.has_cfm, terms.limit_km, terms.start_km) == (True, 7500, 12000)
    assert (terms.rate_over, terms.tank_litres, terms.residual_gain) == (
        Decimal("0.4"),
        Decimal(50),
        Decimal(0),
    )
    visit = ServiceVisit.objects.get()
    assert (visit.on, visit.net, visit.items) == (
        dt.date(2026, 10, 5),
        Decimal("850.00"),
        "olej, filtry",
    )
    assert (visit.next_due_km, visit.next_due_on) == (28500, dt.date(2027, 10, 5))
    assert (Damage.objects.get().payout, Damage.objects.get().downtime_days) == (Decimal(0), 3)
    assert set(MileageReading.objects.values_list("scan", flat=True)) == {Scan.CLEAN}
    assert ReplacementCar.objects.get().to_on == dt.date(2026, 10, 22)
    parking = Toll.objects.get(source_id="DR2")
    assert (parking.at, parking.place) == (None, "Poznań, strefa A")
    assert TyreSet.objects.get(source_id="OP2").depth_mm == Decimal("5.2")


def test_fuel_has_its_moment_and_the_day_in_poland(feed, load):
    applied(load(feed))

    first, last = FuelTransaction.objects.order_by("at")
    assert first.at == dt.datetime(2026, 10, 2, 7, 41, tzinfo=WARSAW)
    assert first.on == dt.date(2026, 10, 2)
    assert last.at == dt.datetime(2026, 10, 31, 23, 30, tzinfo=dt.UTC)
    assert last.on == dt.date(2026, 11, 1)  # past midnight here
    assert (first.quantity, first.unit_price) == (Decimal("41.500"), Decimal("5.2000"))
    assert (first.net, first.vat, first.gross) == tuple(map(Decimal, ("215.80", "49.63", "265.43")))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-28T23:30:00Z", dt.date(2026, 3, 29)),  # the night when summer time begins
        ("2026-03-29T21:59:00Z", dt.date(2026, 3, 29)),
        ("2026-03-29T22:00:00Z", dt.date(2026, 3, 30)),
        ("2026-10-24T22:00:00Z", dt.date(2026, 10, 25)),  # the night when it ends
        ("2026-10-25T22:59:00Z", dt.date(2026, 10, 25)),
        ("2026-10-25T23:00:00Z", dt.date(2026, 10, 26)),
        ("2024-02-29T22:59:00Z", dt.date(2024, 2, 29)),
        ("2024-02-29T23:00:00Z", dt.date(2024, 3, 1)),
    ],
)
def test_day_of_fuel_follows_summer_time(feed, load, moment, day):
    applied(load(feed.change("fuel_transactions", 2, at=moment)))

    assert FuelTransaction.objects.get(source_id="TR1").on == day


def test_same_feed_again_and_same_rows_again_change_nothing(feed, load, following):  # noqa: F811
    applied(load(feed))
    before = everything()

    assert load(feed)[0].status == FeedStatus.UNCHANGED
    counts = applied(load(following(**LINES)))

    assert everything() == before
    assert {kind: done["new"] for kind, done in counts.items() if kind in MODELS} == dict.fromkeys(
        MODELS, 0
    )


def test_row_that_comes_again_replaces_its_own(feed, load, following):  # noqa: F811
    applied(load(feed))
    again = following(service_visits=[2]).change("service_visits", 2, net="900.00", next_due_km="")

    applied(load(again))

    visit = ServiceVisit.objects.get()
    assert (visit.net, visit.next_due_km) == (Decimal("900.00"), None)


def test_correction_of_fuel_may_be_negative(feed, load):
    feed.add(
        "fuel_transactions",
        like=2,
        source_id="TR3",
        quantity="-41.500",
        net="-215.80",
        vat="-49.63",
        gross="-265.43",
    )

    applied(load(feed))

    assert FuelTransaction.objects.get(source_id="TR3").gross == Decimal("-265.43")


def test_card_is_kept_as_its_last_four(feed, load):
    applied(load(feed.change("fuel_transactions", 2, card="XXXX-XXXX-4417")))

    assert set(FuelTransaction.objects.values_list("card", flat=True)) == {"…4417"}


# --- the same purchase -------------------------------------------------------------------------


def purchase(**more):
    """TR1 of the sample, as a supplier's file brought it."""
    values = {
        "source_system": "karta-orzel",
        "at": dt.datetime(2026, 10, 2, 7, 41, tzinfo=WARSAW),
        "on": dt.date(2026, 10, 2),
        "quantity": Decimal("41.500"),
        "net": Decimal("215.80"),
        "vat": Decimal("49.63"),
        "gross": Decimal("265.43"),
        "station": "Stacja dostawcy",
        **more,
    }
    return FuelTransactionFactory(**values)


def test_purchase_that_a_supplier_brought_is_known_and_stays(feed, load, following):  # noqa: F811
    applied(load(feed.without("fuel_transactions")))
    row = purchase(asset=Asset.objects.get(source_id="P1"))

    counts = applied(load(following(fuel_transactions=[2, 3])))

    assert counts["fuel_transactions"] == {"new": 1, "changed": 0, "known": 1}
    row.refresh_from_db()
    assert (row.station, row.source_system) == ("Stacja dostawcy", "karta-orzel")
    assert FuelTransaction.objects.count() == 2


def test_change_that_would_make_one_purchase_two_is_refused(feed, load, following):  # noqa: F811
    feed.change("fuel_transactions", 2, quantity="40.000")
    applied(load(feed))
    purchase(asset=Asset.objects.get(source_id="P1"))

    ((file, line, column, _value, reason),) = refused(load(following(fuel_transactions=[2])))

    assert (file, line, column) == ("fuel_transactions.csv", 2, "quantity")
    assert "już pod innym kluczem" in reason


def test_same_purchase_twice_in_a_file_is_refused(feed, load):
    feed.add("fuel_transactions", like=2, source_id="TR3", card="4417")

    ((file, line, column, _value, reason),) = refused(load(feed))

    assert (file, line, column) == ("fuel_transactions.csv", 4, "quantity")
    assert "drugi raz" in reason


# --- whose they are ----------------------------------------------------------------------------


def test_records_stay_with_the_lessee_of_their_day(feed, load, following):  # noqa: F811
    applied(load(feed))
    applied(load(assigned(following)))

    again = following(3, **LINES).change("service_visits", 2, net="900.00")
    applied(load(again.seal(business_date="2026-12-02")))

    for kind, model in MODELS.items():
        if kind != "mileage_terms":
            companies = model._default_manager.values_list("company__source_id", flat=True)
            assert set(companies) == {"K1"}, kind
    assert ServiceVisit.objects.get().net == Decimal("900.00")


def test_new_record_after_an_assignment_is_the_new_lessees_unless_named(
    feed,
    load,
    following,  # noqa: F811
):
    applied(load(feed))
    applied(load(assigned(following)))
    more = following(3, tolls=[2, 3])
    more.change("tolls", 2, source_id="DR3").change("tolls", 3, source_id="DR4", company="K1")

    applied(load(more.seal(business_date="2026-12-02")))

    owners = dict(Toll.objects.values_list("source_id", "company__source_id"))
    assert owners == {"DR1": "K1", "DR2": "K1", "DR3": "K2", "DR4": "K1"}


def test_record_that_goes_over_to_another_vehicle_goes_to_its_lessee(
    feed,
    load,
    following,  # noqa: F811
):
    applied(load(feed))
    other = AssetFactory(
        contract=Contract.objects.get(source_id="U2"),
        source_system="core",
        source_id="P3",
        category="vehicle",
    )

    applied(load(following(damages=[2]).change("damages", 2, asset="P3")))

    damage = Damage.objects.get()
    assert (damage.asset, damage.company.source_id) == (other, "K2")


def test_rows_of_the_portal_and_of_suppliers_stay_as_they_are(feed, load, following):  # noqa: F811
    applied(load(feed))
    asset = Asset.objects.get(source_id="P1")
    MileageReadingFactory(asset=asset, source_system="portal", source_id="PR1", km=1)
    ServiceVisitFactory(asset=asset, source_system="serwis", source_id="SV1")
    before = everything()

    applied(load(following(**LINES)))

    assert everything() == before


# --- refusals ----------------------------------------------------------------------------------

WRONG = [
    # kind, line, cells, column, a part of the reason
    *((kind, 2, {"asset": "P2"}, "asset", "ten przedmiot nie jest pojazdem") for kind in MODELS),
    *((kind, 2, {"asset": "P9"}, "asset", "nie ma takiego klucza: przedmiot") for kind in MODELS),
    *(
        (kind, 2, {"company": "K2"}, "company", "ten klient nie ma i nie miał umowy")
        for kind in MODELS
        if kind != "mileage_terms"
    ),
    *(
        (kind, 2, {"on": "2026-11-21"}, "on", "dzień jest po dniu, na który jest paczka")
        for kind in MODELS
        if kind not in {"mileage_terms", "fuel_transactions"}
    ),
    ("mileage_terms", 2, {"end_on": "2026-09-10"}, "end_on", "koniec musi być po początku"),
    ("mileage_terms", 2, {"rate_over": "-0.4"}, "rate_over", "liczba z kropką"),
    ("mileage_terms", 2, {"rate_over": "0.12345"}, "rate_over", "liczba z kropką"),
    ("mileage_terms", 2, {"limit_km": "-5"}, "limit_km", "liczba całkowita"),
    ("service_visits", 2, {"net": "-1.00"}, "net", "kwota nie może być ujemna"),
    ("service_visits", 2, {"kind": "wash"}, "kind", "jedna z wartości"),
    ("service_visits", 2, {"covered_by": ""}, "covered_by", "wartość jest wymagana"),
    ("service_visits", 2, {"next_due_on": "2026-10-05"}, "next_due_on", "musi być później"),
    ("service_visits", 2, {"next_due_km": "13500"}, "next_due_km", "przy większym przebiegu"),
    ("damages", 2, {"net": "-1.00"}, "net", "kwota nie może być ujemna"),
    ("damages", 2, {"deductible": "-1.00"}, "deductible", "kwota nie może być ujemna"),
    ("damages", 2, {"payout": "-1.00"}, "payout", "kwota nie może być ujemna"),
    ("fuel_transactions", 2, {"at": "2026-11-20T23:30:00Z"}, "at", "dzień jest po dniu"),
    ("fuel_transactions", 2, {"at": "2026-10-02T07:41:00"}, "at", "z przesunięciem"),
    ("fuel_transactions", 2, {"quantity": "0"}, "quantity", "ilość nie może być zerem"),
    ("fuel_transactions", 2, {"quantity": "41.5001"}, "quantity", "liczba z kropką"),
    ("fuel_transactions", 2, {"gross": "265.44"}, "gross", "brutto różni się od sumy netto i VAT"),
    ("fuel_transactions", 2, {"vat": ""}, "gross", "brutto różni się od sumy netto i VAT"),
    ("fuel_transactions", 2, {"product": "coal"}, "product", "jedna z wartości"),
    ("fuel_transactions", 2, {"unit": "gal"}, "unit", "jedna z wartości"),
    ("tyre_sets", 3, {"removed_on": "2026-09-09"}, "removed_on", "zdjęto przed założeniem"),
    ("tyre_sets", 3, {"net": "-1.00"}, "net", "kwota nie może być ujemna"),
    ("mileage_readings", 2, {"km": "-1"}, "km", "liczba całkowita"),
    ("replacement_cars", 2, {"to_on": "2026-10-19"}, "to_on", "zwrot jest przed wydaniem"),
    ("tolls", 2, {"at": "2026-10-07T22:30:00+02:00"}, "at", "z innego dnia niż opłata"),
    ("tolls", 2, {"net": "20.01"}, "net", "netto jest większe niż brutto"),
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
    assert not any(model._default_manager.exists() for model in MODELS.values())
    assert not Contract.objects.exists()  # wholly or not at all


def test_number_of_a_card_is_refused_and_not_logged(feed, load):
    found = refused(load(feed.change("fuel_transactions", 2, card="7002 1234 5678 4417")))

    assert found == [
        (
            "fuel_transactions.csv",
            2,
            "card",
            "…17",
            "numer karty musi być ukryty: najwyżej cztery cyfry",
        )
    ]


def test_vehicle_has_one_row_of_terms(feed, load, following):  # noqa: F811
    found = refused(load(feed.add("mileage_terms", like=2, source_id="WP2")))
    assert ("mileage_terms.csv", 3, "asset") in {row[:3] for row in found}

    applied(load(feed.without("mileage_terms")))
    MileageTermsFactory(asset=Asset.objects.get(source_id="P1"), source_system="portal")

    ((file, line, column, value, reason),) = refused(load(following(mileage_terms=[2])))
    assert (file, line, column, value) == ("mileage_terms.csv", 2, "asset", "P1")
    assert reason == "pojazd ma już warunki pod innym kluczem"

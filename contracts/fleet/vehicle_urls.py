"""Under `/pojazdy/`, beside the routes of `contracts.vehicle_urls`."""

from __future__ import annotations

from django.urls import path

from contracts.fleet import mileage_views

app_name = "mileage"
urlpatterns = [
    path("<uuid:public_id>/przebieg/", mileage_views.enter, name="enter"),
    path("przebieg/<uuid:public_id>/wycofaj/", mileage_views.withdraw, name="withdraw"),
    path("przebieg/<uuid:public_id>/zdjecie/", mileage_views.photo, name="photo"),
]

from __future__ import annotations

from django.urls import path

from contracts import vehicle_views

app_name = "vehicles"
urlpatterns = [
    path("", vehicle_views.vehicle_list, name="list"),
    path("<uuid:public_id>/", vehicle_views.vehicle, name="detail"),
]

"""Pages of insurance that stand under `/umowy/`."""

from __future__ import annotations

from django.urls import path

from insurance import cover_views

urlpatterns = [
    path("<uuid:public_id>/ubezpieczenie/", cover_views.contract, name="contract"),
]

from __future__ import annotations

from django.urls import URLPattern, path

from contracts.fleet import list_views, overview_views
from contracts.fleet.lists import LISTS

app_name = "fleet"
urlpatterns: list[URLPattern] = [
    path("", overview_views.overview, name="overview"),
    path("flota.xlsx", overview_views.overview_xlsx, name="overview_xlsx"),
    path("odstepstwa/", overview_views.outliers, name="outliers"),
    path("pojazd/<uuid:public_id>/", overview_views.vehicle, name="vehicle"),
    *(
        path(f"{wanted.slug}/", list_views.records, {"name": name}, name=name)
        for name, wanted in LISTS.items()
    ),
    *(
        path(
            f"{wanted.slug}/{wanted.slug}.xlsx",
            list_views.records_file,
            {"name": name},
            name=f"{name}_file",
        )
        for name, wanted in LISTS.items()
    ),
]

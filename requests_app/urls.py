from django.urls import path

from requests_app import (
    checking_views,
    contract_end_views,
    filing_views,
    quote_views,
    simulation_views,
    vehicle_paper_views,
    vehicle_use_views,
    views,
)
from requests_app.catalogue import types

app_name = "requests_app"
urlpatterns = [
    path("wnioski/", views.request_list, name="list"),
    path("wnioski/nowy/", filing_views.catalogue, name="catalogue"),
    *(
        path(f"wnioski/nowy/{name}/", filing_views.start, {"name": name}, name=f"start_{name}")
        for name, kind in types().items()
        if not kind.begun_by_lessor
    ),
    path("wnioski/<uuid:public_id>/", views.detail, name="detail"),
    path("wnioski/<uuid:public_id>/formularz/", filing_views.form, name="form"),
    path("wnioski/<uuid:public_id>/sprawdz/", filing_views.check, name="check"),
    path("wnioski/<uuid:public_id>/wiadomosc/", views.write, name="write"),
    path("wnioski/<uuid:public_id>/wycofaj/", views.withdraw, name="withdraw"),
    path("wnioski/rozliczenie/<uuid:public_id>/", quote_views.settlement, name="settlement"),
    path("wnioski/symulacja/<uuid:public_id>/", simulation_views.simulation, name="simulation"),
    path("wnioski/uzytkownicy/", vehicle_use_views.vehicle_users, name="vehicle_users"),
    path(
        "wnioski/uzytkownicy/<uuid:public_id>/zakoncz/",
        vehicle_use_views.end_vehicle_use,
        name="end_vehicle_use",
    ),
    path(
        "wnioski/koniec-umowy/<uuid:public_id>/",
        contract_end_views.contract_end,
        name="contract_end",
    ),
    path("wnioski/pliki/<uuid:public_id>/", views.file, name="file"),
    path("wnioski/pliki/<uuid:public_id>/usun/", filing_views.remove_file, name="remove_file"),
    path("wnioski/dokumenty/<uuid:public_id>/", views.paper, name="paper"),
    path(
        "wnioski/dokumenty-pojazdu/<uuid:public_id>/",
        vehicle_paper_views.vehicle_paper,
        name="vehicle_paper",
    ),
    path("sprawdz/", checking_views.ask, name="paper_ask"),
    path("sprawdz/<str:key>/", checking_views.paper, name="paper_check"),
]

from django.urls import path

from requests_app import checking_views, filing_views, simulation_views, views

app_name = "requests_app"
urlpatterns = [
    path("wnioski/", views.request_list, name="list"),
    path("wnioski/nowy/", filing_views.catalogue, name="catalogue"),
    path("wnioski/nowy/<slug:name>/", filing_views.start, name="start"),
    path("wnioski/<uuid:public_id>/", views.detail, name="detail"),
    path("wnioski/<uuid:public_id>/formularz/", filing_views.form, name="form"),
    path("wnioski/<uuid:public_id>/sprawdz/", filing_views.check, name="check"),
    path("wnioski/<uuid:public_id>/wiadomosc/", views.write, name="write"),
    path("wnioski/<uuid:public_id>/wycofaj/", views.withdraw, name="withdraw"),
    path("wnioski/symulacja/<uuid:public_id>/", simulation_views.simulation, name="simulation"),
    path("wnioski/pliki/<uuid:public_id>/", views.file, name="file"),
    path("wnioski/pliki/<uuid:public_id>/usun/", filing_views.remove_file, name="remove_file"),
    path("wnioski/dokumenty/<uuid:public_id>/", views.paper, name="paper"),
    path("sprawdz/", checking_views.ask, name="paper_ask"),
    path("sprawdz/<str:code>/", checking_views.paper, name="paper_check"),
]

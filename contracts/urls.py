from __future__ import annotations

from django.urls import path

from contracts import archive_views, rate_change_views, views

app_name = "contracts"
urlpatterns = [
    path("", views.contract_list, name="list"),
    path("umowy.xlsx", views.contract_list_xlsx, name="list_xlsx"),
    path("zmiany-rat/", rate_change_views.rate_changes, name="rate_changes"),
    path("<uuid:public_id>/", views.overview, name="detail"),
    path("<uuid:public_id>/harmonogram/", views.schedule, name="schedule"),
    path("<uuid:public_id>/harmonogram.pdf", views.schedule_pdf, name="schedule_pdf"),
    path("<uuid:public_id>/harmonogram.xlsx", views.schedule_xlsx, name="schedule_xlsx"),
    path(
        "<uuid:public_id>/zmiana-raty/<uuid:change_id>/",
        rate_change_views.rate_change,
        name="rate_change",
    ),
    path(
        "<uuid:public_id>/zmiana-raty/<uuid:change_id>/zawiadomienie.pdf",
        rate_change_views.rate_change_pdf,
        name="rate_change_pdf",
    ),
    path("<uuid:public_id>/zabierz/", archive_views.take_all, name="take_all"),
    path("<uuid:public_id>/przedmiot/", views.asset, name="asset"),
]

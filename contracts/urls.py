from __future__ import annotations

from django.urls import path

from contracts import views

app_name = "contracts"
urlpatterns = [
    path("", views.contract_list, name="list"),
    path("umowy.xlsx", views.contract_list_xlsx, name="list_xlsx"),
    path("<uuid:public_id>/", views.overview, name="detail"),
    path("<uuid:public_id>/harmonogram/", views.schedule, name="schedule"),
    path("<uuid:public_id>/harmonogram.pdf", views.schedule_pdf, name="schedule_pdf"),
    path("<uuid:public_id>/harmonogram.xlsx", views.schedule_xlsx, name="schedule_xlsx"),
    path("<uuid:public_id>/przedmiot/", views.asset, name="asset"),
]

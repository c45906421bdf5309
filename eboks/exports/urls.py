from __future__ import annotations

from django.urls import path

from eboks.exports import report_views, views

app_name = "exports"
urlpatterns = [
    path("", views.file_list, name="list"),
    path("<uuid:public_id>/pobierz/", views.download, name="download"),
    path("<uuid:public_id>/usun/", views.delete, name="delete"),
    path("<uuid:public_id>/ponow/", views.order_again, name="order_again"),
    path("raporty/", report_views.report_list, name="reports"),
    path("raporty/zapisz/", report_views.save, name="report_save"),
    path("raporty/<uuid:public_id>/", report_views.edit, name="report"),
    path("raporty/<uuid:public_id>/zamow/", report_views.order, name="report_order"),
    path("raporty/<uuid:public_id>/usun/", report_views.delete, name="report_delete"),
]

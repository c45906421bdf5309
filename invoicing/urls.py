from __future__ import annotations

from django.urls import path

from invoicing import report_views, settlement_views, views

app_name = "invoicing"
urlpatterns = [
    path("faktury/", views.invoice_list, name="invoice_list"),
    path("faktury/faktury.xlsx", views.invoice_list_xlsx, name="invoice_list_xlsx"),
    path("faktury/<uuid:public_id>/", views.invoice_detail, name="invoice_detail"),
    path("faktury/<uuid:public_id>/pdf/", views.invoice_pdf, name="invoice_pdf"),
    path("faktury/<uuid:public_id>/pobierz/", views.invoice_download, name="invoice_download"),
    path("rozrachunki/", settlement_views.settlements, name="settlements"),
    path(
        "rozrachunki/rozrachunki.xlsx", settlement_views.settlements_xlsx, name="settlements_xlsx"
    ),
    path("raporty/koszty/", report_views.cost_report, name="cost_report"),
    path("raporty/koszty/koszty.xlsx", report_views.cost_report_xlsx, name="cost_report_xlsx"),
]

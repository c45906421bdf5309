from __future__ import annotations

from django.urls import path

from invoicing import (
    balance_views,
    consent_views,
    pack_views,
    paying_urls,
    report_views,
    settlement_views,
    statement_views,
    views,
)
from invoicing.reporting import tax_views
from invoicing.reporting import views as reporting
from invoicing.reporting.table import reports

app_name = "invoicing"
urlpatterns = [
    *paying_urls.urlpatterns,
    path("faktury/", views.invoice_list, name="invoice_list"),
    path("faktury/faktury.xlsx", views.invoice_list_xlsx, name="invoice_list_xlsx"),
    path("faktury/wybor/", pack_views.choose, name="invoice_choice"),
    path("faktury/paczka/", pack_views.take, name="invoice_pack"),
    path("faktury/<uuid:public_id>/", views.invoice_detail, name="invoice_detail"),
    path("faktury/<uuid:public_id>/pdf/", views.invoice_pdf, name="invoice_pdf"),
    path("faktury/<uuid:public_id>/pobierz/", views.invoice_download, name="invoice_download"),
    path("e-faktury/", consent_views.e_invoices, name="e_invoices"),
    path("rozrachunki/", settlement_views.settlements, name="settlements"),
    path(
        "rozrachunki/rozrachunki.xlsx", settlement_views.settlements_xlsx, name="settlements_xlsx"
    ),
    path("rozrachunki/potwierdzenia/", balance_views.confirmations, name="balance_confirmations"),
    path(
        "rozrachunki/potwierdzenia/<uuid:public_id>/",
        balance_views.confirmation,
        name="balance_confirmation",
    ),
    path(
        "rozrachunki/potwierdzenia/<uuid:public_id>/odpowiedz/",
        balance_views.confirmation_answer,
        name="balance_answer",
    ),
    path(
        "rozrachunki/potwierdzenia/<uuid:public_id>/potwierdzenie.pdf",
        balance_views.confirmation_pdf,
        name="balance_pdf",
    ),
    path("rozrachunki/wyciag/", statement_views.statement, name="statement"),
    path(
        "rozrachunki/wyciag/wyciag.pdf",
        statement_views.statement_file,
        {"kind": "pdf"},
        name="statement_pdf",
    ),
    path(
        "rozrachunki/wyciag/wyciag.xlsx",
        statement_views.statement_file,
        {"kind": "xlsx"},
        name="statement_xlsx",
    ),
    path("raporty/", reporting.report_index, name="report_index"),
    path("raporty/platnosci/", reporting.payments_ahead, name="payments_ahead"),
    path("raporty/oplaty/", reporting.extra_fees, name="extra_fees"),
    path("raporty/ubezpieczenia/", reporting.insurance_costs, name="insurance_costs"),
    path("raporty/ksiegowosc/", reporting.accounting, name="accounting"),
    path("raporty/podatki/", tax_views.tax, name="tax"),
    path("raporty/podatki/pojazdy/", tax_views.vehicle_uses, name="vehicle_uses"),
    *(
        path(
            f"raporty/{report.name}/{report.name}.{ending}",
            reporting.report_file(report, ending),
            name=f"report_{report.name}_{ending}",
        )
        for report in reports()
        for ending in ("xlsx", "csv")
    ),
    path("raporty/koszty/", report_views.cost_report, name="cost_report"),
    path("raporty/koszty/koszty.xlsx", report_views.cost_report_xlsx, name="cost_report_xlsx"),
]

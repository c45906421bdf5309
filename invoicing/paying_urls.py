"""Addresses of fees and of paying; part of `invoicing.urls`."""

from __future__ import annotations

from django.urls import path

from invoicing import basket_views, fee_views, said_views

urlpatterns = [
    path("tabela-oplat/", fee_views.fee_table, name="fee_table"),
    path("tabela-oplat/tabela-oplat.pdf", fee_views.fee_table_pdf, name="fee_table_pdf"),
    path("rozrachunki/wybor/", basket_views.select, name="select_items"),
    path("rozrachunki/przelewy/", said_views.paying, name="paying"),
    path("rozrachunki/przelewy/<uuid:public_id>/", basket_views.basket, name="basket"),
    path("rozrachunki/przelewy/<uuid:public_id>/pdf/", basket_views.basket_pdf, name="basket_pdf"),
    path(
        "rozrachunki/przelewy/<uuid:public_id>/nowy/",
        basket_views.basket_renew,
        name="basket_renew",
    ),
    path("rozrachunki/zaplacilem/", said_views.report_payment, name="report_payment"),
    path(
        "rozrachunki/zaplacilem/<uuid:public_id>/wycofaj/",
        said_views.report_withdraw,
        name="report_withdraw",
    ),
    path(
        "rozrachunki/zaplacilem/<uuid:public_id>/potwierdzenie/",
        said_views.report_proof,
        name="report_proof",
    ),
    path("rozrachunki/zaplace/", said_views.promise_payment, name="promise_payment"),
    path(
        "rozrachunki/zaplace/<uuid:public_id>/wycofaj/",
        said_views.promise_withdraw,
        name="promise_withdraw",
    ),
]

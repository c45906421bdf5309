from __future__ import annotations

from django.urls import path

from eboks.portal import contract_views, views

app_name = "portal"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("szukaj/", views.search, name="search"),
    path("firma/", views.company, name="company"),
    path("pomoc/", views.help_page, name="help"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("umowy/<uuid:public_id>/faktury/", contract_views.invoices, name="contract_invoices"),
    path("umowy/<uuid:public_id>/dokumenty/", contract_views.documents, name="contract_documents"),
]

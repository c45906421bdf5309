from __future__ import annotations

from django.urls import path

from eboks.portal import calendar_views, contract_views, views

app_name = "portal"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("szukaj/", views.search, name="search"),
    path("firma/", views.company, name="company"),
    path("pomoc/", views.help_page, name="help"),
    path("kalendarz/", calendar_views.calendar, name="calendar"),
    path("kalendarz/<uuid:public_id>/cofnij/", calendar_views.revoke, name="calendar_revoke"),
    path("kalendarz/<str:key>.ics", calendar_views.feed, name="calendar_feed"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("umowy/<uuid:public_id>/faktury/", contract_views.invoices, name="contract_invoices"),
    path("umowy/<uuid:public_id>/dokumenty/", contract_views.documents, name="contract_documents"),
]

from __future__ import annotations

from django.urls import path

from eboks.audit import views

app_name = "audit"
urlpatterns = [
    path("firma/dziennik/", views.activity, name="activity"),
    path("firma/dziennik/dziennik.xlsx", views.activity_xlsx, name="activity_xlsx"),
]
